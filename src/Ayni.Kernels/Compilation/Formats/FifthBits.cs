namespace Ayni.Kernels;

/// <summary>The 32 fifth bits of Q5_0 and Q5_1: bit i belongs to column i.</summary>
internal static class FifthBits
{
    /// <summary>The fifth bits of four columns, each where it belongs in its byte.</summary>
    /// <param name="u">The unpacking.</param>
    /// <param name="bits">All of a block's.</param>
    /// <param name="step">Which four columns.</param>
    public static Unpacked Of(PanelUnpacker u, Unpacked bits, int step)
    {
        // The byte that holds them, four times; of each its own bit; and that as 1, then as 16.
        var b = (byte)(step / 2);
        var copies = u.Shuffle(bits, [b, b, b, b, (byte)(b + 4), (byte)(b + 4), (byte)(b + 4), (byte)(b + 4),
            (byte)(b + 8), (byte)(b + 8), (byte)(b + 8), (byte)(b + 8), (byte)(b + 12), (byte)(b + 12), (byte)(b + 12), (byte)(b + 12)]);
        var first = step % 2 * 4;
        var own = u.And(copies, [(byte)(1 << first), (byte)(2 << first), (byte)(4 << first), (byte)(8 << first)]);
        return u.ShiftLeft(u.AtMost(own, 1), 4);
    }
}
