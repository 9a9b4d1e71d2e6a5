using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>
/// The gradients of projections while blocks of tokens go backward through them: what went into a projection and the gradient of what came
/// out are packed while they are in the cache of the thread that has the block, and multiplied when those of some blocks are there.
/// </summary>
internal sealed class WeightGradients
{
    private readonly List<Part> _memory = [];
    private int _count;
    private int _start;

    /// <summary>Begins with projections.</summary>
    /// <param name="tokens">Which will be added.</param>
    /// <param name="groups">The projections, those that have the same input together.</param>
    /// <param name="pass">The pass.</param>
    public void Begin(TokenRange tokens, ReadOnlySpan<Linear[]> groups, PassState pass)
    {
        _start = tokens.Start;
        _count = 0;
        foreach (var group in groups)
        {
            Part? first = null;
            foreach (var projection in group)
            {
                if (_count == _memory.Count)
                    _memory.Add(new Part());
                var part = _memory[_count++];
                part.Begin(projection, tokens.Count, first, pass);
                first ??= projection.Weight.IsTrainable ? part : null;
            }
        }
    }

    /// <summary>Takes some tokens of a projection, from many threads at once.</summary>
    /// <param name="projection">The projection.</param>
    /// <param name="tokens">Which; they begin a block.</param>
    /// <param name="input">What went in, <c>[tokens, columns]</c>.</param>
    /// <param name="outputGradient"><c>[tokens, rows]</c>.</param>
    /// <param name="pass">Team.</param>
    public void Add(
        Linear projection, TokenRange tokens, ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, PassState pass)
    {
        AddInput(projection, tokens, input, pass);
        AddOutputGradient(projection, tokens, outputGradient, pass);
    }

    /// <summary>Takes what went into a projection of some tokens.</summary>
    public void AddInput(Linear projection, TokenRange tokens, ReadOnlySpan<float> input, PassState pass) =>
        Find(projection).AddInput(Within(tokens), input, pass);

    /// <summary>Takes the gradient of what came out of it.</summary>
    public void AddOutputGradient(Linear projection, TokenRange tokens, ReadOnlySpan<float> outputGradient, PassState pass) =>
        Find(projection).AddOutputGradient(Within(tokens), outputGradient, pass);

    /// <summary>
    /// Computes what comes out of a network's gate and its other half, the gradients of both, and what goes into its last projection,
    /// rounded: for their gradients, and the two as rows in the pass's memory.
    /// </summary>
    /// <param name="weights">The network.</param>
    /// <param name="tokens">Which; they begin a block.</param>
    /// <param name="gate">What was kept of the gate, <c>[tokens, width]</c>.</param>
    /// <param name="up">What was kept of the other half.</param>
    /// <param name="innerGradient">The gradient of what goes into the last projection, <c>[tokens, width]</c>.</param>
    /// <param name="pass">Memory.</param>
    public void AddGates(
        FeedForwardParameters weights, TokenRange tokens, ReadOnlySpan<ushort> gate, ReadOnlySpan<ushort> up,
        ReadOnlySpan<float> innerGradient, PassState pass)
    {
        pass.GateRows.Reserve(tokens.Count, weights.Width);
        pass.UpRows.Reserve(tokens.Count, weights.Width);
        new RoundedGateGradients(
            pass.GateRows, pass.UpRows, Find(weights.Gate).Outputs, Find(weights.Up).Outputs, Find(weights.Down).Inputs)
            .Compute(gate, up, innerGradient, Within(tokens).Start, pass.Context);
    }

