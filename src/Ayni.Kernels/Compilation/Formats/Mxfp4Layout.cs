namespace Ayni.Kernels;

/// <summary>
/// MXFP4: byte i of a block holds the codes of columns i and i + 16, which stand for doubled 4-bit floats, here stored plus 16; the scale
/// is a power of two.
/// </summary>
internal sealed class Mxfp4Layout : PanelLayout
{
    private readonly PanelField _codes;
    private readonly PanelField _exponent;

    public Mxfp4Layout() : base(TensorType.MXFP4, new BlockShape(OffsetShift: 4, Bits: 5))
    {
        _codes = Values(1, 16);
        _exponent = Bytes(0, 1);
    }

    public override void Unpack(PanelUnpacker u)
    {
        var table = CodeTable.Stored(CodeTable.TwiceE2M1, 16);
        for (var i = 0; i < 4; i++)
        {
            u.PutWeights(0, i, () => u.LookUp(table, u.LowNibbles(u.Load(_codes, i))));
            u.PutWeights(0, i + 4, () => u.LookUp(table, u.HighNibbles(u.Load(_codes, i))));
        }
        // 2^(e − 128): the exponent of a float, halved. Exponent 0 gives 0 instead of 2^−128, and 255 infinity where it means no number.
        u.PutScale(0, () => u.Multiply(u.ShiftLeft(u.LoadByte(_exponent, 0), 23), 0.5f));
    }
}
