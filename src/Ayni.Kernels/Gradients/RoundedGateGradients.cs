namespace Ayni.Kernels;

/// <summary>
/// Where the gradients of a gated linear unit's inputs (<see cref="SwiGluGradient"/>) and its output go when they are rounded to BF16 where
/// they are computed: into every form in which the products of a backward pass read them.
/// </summary>
/// <param name="gateRows">Receives the gate's gradient, <c>[tokens, width]</c>; room was made for it.</param>
/// <param name="upRows">Receives the other half's likewise.</param>
/// <param name="gates">A left side of <c>[any tokens, width]</c>; a part of it receives the gate's gradient.</param>
/// <param name="ups">The same for the other half's.</param>
/// <param name="outputs">A right side of <c>[any tokens, width]</c>; the same part of it receives the output.</param>
public readonly unsafe struct RoundedGateGradients(
    RoundedRows gateRows, RoundedRows upRows, PackedOperand gates, PackedOperand ups, PackedOperand outputs)
{
    private int Width => gateRows.Depth;

    /// <summary>Computes them on the calling thread.</summary>
    /// <param name="gate">The gate in BF16, <c>[tokens, width]</c>.</param>
    /// <param name="up">The other half likewise.</param>
    /// <param name="outputGradient"><c>[tokens, width]</c>.</param>
    /// <param name="start">Where the tokens begin in the inner dimension of the packed operands; even, and so is the number of tokens
    /// unless they are the last.</param>
    /// <param name="context">A machine that makes rounded rows.</param>
    /// <exception cref="ShapeMismatchException">Shapes do not fit together.</exception>
    /// <exception cref="ArgumentException">An operand is on the other side or not rounded to BF16, or the part begins or ends within a
    /// pair.</exception>
    /// <exception cref="NotSupportedException">The machine makes no such rows.</exception>
    public void Compute(
        ReadOnlySpan<ushort> gate, ReadOnlySpan<ushort> up, ReadOnlySpan<float> outputGradient, int start, ComputeContext context)
    {
        Check(gate.Length, up.Length, outputGradient.Length, start);
        var kernel = RoundedRows.Kernels(context).TurnGates;
        var (tokens, width) = (gateRows.Count, Width);
        fixed (ushort* gateValues = gate, upValues = up)
        fixed (float* gradients = outputGradient)
        {
            for (var token = 0; token + 1 < tokens;)
            {
                var pairs = Math.Min(gates.Find<BFloat16Tile512>(start + token).Depth, tokens - token) / 2;
                var place = (nint)token * width;
                ComputePairs(gateValues + place, upValues + place, gradients + place, token, start + token, pairs, kernel);
                token += 2 * pairs;
            }
        }
        if (tokens % 2 == 0)
            return;

        // The row that the last one lacks is zero, and so is all that follows from it.
        var memory = context.RentScratch<byte>(2 * width * (2 * sizeof(ushort) + sizeof(float)));
        memory.Clear();
        fixed (byte* rows = memory)
        {
            var lastGradients = (float*)rows;
            var lastGates = (ushort*)(lastGradients + 2 * width);
            var lastUps = lastGates + 2 * width;
            var last = tokens - 1;
            outputGradient[(last * width)..].CopyTo(new Span<float>(lastGradients, width));
            gate[(last * width)..].CopyTo(new Span<ushort>(lastGates, width));
            up[(last * width)..].CopyTo(new Span<ushort>(lastUps, width));
            ComputePairs(lastGates, lastUps, lastGradients, last, start + last, 1, kernel);
        }
    }

    private void ComputePairs(ushort* gate, ushort* up, float* outputGradient, int token, int step, int pairs, Kernel kernel)
    {
        var narrow = gates.Find<BFloat16Tile512>(step);
        var wide = outputs.Find<BFloat16Tile512>(step);
        var rows = (nint)token * Width / 2;
        var arguments = new SwiGluGradientArguments
        {
            RowStride = Width * sizeof(ushort),
            PanelStride = narrow.PanelStride * sizeof(float),
            Count = pairs,
        };
        for (var column = 0; column < Width; column += RoundedRows.ValuesAtATime)
        {
            arguments.Gate = gate + column;
            arguments.Up = up + column;
            arguments.OutputGradient = outputGradient + column;
            arguments.GateRows = gateRows.Pairs + rows + column / 2;
            arguments.UpRows = upRows.Pairs + rows + column / 2;
            arguments.GatePanels = gates.Panels + narrow.Place + column / BFloat16Tile512.Rows * narrow.PanelStride;
            arguments.UpPanels = ups.Panels + narrow.Place + column / BFloat16Tile512.Rows * narrow.PanelStride;
            arguments.OutputPanel = outputs.Panels + wide.Place + column / BFloat16Tile512.Columns * wide.PanelStride;
            kernel.Run(&arguments);
        }
    }

    private void Check(int gate, int up, int outputGradient, int start)
    {
        var tokens = gateRows.Count;
        ShapeMismatchException.ThrowUnlessEqual(gate, (long)tokens * Width, nameof(gate));
        ShapeMismatchException.ThrowUnlessEqual(up, gate, nameof(up));
        ShapeMismatchException.ThrowUnlessEqual(outputGradient, gate, nameof(outputGradient));
        ShapeMismatchException.ThrowUnlessEqual(upRows.Count, tokens, nameof(upRows));
        ShapeMismatchException.ThrowUnlessEqual(upRows.Depth, Width, nameof(upRows));
        RoundedRows.CheckPart(gates, OperandSide.Left, Width, start, tokens);
        RoundedRows.CheckPart(ups, OperandSide.Left, Width, start, tokens);
        RoundedRows.CheckPart(outputs, OperandSide.Right, Width, start, tokens);
        ShapeMismatchException.ThrowUnlessEqual(ups.Depth, gates.Depth, nameof(ups));
        ShapeMismatchException.ThrowUnlessEqual(outputs.Depth, gates.Depth, nameof(outputs));
    }
}
