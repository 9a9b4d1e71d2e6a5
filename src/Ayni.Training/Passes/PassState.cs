using System.Collections.Concurrent;
using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>What every layer needs during a pass: the team, and memory that one layer after another uses.</summary>
internal sealed class PassState
{
    /// <summary>
    /// Tokens that go through several operators at a time, so that what one gives is in the second-level cache for the next. Fixed, because
    /// it decides the order in which the gradients of norms are summed.
    /// </summary>
    public const int BlockTokens = 64;

    /// <summary>Weights packed at a time, 64 MB of them: with more, all tokens go together.</summary>
    public const long MostPacked = 16 << 20;

    // Blocks for each thread before the gradients of weights are multiplied.
    private const int BlocksPerWorker = 2;

    private readonly ConcurrentBag<PassState> _workers = [];

    public PassState(ComputeContext context, ProductPrecision precision)
        : this(context, precision, new PackedWeights(), new WeightGradients())
    {
    }

    private PassState(ComputeContext context, ProductPrecision precision, PackedWeights weights, WeightGradients gradients) =>
        (Context, Precision, Weights, Gradients) = (context, precision, weights, gradients);

    public ComputeContext Context { get; }

    /// <summary>To what the operands of products are rounded.</summary>
    public ProductPrecision Precision { get; }

    /// <summary>Weights that are packed for the moment.</summary>
    public PackedWeights Weights { get; }

    /// <summary>The gradients of projections that tokens go back through at the moment.</summary>
    public WeightGradients Gradients { get; }

    /// <summary>
    /// Whether rows that enter a layer's products are rounded where they are computed, and its gates are kept so: in blocks of tokens where
    /// this machine does that (<see cref="RoundedRows"/>).
    /// </summary>
    public bool RoundsRows { get; private set; }

    /// <summary>What dropout follows from; null where nothing is dropped.</summary>
    public ulong? DropoutSeed { get; set; }

    /// <summary>Whether adapters take part; without them the model is as it was before it was tuned.</summary>
    public bool UsesAdapters { get; set; } = true;

    /// <summary>Some rows of a matrix that stays as its file has it, decoded.</summary>
    public FloatBuffer Strip { get; } = new();

    /// <summary>What is multiplied with them, or what came of it.</summary>
    public FloatBuffer StripOutput { get; } = new();

    /// <summary>What the load-balance loss of each mixture of experts counts in gradients.</summary>
    public double BalanceFactor { get; set; }

    /// <summary>A sublayer's normalized input, <c>[tokens, hidden]</c>.</summary>
    public FloatBuffer Normed { get; } = new();

    /// <summary>Its gradient, <c>[tokens, hidden]</c>.</summary>
    public FloatBuffer NormedGradient { get; } = new();

    /// <summary>Logits, and then their gradient, <c>[rows, vocabulary]</c>.</summary>
    public FloatBuffer Logits { get; } = new();

    /// <summary>Rows of the stream that have something to learn, <c>[rows, hidden]</c>.</summary>
    public FloatBuffer Selected { get; } = new();

    /// <summary>Their gradient, <c>[rows, hidden]</c>.</summary>
    public FloatBuffer SelectedGradient { get; } = new();

    /// <summary>
    /// The gate of a feed-forward network and then its inner activations, or the gradient of these and then they, <c>[tokens, width]</c>.
    /// </summary>
    public FloatBuffer Inner { get; } = new();

    /// <summary>What the gate of a feed-forward network lets through, <c>[tokens, width]</c>.</summary>
    public FloatBuffer Ups { get; } = new();

    /// <summary>A sublayer's normalized input where it is rounded, <c>[tokens, hidden]</c>.</summary>
    public RoundedRows NormedRows { get; } = new();

    /// <summary>The gradient of the stream before a norm where it is rounded, <c>[tokens, hidden]</c>.</summary>
    public RoundedRows StreamGradientRows { get; } = new();

    /// <summary>
    /// Inner activations of a feed-forward network, or on the way back the gradient of its gate, where they are rounded,
    /// <c>[tokens, width]</c>.
    /// </summary>
    public RoundedRows GateRows { get; } = new();

    /// <summary>The gradient of its other half, <c>[tokens, width]</c>.</summary>
    public RoundedRows UpRows { get; } = new();

    /// <summary>The gradient of what attention gave, <c>[tokens, heads, headDim]</c>.</summary>
    public FloatBuffer AttendedGradient { get; } = new();

    public FloatBuffer QueryGradient { get; } = new();

    public FloatBuffer KeyGradient { get; } = new();

    public FloatBuffer ValueGradient { get; } = new();

    /// <summary>The gradient of heads before they were normalized.</summary>
    public FloatBuffer HeadGradient { get; } = new();

    /// <summary>What enters experts, ordered by them, <c>[tokens, hidden]</c>.</summary>
    public FloatBuffer Routed { get; } = new();

    /// <summary>What experts gave, or its gradient, <c>[tokens, hidden]</c>.</summary>
    public FloatBuffer RoutedGradient { get; } = new();

    /// <summary>The gradient of what entered experts, <c>[tokens, hidden]</c>.</summary>
    public FloatBuffer RoutedInputGradient { get; } = new();

