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
        _fifths = Values(16, 32);
        _subScales = new AffineSubScales(Integers(4, 12), Halves(0), Halves(2));
        _values = Values(48, 128);
    }

    public override int BlocksTogether => 2;

    public override void Unpack(PanelUnpacker u)
    {
        for (var pair = 0; pair < 4; pair++)
        {
            foreach (var blocks in u.Together(pair * 2, BlocksTogether))
            {
                for (var i = 0; i < 8; i++)
                {
                    foreach (var block in blocks)
                        u.PutWeights(block, i, () => Values(u, block, i));
                }
                foreach (var block in blocks)
                {
                    u.PutScale(block, () => _subScales.Scale(u, block));
                    u.PutMinimum(block, 0, () => u.MultiplyAdd(_subScales.Scale(u, block), 16, _subScales.Minimum(u, block)));
                }
            }
        }
    }

    private Unpacked Values(PanelUnpacker u, int block, int step)
    {
        var low = u.LowNibbles(u.ShiftRight(u.Load(_values, block / 2 * 8 + step), block % 2 * 4));
        return u.Or(low, u.And(u.Move(u.Load(_fifths, step), 4 - block), 0x10));
    }
}
