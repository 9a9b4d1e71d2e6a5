namespace Ayni.Kernels;

/// <summary>
/// The scales and minima of Q4_K and Q5_K: eight 6-bit integers of each in 12 bytes (<see cref="SubScales"/>), to be multiplied with an F16
/// number.
/// </summary>
internal sealed class AffineSubScales(PanelField bytes, PanelField scale, PanelField minimum)
{
    /// <summary>The scale of 32 columns.</summary>
    public Unpacked Scale(PanelUnpacker u, int sub)
    {
        var value = sub < 4
            ? u.AndIntegers(u.LoadByte(bytes, sub), 0x3f)
            : u.Or(u.AndIntegers(u.LoadByte(bytes, sub + 4), 0xf), TopBits(u, sub - 4));
        return u.Multiply(u.ToSingle(value), u.LoadHalf(scale));
    }

    /// <summary>What 32 columns add for each unit of the activations' sum: minus the minimum.</summary>
    public Unpacked Minimum(PanelUnpacker u, int sub)
    {
        var value = sub < 4
            ? u.AndIntegers(u.LoadByte(bytes, sub + 4), 0x3f)
            : u.Or(u.ShiftRight(u.LoadByte(bytes, sub + 4), 4), TopBits(u, sub));
        return u.Negate(u.Multiply(u.ToSingle(value), u.LoadHalf(minimum)));
    }

    private Unpacked TopBits(PanelUnpacker u, int index) => u.ShiftLeft(u.ShiftRight(u.LoadByte(bytes, index), 6), 4);
}
