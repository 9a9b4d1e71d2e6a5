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
        Linear projection, TokenRange tokens, ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, PassState pass) =>
        _memory.Find(part => part.IsOf(projection))!.Add(
            new TokenRange(tokens.Start - _start, tokens.Count), input, outputGradient, pass);

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
        private readonly PackedOperand _outputs = new(OperandSide.Left);
        private readonly PackedOperand _ownInputs = new(OperandSide.Right);
        private readonly BlockSums _bias = new();
        private Linear? _projection;
        private PackedOperand? _inputs;

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
                _outputs.Reserve(tokens, weight.Rows, precision, pass.Context);
            if (weight.IsTrainable && first is null)
                _inputs.Reserve(tokens, weight.Columns, precision, pass.Context);
            if (projection.Bias is { IsTrainable: true })
                _bias.Begin(tokens, weight.Rows);
        }

        public void Add(TokenRange tokens, ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, PassState pass)
        {
            var weight = _projection!.Weight;
            if (weight.IsTrainable)
                _outputs.Pack(tokens.Start, new MatrixView(outputGradient, tokens.Count, weight.Rows), pass.Context);
            if (weight.IsTrainable && _inputs == _ownInputs)
                _inputs.Pack(tokens.Start, new MatrixView(input, tokens.Count, weight.Columns), pass.Context);
            if (_projection.Bias is { IsTrainable: true })
                GradientSums.AddRows(outputGradient, _bias.Of(tokens), pass.Context);
        }

        public void End(List<PackedProduct> products)
        {
            if (_projection!.Weight.IsTrainable)
                products.Add(new PackedProduct(_outputs, _inputs!, _projection.Weight.Gradient));
            if (_projection.Bias is { IsTrainable: true } bias)
                _bias.AddTo(bias.Gradient);
            _projection = null;
        }
    }
}
