using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>Root-mean-square normalization: <c>y = x / √(mean(x²) + ε) · weight</c> (Zhang and Sennrich 2019, arXiv:1910.07467).</summary>
public static class RmsNorm
{
    // Elements in a chunk of work, in whole rows: some microseconds.
    private const int ChunkLength = 4096;

    /// <summary>Normalizes each row.</summary>
    /// <param name="input"><c>[tokens, dim]</c>.</param>
    /// <param name="weight"><c>[dim]</c>.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="output"><c>[tokens, dim]</c>; may be the input.</param>
    /// <param name="context">Tier and team.</param>
    public static void Apply(ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float epsilon, Span<float> output, ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(output.Length, input.Length, nameof(output));
        ShapeMismatchException.ThrowUnlessEqual(input.Length % weight.Length, 0, "the last row of the input");
        var work = new NormalizeRows
        {
            Input = input,
            Weight = weight,
            Epsilon = epsilon,
            Output = output,
            Scalar = context.Tier == KernelTier.Scalar,
        };
        context.Team.Run(ref work, (work.RowCount + work.ChunkRows - 1) / work.ChunkRows);
    }

    /// <summary>Normalizes each row on the calling thread.</summary>
    /// <param name="input"><c>[tokens, dim]</c>.</param>
    /// <param name="weight"><c>[dim]</c>.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="output">Receives <c>[tokens, dim]</c>; room was made for it.</param>
    /// <param name="context">A machine that makes such rows.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit together.</exception>
    /// <exception cref="NotSupportedException">The machine makes no such rows.</exception>
    public static unsafe void Apply(
        ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float epsilon, RoundedRows output, ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(input.Length, (long)output.Count * output.Depth, nameof(input));
        ShapeMismatchException.ThrowUnlessEqual(weight.Length, output.Depth, nameof(weight));
        if (input.IsEmpty)
            return;
        fixed (float* inputs = input, weights = weight)
        {
            var arguments = new RmsNormArguments
            {
                Source = inputs,
                Weight = weights,
                Target = output.Pairs,
                Rows = output.Count,
                Count = output.Depth / RoundedRows.ValuesAtATime,
                Share = 1f / output.Depth,
                Epsilon = epsilon,
            };
            RoundedRows.Kernels(context).Normalize.Run(&arguments);
        }
    }

    private static void ScalarRow(ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float epsilon, Span<float> output)
    {
        var squares = 0.0;
        foreach (var x in input)
            squares += (double)x * x;
        var factor = (float)(1 / Math.Sqrt(squares / input.Length + epsilon));
        for (var i = 0; i < input.Length; i++)
            output[i] = input[i] * factor * weight[i];
    }

    private static void VectorRow(ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float epsilon, Span<float> output)
    {
        ref var inputs = ref MemoryMarshal.GetReference(input);
        ref var weights = ref MemoryMarshal.GetReference(weight);
        ref var outputs = ref MemoryMarshal.GetReference(output);
        const int width = 8;
        // Four sums, since each waits for its last addition, in vectors of whichever length.
        var (sums0, sums1) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (sums2, sums3) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            var (even, odd) = (Vector512<float>.Zero, Vector512<float>.Zero);
            for (; i <= input.Length - 4 * width; i += 4 * width)
            {
                var x = Vector512.LoadUnsafe(ref inputs, (nuint)i);
                even = Vector512.FusedMultiplyAdd(x, x, even);
                x = Vector512.LoadUnsafe(ref inputs, (nuint)(i + 2 * width));
                odd = Vector512.FusedMultiplyAdd(x, x, odd);
            }
            (sums0, sums1, sums2, sums3) = (even.GetLower(), even.GetUpper(), odd.GetLower(), odd.GetUpper());
        }
        for (; i <= input.Length - 4 * width; i += 4 * width)
        {
            var x = Vector256.LoadUnsafe(ref inputs, (nuint)i);
            sums0 = Vector256.FusedMultiplyAdd(x, x, sums0);
            x = Vector256.LoadUnsafe(ref inputs, (nuint)(i + width));
            sums1 = Vector256.FusedMultiplyAdd(x, x, sums1);
            x = Vector256.LoadUnsafe(ref inputs, (nuint)(i + 2 * width));
            sums2 = Vector256.FusedMultiplyAdd(x, x, sums2);
            x = Vector256.LoadUnsafe(ref inputs, (nuint)(i + 3 * width));
            sums3 = Vector256.FusedMultiplyAdd(x, x, sums3);
        }
        for (; i <= input.Length - width; i += width)
        {
            var x = Vector256.LoadUnsafe(ref inputs, (nuint)i);
            sums0 = Vector256.FusedMultiplyAdd(x, x, sums0);
        }
        var squares = Vector256.Sum(sums0 + sums1 + (sums2 + sums3));
        for (; i < input.Length; i++)
            squares += input[i] * input[i];

        var factor = 1 / MathF.Sqrt(squares / input.Length + epsilon);
        for (i = 0; Vector512.IsHardwareAccelerated && i <= input.Length - 2 * width; i += 2 * width)
        {
            var y = Vector512.LoadUnsafe(ref inputs, (nuint)i) * factor * Vector512.LoadUnsafe(ref weights, (nuint)i);
            y.StoreUnsafe(ref outputs, (nuint)i);
        }
        for (; i <= input.Length - width; i += width)
        {
            var y = Vector256.LoadUnsafe(ref inputs, (nuint)i) * factor * Vector256.LoadUnsafe(ref weights, (nuint)i);
            y.StoreUnsafe(ref outputs, (nuint)i);
        }
        for (; i < input.Length; i++)
            output[i] = input[i] * factor * weight[i];
    }

    private ref struct NormalizeRows : IChunkedWork
    {
        public ReadOnlySpan<float> Input;
        public ReadOnlySpan<float> Weight;
        public float Epsilon;
        public Span<float> Output;
        public bool Scalar;

        public readonly int RowCount => Input.Length / Weight.Length;

        public readonly int ChunkRows => Math.Max(1, ChunkLength / Weight.Length);

        public readonly void Execute(int chunk)
        {
            for (var row = chunk * ChunkRows; row < Math.Min(RowCount, (chunk + 1) * ChunkRows); row++)
            {
                var input = Input.Slice(row * Weight.Length, Weight.Length);
                var output = Output.Slice(row * Weight.Length, Weight.Length);
                if (Scalar)
                    ScalarRow(input, Weight, Epsilon, output);
                else
                    VectorRow(input, Weight, Epsilon, output);
            }
        }
    }
}
