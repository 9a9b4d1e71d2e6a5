namespace Ayni.Kernels;

/// <summary>
/// Q5_K: 32 bytes hold the low four bits of 32 columns and, in their high halves, of the next 32; bit s of 32 more bytes is the fifth of
/// sub-block s. Taken as stored plus 16, so that sums stay within 16 bits, and the minimum is made greater by as much.
/// </summary>
internal sealed class Q5KLayout : PanelLayout
{
    private readonly PanelField _values;
    private readonly PanelField _fifths;
    private readonly AffineSubScales _subScales;

    public Q5KLayout() : base(TensorType.Q5_K, new BlockShape(OffsetShift: 4, Bits: 5, MinimumCount: 1))
    {
        _values = Values(48, 128);
        _fifths = Values(16, 32);
        _subScales = new AffineSubScales(Bytes(4, 12), Halves(0), Halves(2));
    }

    public override void Unpack(PanelUnpacker u)
    {
        for (var sub = 0; sub < 8; sub++)
        {
            for (var i = 0; i < 8; i++)
            {
                var low = u.LowNibbles(u.ShiftRight(u.Load(_values, sub / 2 * 8 + i), sub % 2 * 4));
                var fifth = u.And(u.Move(u.Load(_fifths, i), 4 - sub), 0x10);
                u.PutWeights(sub, i, u.Or(low, fifth));
            }
            var minimum = _subScales.Minimum(u, sub);
            var scale = _subScales.Scale(u, sub);
            u.PutScale(sub, scale);
            u.PutMinimum(sub, 0, u.MultiplyAdd(scale, 16, minimum));
        }
    }
}
