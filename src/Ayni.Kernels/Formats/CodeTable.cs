using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>The sixteen values that 4-bit codes stand for.</summary>
internal static class CodeTable
{
    /// <summary>IQ4_NL and IQ4_XS: steps that grow with distance from zero.</summary>
    public static ReadOnlySpan<sbyte> NonLinear => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>MXFP4: twice the values of the 4-bit float E2M1 (OCP Microscaling Formats 1.0, table 5).</summary>
    public static ReadOnlySpan<sbyte> TwiceE2M1 => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>A table's values as they are stored unsigned: plus an offset.</summary>
    public static byte[] Stored(ReadOnlySpan<sbyte> table, int offset)
    {
        var stored = new byte[table.Length];
        for (var i = 0; i < stored.Length; i++)
            stored[i] = (byte)(table[i] + offset);
        return stored;
    }

    /// <summary>The values of 16 codes.</summary>
    public static Vector128<sbyte> LookUp(Vector128<sbyte> table, Vector128<byte> codes) => Vector128.Shuffle(table, codes.AsSByte());
}
