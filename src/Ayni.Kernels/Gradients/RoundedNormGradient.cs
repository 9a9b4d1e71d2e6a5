namespace Ayni.Kernels;

/// <summary>
/// Where what the products beside a norm read goes when its gradient (<see cref="RmsNormGradient"/>) is computed: rounded to BF16 in
/// registers, into every form in which it is read.
/// </summary>
/// <param name="normed">A right side of <c>[any tokens, dim]</c>; a part of it receives the normalized rows.</param>
/// <param name="gradientRows">Receives the input's gradient, <c>[tokens, dim]</c>; room was made for it. Null where nobody reads
/// it.</param>
/// <param name="gradients">A left side of <c>[any tokens, dim]</c>; the same part of it receives the input's gradient; null as the
/// rows.</param>
public readonly unsafe struct RoundedNormGradient(PackedOperand normed, RoundedRows? gradientRows = null, PackedOperand? gradients = null)
{
    // What is read of so many for their factors is still near when they are turned, and the processor still reads ahead.
    private const int MostPairs = 8;

    private int Dim => normed.Count;

    /// <summary>Adds to the gradients of rows and of the weights, on the calling thread.</summary>
    /// <param name="input">What was normalized, <c>[tokens, dim]</c>.</param>
    /// <param name="weight"><c>[dim]</c>.</param>
    /// <param name="epsilon">As in the forward pass; positive.</param>
    /// <param name="outputGradient"><c>[tokens, dim]</c>.</param>
    /// <param name="inputGradient">Is added to, <c>[tokens, dim]</c>.</param>
    /// <param name="weightGradient">Is added to, <c>[dim]</c>, token after token.</param>
    /// <param name="start">Where the tokens begin in the inner dimension of the packed operands; even, and so is the number of tokens
    /// unless they are the last.</param>
    /// <param name="context">A machine that makes rounded rows.</param>
    /// <exception cref="ShapeMismatchException">Shapes do not fit together.</exception>
    /// <exception cref="ArgumentException">Rows are not of a multiple of 32 values, an operand is on the other side or not rounded to BF16,
    /// or the part begins or ends within a pair.</exception>
    /// <exception cref="NotSupportedException">The machine makes no such rows.</exception>
    public void Add(
        ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float epsilon, ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient, Span<float> weightGradient, int start, ComputeContext context)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epsilon);
        RoundedRows.CheckDepth(Dim);
        var tokens = input.Length / Dim;
        Check(input.Length, weight.Length, outputGradient.Length, inputGradient.Length, weightGradient.Length, start);
        var kernel = RoundedRows.NormGradientKernel(context, Dim, gradients is not null);
        fixed (float* inputs = input, weights = weight, outputGradients = outputGradient)
        fixed (float* inputGradients = inputGradient, weightGradients = weightGradient)
        {
            const int FactorFloats = MostPairs * RmsNormGradientKernel.FactorFloats;
            var scratch = (float*)context.RentScratch((FactorFloats + 6L * Dim) * sizeof(float));
            var arguments = new RmsNormGradientArguments
            {
                Factors = scratch,
                Weight = weights,
                WeightGradient = weightGradients,
                Share = 1f / Dim,
                Epsilon = epsilon,
            };
            for (var token = 0; token + 1 < tokens;)
            {
                var pairs = Math.Min(MostPairs, Math.Min(normed.Find<BFloat16Tile512>(start + token).Depth, tokens - token) / 2);
                var place = (nint)token * Dim;
                arguments.Input = inputs + place;
                arguments.OutputGradient = outputGradients + place;
                arguments.InputGradient = inputGradients + place;
                AddPairs(arguments, token, start + token, pairs, kernel);
                token += 2 * pairs;
            }
            if (tokens % 2 == 0)
                return;

            // The row that the last one lacks is zero, and so is all that follows from it.
            var rows = scratch + FactorFloats;
            new Span<float>(rows, 6 * Dim).Clear();
            var last = (tokens - 1) * Dim;
            arguments.Input = rows;
            arguments.OutputGradient = rows + 2 * Dim;
            arguments.InputGradient = rows + 4 * Dim;
            input[last..].CopyTo(new Span<float>(arguments.Input, Dim));
            outputGradient[last..].CopyTo(new Span<float>(arguments.OutputGradient, Dim));
            inputGradient[last..].CopyTo(new Span<float>(arguments.InputGradient, Dim));
            AddPairs(arguments, tokens - 1, start + tokens - 1, 1, kernel);
            new Span<float>(arguments.InputGradient, Dim).CopyTo(inputGradient[last..]);
        }
    }

    private void AddPairs(RmsNormGradientArguments arguments, int token, int step, int pairs, Kernel kernel)
    {
        var wide = normed.Find<BFloat16Tile512>(step);
        arguments.Normed = normed.Panels + wide.Place;
        arguments.NormedStride = wide.PanelStride * sizeof(float);
        if (gradients is not null)
        {
            var narrow = gradients.Find<BFloat16Tile512>(step);
            arguments.GradientRows = gradientRows!.Pairs + (nint)token * Dim / 2;
            arguments.Gradients = gradients.Panels + narrow.Place;
            arguments.GradientsStride = narrow.PanelStride * sizeof(float);
        }
        arguments.Count = pairs;
        kernel.Run(&arguments);
    }

    private void Check(int input, int weight, int outputGradient, int inputGradient, int weightGradient, int start)
    {
        var tokens = input / Dim;
        ShapeMismatchException.ThrowUnlessEqual(input, (long)tokens * Dim, nameof(input));
        ShapeMismatchException.ThrowUnlessEqual(weight, Dim, nameof(weight));
        ShapeMismatchException.ThrowUnlessEqual(outputGradient, input, nameof(outputGradient));
        ShapeMismatchException.ThrowUnlessEqual(inputGradient, input, nameof(inputGradient));
        ShapeMismatchException.ThrowUnlessEqual(weightGradient, Dim, nameof(weightGradient));
        RoundedRows.CheckPart(normed, OperandSide.Right, Dim, start, tokens);
        if ((gradientRows is null) != (gradients is null))
            throw new ArgumentException("Gradients are wanted both in rows and packed, or not at all.");
        if (gradients is null)
            return;
        RoundedRows.CheckPart(gradients, OperandSide.Left, Dim, start, tokens);
        ShapeMismatchException.ThrowUnlessEqual(gradients.Depth, normed.Depth, nameof(gradients));
        ShapeMismatchException.ThrowUnlessEqual(gradientRows!.Count, tokens, nameof(gradientRows));
        ShapeMismatchException.ThrowUnlessEqual(gradientRows.Depth, Dim, nameof(gradientRows));
    }
}
