namespace Ayni.Kernels;

/// <summary>
/// IQ4_XS: 16 bytes hold the codes of 32 columns, first 16 in low halves, which stand for signed bytes, here stored plus 128; a 6-bit
/// scale, stored plus 32, for each 32 columns.
/// </summary>
internal sealed class Iq4XsLayout : PanelLayout
{
    private readonly PanelField _codes;
    private readonly PanelField _highs;
    private readonly PanelField _lows;
    private readonly PanelField _scale;

    public Iq4XsLayout() : base(TensorType.IQ4_XS, new BlockShape(OffsetShift: 7, Bits: 8))
    {
        _codes = Values(8, 128);
        _highs = Bytes(2, 2);
        _lows = Bytes(4, 4);
        _scale = Halves(0);
    }

    public override void Unpack(PanelUnpacker u)
    {
        var table = CodeTable.Stored(CodeTable.NonLinear, 128);
        for (var sub = 0; sub < 8; sub++)
        {
            for (var i = 0; i < 4; i++)
            {
                u.PutWeights(sub, i, () => u.LookUp(table, u.LowNibbles(u.Load(_codes, sub * 4 + i))));
                u.PutWeights(sub, i + 4, () => u.LookUp(table, u.HighNibbles(u.Load(_codes, sub * 4 + i))));
            }
            u.PutScale(sub, () => u.Multiply(u.ToSingle(SubScale(u, sub)), u.LoadHalf(_scale)));
        }
    }

    private Unpacked SubScale(PanelUnpacker u, int sub)
    {
        var low = u.AndIntegers(u.ShiftRight(u.LoadByte(_lows, sub / 2), sub % 2 * 4), 0xf);
        var high = u.AndIntegers(u.Move(u.LoadByte(_highs, sub / 4), 4 - sub % 4 * 2), 0x30);
        return u.Add(u.Or(low, high), -32);
    }
}
