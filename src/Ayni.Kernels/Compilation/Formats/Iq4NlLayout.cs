namespace Ayni.Kernels;

/// <summary>
/// IQ4_NL: byte i of a block holds the codes of columns i and i + 16, which stand for signed bytes, here stored plus 128.
/// </summary>
internal sealed class Iq4NlLayout : PanelLayout
{
    private readonly PanelField _codes;
    private readonly PanelField _scale;

    public Iq4NlLayout() : base(TensorType.IQ4_NL, new BlockShape(OffsetShift: 7, Bits: 8))
    {
        _codes = Values(2, 16);
        _scale = Halves(0);
    }

    public override void Unpack(PanelUnpacker u)
    {
        var table = CodeTable.Stored(CodeTable.NonLinear, 128);
        for (var i = 0; i < 4; i++)
        {
            u.PutWeights(0, i, () => u.LookUp(table, u.LowNibbles(u.Load(_codes, i))));
            u.PutWeights(0, i + 4, () => u.LookUp(table, u.HighNibbles(u.Load(_codes, i))));
        }
        u.PutScale(0, () => u.LoadHalf(_scale));
    }
}
