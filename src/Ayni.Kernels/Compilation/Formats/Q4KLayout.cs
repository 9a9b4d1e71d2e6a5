namespace Ayni.Kernels;

/// <summary>
/// Q4_K: 32 bytes hold 32 columns in their low halves and the next 32 in their high halves; a scale and a minimum for each 32.
/// </summary>
internal sealed class Q4KLayout : PanelLayout
{
    private readonly PanelField _firstValues;
    private readonly PanelField _values;
    private readonly AffineSubScales _subScales;

    public Q4KLayout() : base(TensorType.Q4_K, new BlockShape(OffsetShift: -1, Bits: 4, MinimumCount: 1))
    {
        _firstValues = Values(16, 32);
        _subScales = new AffineSubScales(Integers(4, 12), Halves(0), Halves(2));
        _values = Values(48, 96);
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
                        u.PutWeights(block, i, () => u.LowNibbles(u.ShiftRight(LoadValues(u, pair, i), block % 2 * 4)));
                }
                foreach (var block in blocks)
                {
                    u.PutScale(block, () => _subScales.Scale(u, block));
                    u.PutMinimum(block, 0, () => _subScales.Minimum(u, block));
                }
            }
        }
    }

    private Unpacked LoadValues(PanelUnpacker u, int pair, int step) =>
        pair == 0 ? u.Load(_firstValues, step) : u.Load(_values, (pair - 1) * 8 + step);
}
