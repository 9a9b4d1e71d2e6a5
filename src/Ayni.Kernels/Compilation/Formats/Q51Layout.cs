namespace Ayni.Kernels;

/// <summary>
/// Q5_1: byte i of a block holds the low four bits of columns i and i + 16; a minimum is added to each. Taken as stored plus 16, so that
/// sums stay within 16 bits, and the minimum is made greater by as much.
/// </summary>
internal sealed class Q51Layout : PanelLayout
{
    private readonly PanelField _values;
    private readonly PanelField _fifths;
    private readonly PanelField _scale;
    private readonly PanelField _minimum;

    public Q51Layout() : base(TensorType.Q5_1, new BlockShape(OffsetShift: 4, Bits: 5, MinimumCount: 1))
    {
        _values = Values(8, 16);
        _fifths = Integers(4, 4);
        _scale = Halves(0);
        _minimum = Halves(2);
    }

    public override void Unpack(PanelUnpacker u)
    {
        for (var i = 0; i < 4; i++)
        {
            u.PutWeights(0, i, () => u.Or(u.LowNibbles(u.Load(_values, i)), FifthBits.Of(u, u.Load(_fifths, 0), i)));
            u.PutWeights(0, i + 4, () => u.Or(u.HighNibbles(u.Load(_values, i)), FifthBits.Of(u, u.Load(_fifths, 0), i + 4)));
        }
        u.PutScale(0, () => u.LoadHalf(_scale));
        u.PutMinimum(0, 0, () => u.MultiplyAdd(u.LoadHalf(_scale), 16, u.LoadHalf(_minimum)));
    }
}
