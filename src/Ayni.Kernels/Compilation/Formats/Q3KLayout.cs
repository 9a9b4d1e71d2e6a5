namespace Ayni.Kernels;

/// <summary>
/// Q3_K: half a block is four runs of 32 columns that share 32 bytes for the low two bits; bit 4 · half + run of 32 more bytes is the
/// third; stored plus 4, with a 6-bit scale, stored plus 32, for each 16 columns.
/// </summary>
internal sealed class Q3KLayout : PanelLayout
{
    private readonly PanelField _values;
    private readonly PanelField _thirds;
    private readonly PanelField _subScales;
    private readonly PanelField _scale;

    public Q3KLayout() : base(TensorType.Q3_K, new BlockShape(OffsetShift: 2, Bits: 3, HasSubScales: true))
    {
        _thirds = Values(0, 32);
        _subScales = Bytes(96, 12);
        _scale = Halves(108);
        _values = Values(32, 64);
    }

    public override int BlocksTogether => 4;

    public override void Unpack(PanelUnpacker u)
    {
        for (var half = 0; half < 2; half++)
        {
            foreach (var blocks in u.Together(half * 4, BlocksTogether))
            {
                for (var i = 0; i < 8; i++)
                {
                    foreach (var block in blocks)
                        u.PutWeights(block, i, () => Values(u, half, block, i));
                }
                foreach (var block in blocks)
                {
                    u.PutSubScale(block, 0, () => SubScale(u, block * 2));
                    u.PutSubScale(block, 1, () => SubScale(u, block * 2 + 1));
                    u.PutScale(block, () => u.LoadHalf(_scale));
                }
            }
        }
    }

    private Unpacked Values(PanelUnpacker u, int half, int block, int step)
    {
        var low = u.And(u.ShiftRight(u.Load(_values, half * 8 + step), block % 4 * 2), 3);
        return u.Or(low, u.And(u.Move(u.Load(_thirds, step), 2 - block), 4));
    }

    /// <summary>Four bits from the first 8 bytes, low halves first, and two from the last 4.</summary>
    private Unpacked SubScale(PanelUnpacker u, int sub)
    {
        var low = u.AndIntegers(u.ShiftRight(u.LoadByte(_subScales, sub % 8), sub / 8 * 4), 0xf);
        var high = u.AndIntegers(u.Move(u.LoadByte(_subScales, 8 + sub % 4), 4 - sub / 4 * 2), 0x30);
        return u.Add(u.Or(low, high), -32);
    }
}
