using System.Numerics;
using System.Runtime.InteropServices;

namespace Ayni.Kernels;

/// <summary>Operations on whole spans.</summary>
internal static class Vectors
{
    /// <summary>Adds a multiple of one span to another of the same length, each sum rounded once.</summary>
    public static void MultiplyAdd(ReadOnlySpan<float> values, float factor, Span<float> sums)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var sumVectors = MemoryMarshal.Cast<float, Vector<float>>(sums);
        var factors = new Vector<float>(factor);
        for (var i = 0; i < vectors.Length; i++)
            sumVectors[i] = System.Numerics.Vector.FusedMultiplyAdd(vectors[i], factors, sumVectors[i]);
        for (var i = vectors.Length * Vector<float>.Count; i < values.Length; i++)
            sums[i] = MathF.FusedMultiplyAdd(values[i], factor, sums[i]);
    }
}
