namespace Ayni.Kernels;

/// <summary>Q8_0: signed bytes, which a flipped sign bit turns into unsigned ones stored plus 128.</summary>
internal sealed class Q80Layout : PanelLayout
{
    private readonly PanelField _values;
    private readonly PanelField _scale;

    public Q80Layout() : base(TensorType.Q8_0, new BlockShape(OffsetShift: 7, Bits: 8))
    {
        _values = Values(2, 32);
        _scale = Halves(0);
    }

    public override void Unpack(PanelUnpacker u)
    {
        for (var i = 0; i < 8; i++)
            u.PutWeights(0, i, () => u.Xor(u.Load(_values, i), [0x80]));
        u.PutScale(0, () => u.LoadHalf(_scale));
    }
}
