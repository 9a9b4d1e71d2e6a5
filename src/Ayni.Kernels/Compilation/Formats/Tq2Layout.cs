namespace Ayni.Kernels;

/// <summary>TQ2_0: half a block is four runs of 32 columns that share 32 bytes; −1, 0 and 1 stored plus 1, one scale for all.</summary>
internal sealed class Tq2Layout : PanelLayout
{
    private readonly PanelField _values;
    private readonly PanelField _scale;

    public Tq2Layout() : base(TensorType.TQ2_0, new BlockShape(OffsetShift: 0, Bits: 2))
    {
        _values = Values(0, 64);
        _scale = Halves(64);
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
                    u.PutScale(block, () => u.LoadHalf(_scale));
            }
        }
    }
}
