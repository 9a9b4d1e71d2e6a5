using System.Collections.Frozen;

namespace Ayni.Kernels;

/// <summary>The formats that are multiplied as integers.</summary>
internal static class PanelLayouts
{
    private static readonly FrozenDictionary<TensorType, PanelLayout> Layouts = new PanelLayout[]
    {
        new Q40Layout(), new Q80Layout(), new Q4KLayout(), new Q6KLayout(),
    }.ToFrozenDictionary(layout => layout.Type);

    /// <summary>Every layout.</summary>
    public static IEnumerable<PanelLayout> All => Layouts.Values;

    /// <summary>The layout of a format, or null where its weights are multiplied as floats.</summary>
    public static PanelLayout? Find(TensorType type) => Layouts.GetValueOrDefault(type);
}
