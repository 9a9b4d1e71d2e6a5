using System.Collections.Frozen;

namespace Ayni.Kernels;

/// <summary>The formats that are multiplied as integers.</summary>
internal static class PanelLayouts
{
    private static readonly FrozenDictionary<TensorType, PanelLayout> Layouts = new PanelLayout[]
    {
        new Q40Layout(), new Q41Layout(), new Q50Layout(), new Q51Layout(), new Q80Layout(), new Q2KLayout(), new Q3KLayout(), new Q4KLayout(),
        new Q5KLayout(), new Q6KLayout(), new Iq4NlLayout(), new Iq4XsLayout(), new Tq2Layout(), new Mxfp4Layout(),
    }.ToFrozenDictionary(layout => layout.Type);

    /// <summary>Every layout.</summary>
    public static IEnumerable<PanelLayout> All => Layouts.Values;

    /// <summary>The layout of a format, or null where its weights are multiplied as floats.</summary>
    public static PanelLayout? Find(TensorType type) => Layouts.GetValueOrDefault(type);
}
