using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// The 12 bytes in which Q4_K and Q5_K keep eight 6-bit sub-scales and eight 6-bit sub-minima: the first four of each in the low 6 bits of
/// the first and second four bytes, the last four in halves of the last four bytes, their upper 2 bits in what those left free.
/// </summary>
internal static unsafe class SubScales
{
    /// <summary>Sub-scale and sub-minimum <paramref name="sub"/>, from 0 to 7.</summary>
    public static (int Scale, int Minimum) Decode(ReadOnlySpan<byte> bytes, int sub) => sub < 4
        ? (bytes[sub] & 0x3f, bytes[sub + 4] & 0x3f)
        : (bytes[sub + 4] & 0xf | bytes[sub - 4] >> 6 << 4, bytes[sub + 4] >> 4 | bytes[sub] >> 6 << 4);

    /// <summary>The same for the 16 rows of a panel, from where its 12 bytes begin.</summary>
    public static (Lanes Scale, Lanes Minimum) DecodePanel(byte* bytes, int sub)
    {
        var six = Vector128.Create((byte)0x3f);
        var four = Vector128.Create((byte)0xf);
        Vector128<byte> scale, minimum;
        if (sub < 4)
        {
            scale = Load(sub) & six;
            minimum = Load(sub + 4) & six;
        }
        else
        {
            scale = (Load(sub + 4) & four) | ((Load(sub - 4) >>> 6) << 4);
            minimum = (Load(sub + 4) >>> 4) | ((Load(sub) >>> 6) << 4);
        }
        return (Lanes.FromSignedBytes(scale.AsSByte()), Lanes.FromSignedBytes(minimum.AsSByte()));

        Vector128<byte> Load(int index) => Vector128.Load(bytes + index * Lanes.Count);
    }
}
