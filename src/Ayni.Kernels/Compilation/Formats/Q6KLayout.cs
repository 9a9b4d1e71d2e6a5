namespace Ayni.Kernels;

/// <summary>
/// Q6_K: half a block is four runs of 32 columns, whose low four bits share 64 bytes and whose high two bits share 32; stored plus 32,
/// with a signed integer scale for each 16.
/// </summary>
internal sealed class Q6KLayout : PanelLayout
{
    private readonly PanelField[] _values = new PanelField[2];
    private readonly PanelField[] _subScales = new PanelField[2];
    private readonly PanelField _scale;

    public Q6KLayout() : base(TensorType.Q6_K, new BlockShape(OffsetShift: 5, Bits: 6, HasSubScales: true))
    {
        _scale = Halves(208);
        for (var half = 0; half < 2; half++)
        {
            // What four columns of each run share: the low bits of two runs, of the other two, and the high bits of all.
            var (lows, highs) = (half * 64, 128 + half * 32);
            _values[half] = ValuesAt(Enumerable.Range(0, 8).SelectMany(i => (int[])[lows + i * 4, lows + 32 + i * 4, highs + i * 4]));
            _subScales[half] = Bytes(192 + half * 8, 8);
        }
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
                    u.PutSubScale(block, 0, () => u.LoadSignedByte(_subScales[half], block % 4 * 2));
                    u.PutSubScale(block, 1, () => u.LoadSignedByte(_subScales[half], block % 4 * 2 + 1));
                    u.PutScale(block, () => u.LoadHalf(_scale));
                }
            }
        }
    }

    private Unpacked Values(PanelUnpacker u, int half, int run, int step)
    {
        var low = u.LowNibbles(u.ShiftRight(u.Load(_values[half], step * 3 + run % 2), run / 2 * 4));
        return u.Or(low, u.And(u.Move(u.Load(_values[half], step * 3 + 2), 4 - run * 2), 0x30));
    }
}
