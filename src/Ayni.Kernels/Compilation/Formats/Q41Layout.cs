namespace Ayni.Kernels;

/// <summary>Q4_1: byte i of a block holds columns i and i + 16; a minimum is added to each.</summary>
internal sealed class Q41Layout : PanelLayout
{
    private readonly PanelField _values;
    private readonly PanelField _scale;
    private readonly PanelField _minimum;

    public Q41Layout() : base(TensorType.Q4_1, new BlockShape(OffsetShift: -1, Bits: 4, MinimumCount: 1))
    {
        _values = Values(4, 16);
        _scale = Halves(0);
        _minimum = Halves(2);
    }

    public override void Unpack(PanelUnpacker u)
    {
        for (var i = 0; i < 4; i++)
        {
            u.PutWeights(0, i, () => u.LowNibbles(u.Load(_values, i)));
            u.PutWeights(0, i + 4, () => u.HighNibbles(u.Load(_values, i)));
        }
        u.PutScale(0, () => u.LoadHalf(_scale));
        u.PutMinimum(0, 0, () => u.LoadHalf(_minimum));
    }
}
