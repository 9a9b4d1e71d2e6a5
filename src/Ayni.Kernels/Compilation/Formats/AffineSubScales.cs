namespace Ayni.Kernels;

/// <summary>
/// The scales and minima of Q4_K and Q5_K: eight 6-bit integers of each in 12 bytes (<see cref="SubScales"/>), to be multiplied with an F16
/// number. The bytes are taken as three 32-bit integers.
/// </summary>
internal sealed class AffineSubScales(PanelField integers, PanelField scale, PanelField minimum)
{
    /// <summary>The scale of 32 columns.</summary>
    public Unpacked Scale(PanelUnpacker u, int sub)
    {
        var value = sub < 4
            ? u.AndIntegers(u.ShiftRight(u.Load(integers, 0), sub * 8), 0x3f)
            : u.Or(u.AndIntegers(u.ShiftRight(u.Load(integers, 2), (sub - 4) * 8), 0xf), TopBits(u, 0, sub - 4));
        return u.Multiply(u.ToSingle(value), u.LoadHalf(scale));
    }

    /// <summary>What 32 columns add for each unit of the activations' sum: minus the minimum.</summary>
    public Unpacked Minimum(PanelUnpacker u, int sub)
    {
        var value = sub < 4
            ? u.AndIntegers(u.ShiftRight(u.Load(integers, 1), sub * 8), 0x3f)
            : u.Or(u.AndIntegers(u.ShiftRight(u.Load(integers, 2), (sub - 4) * 8 + 4), 0xf), TopBits(u, 1, sub - 4));
        return u.Negate(u.Multiply(u.ToSingle(value), u.LoadHalf(minimum)));
    }

    /// <summary>The top bits of a byte, as bits 4 and 5.</summary>
    private Unpacked TopBits(PanelUnpacker u, int integer, int place) =>
        u.AndIntegers(u.ShiftRight(u.Load(integers, integer), place * 8 + 2), 0x30);
}
