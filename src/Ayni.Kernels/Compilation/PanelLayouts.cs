using System.Collections.Frozen;

namespace Ayni.Kernels;

/// <summary>The formats that kernels are emitted for.</summary>
internal static class PanelLayouts
{
    private static readonly FrozenDictionary<TensorType, PanelLayout> Layouts = new PanelLayout[]
    {
        new Q40Layout(), new Q41Layout(), new Q50Layout(), new Q51Layout(), new Q80Layout(), new Q2KLayout(), new Q3KLayout(),
        new Q4KLayout(), new Q5KLayout(), new Q6KLayout(), new Iq4NlLayout(), new Iq4XsLayout(), new Tq2Layout(), new Mxfp4Layout(),
        FloatLayout.Of(TensorType.F32), FloatLayout.Of(TensorType.F16), FloatLayout.Of(TensorType.BF16),
    }.ToFrozenDictionary(layout => layout.Type);

    /// <summary>Every layout.</summary>
    public static IEnumerable<PanelLayout> All => Layouts.Values;

    /// <summary>The layout of a format, or null where there is none.</summary>
    public static PanelLayout? Find(TensorType type) => Layouts.GetValueOrDefault(type);
}
