namespace Ayni.Kernels;

/// <summary>Plain numbers of 32 or 16 bits: nothing to unpack, the product converts them as it loads them.</summary>
internal sealed class FloatLayout : PanelLayout
{
    public FloatLayout(TensorType type) : base(type, default)
    {
        if (BlockBytes == sizeof(float))
            Values(0, sizeof(float));
        else
            Halves(0);
    }

    public override void Unpack(PanelUnpacker u) => throw new NotSupportedException("Plain numbers are not unpacked.");
}
