namespace Ayni.Kernels;

/// <summary>
/// Q4_K: 32 bytes hold 32 columns in their low halves and the next 32 in their high halves; a scale and a minimum for each 32.
/// </summary>
internal sealed class Q4KLayout : PanelLayout
{
    private readonly PanelField _values;
    private readonly AffineSubScales _subScales;

    public Q4KLayout() : base(TensorType.Q4_K, new BlockShape(OffsetShift: -1, Bits: 4, MinimumCount: 1))
    {
        _values = Values(16, 128);
        _subScales = new AffineSubScales(Bytes(4, 12), Halves(0), Halves(2));
    }

    public override void Unpack(PanelUnpacker u)
    {
        for (var sub = 0; sub < 8; sub++)
        {
            for (var i = 0; i < 8; i++)
            {
                var values = u.Load(_values, sub / 2 * 8 + i);
                u.PutWeights(sub, i, sub % 2 == 0 ? u.LowNibbles(values) : u.HighNibbles(values));
            }
            u.PutScale(sub, _subScales.Scale(u, sub));
            u.PutMinimum(sub, 0, _subScales.Minimum(u, sub));
        }
    }
}
