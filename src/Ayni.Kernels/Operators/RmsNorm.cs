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
        var inputs = MemoryMarshal.Cast<float, Vector256<float>>(input);
        // Four sums, since each waits for its last addition.
        var (sums0, sums1) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (sums2, sums3) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var vector = 0;
        for (; vector + 4 <= inputs.Length; vector += 4)
        {
            sums0 = Vector256.FusedMultiplyAdd(inputs[vector], inputs[vector], sums0);
            sums1 = Vector256.FusedMultiplyAdd(inputs[vector + 1], inputs[vector + 1], sums1);
            sums2 = Vector256.FusedMultiplyAdd(inputs[vector + 2], inputs[vector + 2], sums2);
            sums3 = Vector256.FusedMultiplyAdd(inputs[vector + 3], inputs[vector + 3], sums3);
        }
        for (; vector < inputs.Length; vector++)
            sums0 = Vector256.FusedMultiplyAdd(inputs[vector], inputs[vector], sums0);
        var squares = Vector256.Sum(sums0 + sums1 + (sums2 + sums3));
        for (var i = inputs.Length * Vector256<float>.Count; i < input.Length; i++)
            squares += input[i] * input[i];

        var factor = 1 / MathF.Sqrt(squares / input.Length + epsilon);
        var weights = MemoryMarshal.Cast<float, Vector256<float>>(weight);
        var outputs = MemoryMarshal.Cast<float, Vector256<float>>(output);
        for (var i = 0; i < inputs.Length; i++)
            outputs[i] = inputs[i] * factor * weights[i];
        for (var i = inputs.Length * Vector256<float>.Count; i < input.Length; i++)
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
