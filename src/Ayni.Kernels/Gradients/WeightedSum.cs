using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>Sums of two arrays, each times a number, number by number: what steps of optimizers are made of.</summary>
public static class WeightedSum
{
    private const int ChunkLength = 16384;

    /// <summary>Writes <c>first·firstWeight + second·secondWeight</c>.</summary>
    /// <param name="first">Numbers.</param>
    /// <param name="firstWeight">What they are multiplied by.</param>
    /// <param name="second">As many.</param>
    /// <param name="secondWeight">What they are multiplied by.</param>
    /// <param name="sums">As many; may be one of both.</param>
    /// <param name="context">Team.</param>
    public static void Write(
        ReadOnlySpan<float> first, float firstWeight, ReadOnlySpan<float> second, float secondWeight, Span<float> sums, ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(second.Length, first.Length, nameof(second));
        ShapeMismatchException.ThrowUnlessEqual(sums.Length, first.Length, nameof(sums));
        var work = new SumChunks { First = first, FirstWeight = firstWeight, Second = second, SecondWeight = secondWeight, Sums = sums };
        context.Team.Run(ref work, (sums.Length + ChunkLength - 1) / ChunkLength);
    }

    private ref struct SumChunks : IChunkedWork
    {
        public ReadOnlySpan<float> First;
        public float FirstWeight;
        public ReadOnlySpan<float> Second;
        public float SecondWeight;
        public Span<float> Sums;

        public readonly void Execute(int chunk)
        {
            var range = new Range(chunk * ChunkLength, Math.Min(Sums.Length, (chunk + 1) * ChunkLength));
            var first = First[range];
            var second = Second[range];
            var sums = Sums[range];
            var firstVectors = MemoryMarshal.Cast<float, Vector256<float>>(first);
            var secondVectors = MemoryMarshal.Cast<float, Vector256<float>>(second);
            var vectors = MemoryMarshal.Cast<float, Vector256<float>>(sums);
            for (var i = 0; i < vectors.Length; i++)
                vectors[i] = firstVectors[i] * FirstWeight + secondVectors[i] * SecondWeight;
            for (var i = vectors.Length * Vector256<float>.Count; i < sums.Length; i++)
                sums[i] = first[i] * FirstWeight + second[i] * SecondWeight;
        }
    }
}