    /// <summary>The gradient of router scores, <c>[tokens, experts]</c>.</summary>
    public FloatBuffer RouterGradient { get; } = new();

    /// <summary>An adapter's input after dropout.</summary>
    public FloatBuffer Dropped { get; } = new();

    /// <summary>An adapter's activations between its two factors, <c>[tokens, rank]</c>.</summary>
    public FloatBuffer Reduced { get; } = new();

    /// <summary>Normalizes rows of the stream for the products of a sublayer.</summary>
    /// <param name="stream"><c>[tokens, hidden]</c>.</param>
    /// <param name="norm">The norm.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    public ProductRows Normalize(ReadOnlySpan<float> stream, Parameter norm, float epsilon)
    {
        if (RoundsRows)
        {
            NormedRows.Reserve(stream.Length / norm.Columns, norm.Columns);
            RmsNorm.Apply(stream, norm.Values, epsilon, NormedRows, Context);
            return NormedRows;
        }
        var normed = Normed.Take(stream.Length);
        RmsNorm.Apply(stream, norm.Values, epsilon, normed, Context);
        return normed;
    }

    /// <summary>
    /// Takes tokens through operators that look at one token at a time: block by block, each on one thread, or, where an adapter or a
    /// matrix that stays as its file has it takes part, or the weights are too large, all at once, operator by operator.
    /// </summary>
    /// <param name="tokens">How many.</param>
    /// <param name="groups">What they are multiplied by, projections of the same input together.</param>
    /// <param name="directions">Which way. Where they go back, the gradients of the projections are added up.</param>
    /// <param name="body">Called with tokens and with the team and memory to use, from several threads at once.</param>
    public void ForEachBlock(int tokens, ReadOnlySpan<Linear[]> groups, PassDirection directions, Action<TokenRange, PassState> body)
    {
        var all = new TokenRange(0, tokens);
        if (!CanPack(groups))
        {
            AddGradients(all, groups, directions, () => body(all, this));
            return;
        }
        Weights.Pack(groups, directions, this);
        var rounds = CanRound(groups);
        try
        {
            var most = directions.HasFlag(PassDirection.Backward) ? GradientTokens : tokens;
            for (var start = 0; start < tokens; start += most)
            {
                var part = new TokenRange(start, Math.Min(most, tokens - start));
                AddGradients(part, groups, directions, () =>
                {
                    var work = new Blocks { Tokens = part, Pass = this, RoundsRows = rounds, Body = body };
                    Context.Team.Run(ref work, (part.Count + BlockTokens - 1) / BlockTokens);
                });
            }
        }
        finally
        {
            Weights.Clear();
        }
    }

    /// <summary>
    /// Tokens whose gradients of weights are multiplied at a time: as few as keep all threads busy, so that the operands are still in the
    /// cache, and cut where the sums stay the same to the bit, however many threads there are.
    /// </summary>
    private int GradientTokens
    {
        get
        {
            var wanted = Context.Team.WorkerCount * BlocksPerWorker * BlockTokens;
            return (wanted + PackedOperand.DepthUnit - 1) / PackedOperand.DepthUnit * PackedOperand.DepthUnit;
        }
    }

    private void AddGradients(TokenRange tokens, ReadOnlySpan<Linear[]> groups, PassDirection directions, Action pass)
    {
        if (directions.HasFlag(PassDirection.Backward))
            Gradients.Begin(tokens, groups, this);
        pass();
        if (directions.HasFlag(PassDirection.Backward))
            Gradients.End(this);
    }

    private static bool CanPack(ReadOnlySpan<Linear[]> groups)
    {
        var numbers = 0L;
        foreach (var group in groups)
        {
            foreach (var projection in group)
            {
                if (projection.Adapter is not null || projection.Weight.Packed is not null)
                    return false;
                numbers += projection.Weight.Values.Length;
            }
        }
        return numbers <= MostPacked;
    }

    /// <summary>
    /// The same of a layer's projections in both directions: its backward pass reads what its forward pass kept. Gradients of biases would
    /// need rows in float32.
    /// </summary>
    private bool CanRound(ReadOnlySpan<Linear[]> groups)
    {
        foreach (var group in groups)
        {
            foreach (var projection in group)
            {
                var weight = projection.Weight;
                if (projection.PrecisionIn(this) != ProductPrecision.BF16 || !weight.IsTrainable || projection.Bias is not null
                    || !RoundedRows.AreMadeBy(Context, weight.Rows) || !RoundedRows.AreMadeBy(Context, weight.Columns))
                    return false;
            }
        }
        return true;
    }

    private struct Blocks : IChunkedWork
    {
        public TokenRange Tokens;
        public PassState Pass;
        public bool RoundsRows;
        public Action<TokenRange, PassState> Body;

        public readonly void Execute(int chunk)
        {
            if (!Pass._workers.TryTake(out var worker))
                worker = new PassState(Pass.Context.ForOneWorker(), Pass.Precision, Pass.Weights, Pass.Gradients);
            worker.RoundsRows = RoundsRows;
            var start = chunk * BlockTokens;
            Body(new TokenRange(Tokens.Start + start, Math.Min(BlockTokens, Tokens.Count - start)), worker);
            Pass._workers.Add(worker);
        }
    }
}
