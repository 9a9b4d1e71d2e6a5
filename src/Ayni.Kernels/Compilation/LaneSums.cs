using System.Runtime.InteropServices;

namespace Ayni.Kernels;

/// <summary>Emits sums of the sixteen lanes of vectors.</summary>
internal static class LaneSums
{
    private const int Lanes = 16;

    /// <summary>Gives every lane of some vectors the sum of all of its lanes, side by side, since each takes many cycles.</summary>
    /// <param name="code">The kernel.</param>
    /// <param name="sums">The vectors, and a register for each.</param>
    /// <param name="indices">Another register.</param>
    public static void Spread(KernelAssembler code, IReadOnlyList<(Vector Sum, Vector Temporary)> sums, Vector indices)
    {
        for (var distance = Lanes / 2; distance > 0; distance /= 2)
        {
            // Each lane gets the sum of itself and of one at that distance.
            var words = new ushort[2 * Lanes];
            for (var i = 0; i < words.Length; i++)
                words[i] = (ushort)(i ^ 2 * distance);
            code.Load(indices, code.Constant(MemoryMarshal.AsBytes(words)));
            foreach (var (sum, temporary) in sums)
            {
                code.Copy(temporary, sum);
                code.PermuteWords(temporary, indices, sum);
                code.Add(sum, sum, temporary);
            }
        }
    }
}
