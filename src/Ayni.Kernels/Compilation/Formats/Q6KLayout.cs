namespace Ayni.Kernels;

/// <summary>
/// Q6_K: half a block is four runs of 32 columns, whose low four bits share 64 bytes and whose high two bits share 32; stored plus 32,
/// with a signed integer scale for each 16.
/// </summary>
internal sealed class Q6KLayout : PanelLayout
{
    private readonly PanelField _lows;
    private readonly PanelField _highs;
    private readonly PanelField _subScales;
    private readonly PanelField _scale;

    public Q6KLayout() : base(TensorType.Q6_K, new BlockShape(OffsetShift: 5, Bits: 6, HasSubScales: true))
    {
        _lows = Values(0, 128);
        _highs = Values(128, 64);
        _subScales = Bytes(192, 16);
        _scale = Halves(208);
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
                        u.PutWeights(block, i, () => Values(u, half, block % 4, i));
                }
                foreach (var block in blocks)
                {
                    u.PutSubScale(block, 0, () => u.LoadSignedByte(_subScales, block * 2));
                    u.PutSubScale(block, 1, () => u.LoadSignedByte(_subScales, block * 2 + 1));
                    u.PutScale(block, () => u.LoadHalf(_scale));
                }
            }
        }
    }

    private Unpacked Values(PanelUnpacker u, int half, int run, int step)
    {
        var low = u.LowNibbles(u.ShiftRight(u.Load(_lows, half * 16 + run % 2 * 8 + step), run / 2 * 4));
        return u.Or(low, u.And(u.Move(u.Load(_highs, half * 8 + step), 4 - run * 2), 0x30));
    }
}