    /// <summary>
    /// Goes back through a norm, with what the gradients of the projections around it need: the normalized input of those behind it, and,
    /// of one before it, the gradient of its output, also as rows in the pass's memory.
    /// </summary>
    /// <param name="behind">The first projection of those that read what was normalized.</param>
    /// <param name="before">The projection that gave what was normalized; null for none that is added to.</param>
    /// <param name="norm">The norm.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="tokens">Which; they begin a block.</param>
    /// <param name="input">What was normalized, <c>[tokens, hidden]</c>.</param>
    /// <param name="outputGradient"><c>[tokens, hidden]</c>.</param>
    /// <param name="inputGradient"><c>[tokens, hidden]</c>; added to.</param>
    /// <param name="normGradient"><c>[hidden]</c>; added to.</param>
    /// <param name="pass">Memory.</param>
    public void AddNorm(
        Linear behind, Linear? before, Parameter norm, float epsilon, TokenRange tokens, ReadOnlySpan<float> input,
        ReadOnlySpan<float> outputGradient, Span<float> inputGradient, Span<float> normGradient, PassState pass)
    {
        if (before is not null)
            pass.StreamGradientRows.Reserve(tokens.Count, norm.Columns);
        var targets = before is null ? new RoundedNormGradient(Find(behind).Inputs)
            : new RoundedNormGradient(Find(behind).Inputs, pass.StreamGradientRows, Find(before).Outputs);
        targets.Add(
            input, norm.Values, epsilon, outputGradient, inputGradient, normGradient, Within(tokens).Start, pass.Context);
    }

    private Part Find(Linear projection) => _memory.Find(part => part.IsOf(projection))!;

    private TokenRange Within(TokenRange tokens) => new(tokens.Start - _start, tokens.Count);

    /// <summary>Adds to the gradients of all projections' parameters.</summary>
    public void End(PassState pass)
    {
        var products = new List<PackedProduct>(_count);
        foreach (var part in _memory.Take(_count))
            part.End(products);
        FloatProduct.Add(products.ToArray(), pass.Context);
        _count = 0;
    }

    /// <summary>One projection's.</summary>
    private sealed class Part
    {
        private readonly PackedOperand _ownInputs = new(OperandSide.Right);
        private readonly BlockSums _bias = new();
        private Linear? _projection;
        private PackedOperand? _inputs;

        public PackedOperand Outputs { get; } = new(OperandSide.Left);

        public PackedOperand Inputs => _inputs!;

        public bool IsOf(Linear projection) => ReferenceEquals(_projection, projection);

        /// <param name="projection">The projection.</param>
        /// <param name="tokens">How many will be added.</param>
        /// <param name="first">Who packs the same input; null if nobody does before.</param>
        /// <param name="pass">The pass.</param>
        public void Begin(Linear projection, int tokens, Part? first, PassState pass)
        {
            _projection = projection;
            _inputs = first?._inputs ?? _ownInputs;
            var (weight, precision) = (projection.Weight, projection.PrecisionIn(pass));
            if (weight.IsTrainable)
                Outputs.Reserve(tokens, weight.Rows, precision, pass.Context);
            if (weight.IsTrainable && first is null)
                _inputs.Reserve(tokens, weight.Columns, precision, pass.Context);
            if (projection.Bias is { IsTrainable: true })
                _bias.Begin(tokens, weight.Rows);
        }

        public void AddInput(TokenRange tokens, ReadOnlySpan<float> input, PassState pass)
        {
            var weight = _projection!.Weight;
            if (weight.IsTrainable && _inputs == _ownInputs)
                _inputs.Pack(tokens.Start, new MatrixView(input, tokens.Count, weight.Columns), pass.Context);
        }

        public void AddOutputGradient(TokenRange tokens, ReadOnlySpan<float> outputGradient, PassState pass)
        {
            var weight = _projection!.Weight;
            if (weight.IsTrainable)
                Outputs.Pack(tokens.Start, new MatrixView(outputGradient, tokens.Count, weight.Rows), pass.Context);
            if (_projection.Bias is { IsTrainable: true })
                GradientSums.AddRows(outputGradient, _bias.Of(tokens), pass.Context);
        }

        public void End(List<PackedProduct> products)
        {
            if (_projection!.Weight.IsTrainable)
                products.Add(new PackedProduct(Outputs, Inputs, _projection.Weight.Gradient));
            if (_projection.Bias is { IsTrainable: true } bias)
                _bias.AddTo(bias.Gradient);
            _projection = null;
        }
    }
}
