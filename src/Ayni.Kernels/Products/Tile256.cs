using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>What tiles of sixteen columns in 256-bit vectors have in common.</summary>
internal static unsafe class Tile256
{
    /// <summary>Stores the sums of a row that lies so far into the output, with what is added to them, unless that is null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put(Vector256<float> a, Vector256<float> b, float* addend, float* output, nint offset)
    {
        if (addend != null)
        {
            a += Vector256.Load(addend + offset);
            b += Vector256.Load(addend + offset + 8);
        }
        a.Store(output + offset);
        b.Store(output + offset + 8);
    }
}
