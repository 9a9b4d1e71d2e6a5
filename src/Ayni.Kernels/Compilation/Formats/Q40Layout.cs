namespace Ayni.Kernels;

/// <summary>Q4_0: byte i of a block holds columns i and i + 16, stored plus 8.</summary>
internal sealed class Q40Layout : PanelLayout
{
    private readonly PanelField _values;
    private readonly PanelField _scale;

    public Q40Layout() : base(TensorType.Q4_0, new BlockShape(OffsetShift: 3, Bits: 4))
    {
        _values = Values(2, 16);
        _scale = Halves(0);
    }

    public override void Unpack(PanelUnpacker u)
    {
        for (var i = 0; i < 4; i++)
        {
            u.PutWeights(0, i, () => u.LowNibbles(u.Load(_values, i)));
            u.PutWeights(0, i + 4, () => u.HighNibbles(u.Load(_values, i)));
        }
        u.PutScale(0, () => u.LoadHalf(_scale));
    }
}
