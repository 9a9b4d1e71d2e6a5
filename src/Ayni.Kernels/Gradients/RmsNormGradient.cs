using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>The gradient of root-mean-square normalization (<see cref="RmsNorm"/>).</summary>
public static class RmsNormGradient
{
    // Rows summed by one thread before the sums of all are added in order.
    private const int ChunkRows = 32;

    /// <summary>Adds to the gradients of the input and of the weight.</summary>
    /// <param name="input">What was normalized, <c>[rows, dim]</c>.</param>
    /// <param name="weight"><c>[dim]</c>.</param>
    /// <param name="epsilon">What was added to the mean square.</param>
    /// <param name="outputGradient"><c>[rows, dim]</c>.</param>
    /// <param name="inputGradient"><c>[rows, dim]</c>; added to.</param>
    /// <param name="weightGradient"><c>[dim]</c>; added to. Empty where it is not wanted.</param>
    /// <param name="context">Team.</param>
    public static void Add(
        ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float epsilon, ReadOnlySpan<float> outputGradient, Span<float> inputGradient,
        Span<float> weightGradient, ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(input.Length % weight.Length, 0, "the last row of the input");
        ShapeMismatchException.ThrowUnlessEqual(outputGradient.Length, input.Length, nameof(outputGradient));
        ShapeMismatchException.ThrowUnlessEqual(inputGradient.Length, input.Length, nameof(inputGradient));
        if (!weightGradient.IsEmpty)
            ShapeMismatchException.ThrowUnlessEqual(weightGradient.Length, weight.Length, nameof(weightGradient));
        var chunks = (input.Length / weight.Length + ChunkRows - 1) / ChunkRows;
        var work = new AddRows
        {
            Input = input,
            Weight = weight,
            Epsilon = epsilon,
            OutputGradient = outputGradient,
            InputGradient = inputGradient,
            WeightSums = weightGradient.IsEmpty ? [] : context.RentScratch<float>(chunks * weight.Length),
        };
        context.Team.Run(ref work, chunks);
        for (var chunk = 0; chunk < chunks && !weightGradient.IsEmpty; chunk++)
            Residual.Add(weightGradient, work.WeightSums.Slice(chunk * weight.Length, weight.Length));
    }

    private ref struct AddRows : IChunkedWork
    {
        public ReadOnlySpan<float> Input;
        public ReadOnlySpan<float> Weight;
        public float Epsilon;
        public ReadOnlySpan<float> OutputGradient;
        public Span<float> InputGradient;
        public Span<float> WeightSums;

        public readonly void Execute(int chunk)
        {
            var dim = Weight.Length;
            var sums = WeightSums.IsEmpty ? [] : WeightSums.Slice(chunk * dim, dim);
            sums.Clear();
            var end = Math.Min(Input.Length, (chunk + 1) * ChunkRows * dim);
            for (var start = chunk * ChunkRows * dim; start < end; start += dim)
                AddRow(Input.Slice(start, dim), OutputGradient.Slice(start, dim), InputGradient.Slice(start, dim), sums);
        }

        private readonly void AddRow(ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, Span<float> inputGradient,
            Span<float> sums)
        {
            var dim = input.Length;
            // Two sums of each, since each waits for its last addition.
            var (evenSquares, oddSquares) = (Vector512<float>.Zero, Vector512<float>.Zero);
            var (evenProducts, oddProducts) = (Vector512<float>.Zero, Vector512<float>.Zero);
            var i = 0;
            for (; i <= dim - 2 * Vector512<float>.Count; i += 2 * Vector512<float>.Count)
            {
                AddVector(i, ref evenSquares, ref evenProducts, input, outputGradient);
                AddVector(i + Vector512<float>.Count, ref oddSquares, ref oddProducts, input, outputGradient);
            }
            if (i <= dim - Vector512<float>.Count)
            {
                AddVector(i, ref evenSquares, ref evenProducts, input, outputGradient);
                i += Vector512<float>.Count;
            }
            var (square, product) = (Vector512.Sum(evenSquares + oddSquares), Vector512.Sum(evenProducts + oddProducts));
            for (; i < dim; i++)
            {
                square += input[i] * input[i];
                product += input[i] * outputGradient[i] * Weight[i];
            }

            // d/dx of x·f(x) with f = 1/√(mean x² + ε): f·g − x·f³·mean(g·x).
            var factor = 1 / MathF.Sqrt(square / dim + Epsilon);
            var back = -factor * factor * factor * product / dim;
            ref var inputGradients = ref MemoryMarshal.GetReference(inputGradient);
            ref var weightSums = ref MemoryMarshal.GetReference(sums);
            for (i = 0; i <= dim - Vector512<float>.Count; i += Vector512<float>.Count)
            {
                var x = Load(input, i);
                var g = Load(outputGradient, i) * factor;
                (Load(inputGradient, i) + Vector512.FusedMultiplyAdd(x, Vector512.Create(back), g * Load(Weight, i)))
                    .StoreUnsafe(ref inputGradients, (nuint)i);
                if (!sums.IsEmpty)
                    Vector512.FusedMultiplyAdd(g, x, Load(sums, i)).StoreUnsafe(ref weightSums, (nuint)i);
            }
            for (; i < dim; i++)
            {
                var g = outputGradient[i] * factor;
                inputGradient[i] += input[i] * back + g * Weight[i];
                if (!sums.IsEmpty)
                    sums[i] += g * input[i];
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void AddVector(
            int i, ref Vector512<float> squares, ref Vector512<float> products, ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient)
        {
            var x = Load(input, i);
            squares = Vector512.FusedMultiplyAdd(x, x, squares);
            products = Vector512.FusedMultiplyAdd(x, Load(outputGradient, i) * Load(Weight, i), products);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> Load(ReadOnlySpan<float> values, int index) =>
            Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(values), (nuint)index);
    }
}
