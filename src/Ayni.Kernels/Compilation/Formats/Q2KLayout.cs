namespace Ayni.Kernels;

/// <summary>
/// Q2_K: half a block is four runs of 32 columns that share 32 bytes; a 4-bit scale and a 4-bit minimum for each 16 columns share a byte.
/// </summary>
internal sealed class Q2KLayout : PanelLayout
{
    private readonly PanelField _values;
    private readonly PanelField _subScales;
    private readonly PanelField _scale;
    private readonly PanelField _minimum;

    public Q2KLayout() : base(TensorType.Q2_K, new BlockShape(OffsetShift: -1, Bits: 2, HasSubScales: true, MinimumCount: 2))
    {
        _values = Values(16, 64);
        _subScales = Bytes(0, 16);
        _scale = Halves(80);
        _minimum = Halves(82);
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
                        u.PutWeights(block, i, () => u.And(u.ShiftRight(u.Load(_values, half * 8 + i), block % 4 * 2), 3));
                }
                foreach (var block in blocks)
                    Scale(u, block);
            }
        }
    }

    private void Scale(PanelUnpacker u, int block)
    {
        for (var sub = 0; sub < 2; sub++)
            u.PutSubScale(block, sub, () => u.AndIntegers(u.LoadByte(_subScales, block * 2 + sub), 0xf));
        u.PutScale(block, () => u.LoadHalf(_scale));
        for (var sub = 0; sub < 2; sub++)
        {
            u.PutMinimum(block, sub, () =>
            {
                var minimum = u.ToSingle(u.ShiftRight(u.LoadByte(_subScales, block * 2 + sub), 4));
                return u.Negate(u.Multiply(minimum, u.LoadHalf(_minimum)));
            });
        }
    }
}
