namespace Ayni.Kernels;

/// <summary>Q5_0: byte i of a block holds the low four bits of columns i and i + 16; stored plus 16.</summary>
internal sealed class Q50Layout : PanelLayout
{
    private readonly PanelField _values;
    private readonly PanelField _fifths;
    private readonly PanelField _scale;

    public Q50Layout() : base(TensorType.Q5_0, new BlockShape(OffsetShift: 4, Bits: 5))
    {
        _values = Values(6, 16);
        _fifths = Integers(2, 4);
        _scale = Halves(0);
    }

    public override void Unpack(PanelUnpacker u)
    {
        for (var i = 0; i < 4; i++)
        {
            u.PutWeights(0, i, () => u.Or(u.LowNibbles(u.Load(_values, i)), FifthBits.Of(u, u.Load(_fifths, 0), i)));
            u.PutWeights(0, i + 4, () => u.Or(u.HighNibbles(u.Load(_values, i)), FifthBits.Of(u, u.Load(_fifths, 0), i + 4)));
        }
        u.PutScale(0, () => u.LoadHalf(_scale));
    }
}
