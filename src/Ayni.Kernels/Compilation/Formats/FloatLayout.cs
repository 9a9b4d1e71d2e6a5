namespace Ayni.Kernels;

/// <summary>Plain numbers of 32 or 16 bits: nothing to unpack, the product converts them as it loads them.</summary>
internal sealed class FloatLayout : PanelLayout
{
    private FloatLayout(TensorType type, int columnsTogether) : base(type, default, columnsTogether)
    {
        if (BlockBytes == sizeof(float))
            Values(0, sizeof(float));
        else
            Halves(0);
    }

    /// <summary>Column by column, converted to floats as they are loaded.</summary>
    public static FloatLayout Of(TensorType type) => new(type, columnsTogether: 1);

    /// <summary>BF16 numbers, two columns at a time, as <c>vdpbf16ps</c> takes them.</summary>
    public static FloatLayout BFloat16Pairs { get; } = new(TensorType.BF16, columnsTogether: 2);

    /// <summary>Whether activations are rounded to BF16 and multiplied in pairs.</summary>
    public bool IsPaired => BlockColumns == 2;

    public override void Unpack(PanelUnpacker u) => throw new NotSupportedException("Plain numbers are not unpacked.");
}
