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
    public static readonly int BlockTokens = int.Parse(Environment.GetEnvironmentVariable("BT") ?? "64");
    public static readonly int GroupTokens = int.Parse(Environment.GetEnvironmentVariable("GT") ?? "512");

    // Weights packed at a time: 64 MB.
    private const long MostPacked = 16 << 20;

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

    /// <summary>The gradient of a feed-forward network's inner activations, and then these, <c>[tokens, width]</c>.</summary>
    public FloatBuffer Inner { get; } = new();

    /// <summary>What the gate of a feed-forward network lets through, <c>[tokens, width]</c>.</summary>
    public FloatBuffer Other { get; } = new();

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
        if (CanPack(groups))
        {
            Divide(tokens, groups, directions, body);
            return;
        }
        if (directions.HasFlag(PassDirection.Backward))
            Gradients.Begin(0, tokens, groups, this);
        body(new TokenRange(0, tokens), this);
        if (directions.HasFlag(PassDirection.Backward))
            Gradients.End(this);
    }

    private void Divide(int tokens, ReadOnlySpan<Linear[]> groups, PassDirection directions, Action<TokenRange, PassState> body)
    {
        Weights.Pack(groups, directions, this);
        try
        {
            if (!directions.HasFlag(PassDirection.Backward))
            {
                var work = new Blocks { Tokens = tokens, Pass = this, Body = body };
                Context.Team.Run(ref work, (tokens + BlockTokens - 1) / BlockTokens);
                return;
            }
            for (var start = 0; start < tokens; start += GroupTokens)
            {
                var count = Math.Min(GroupTokens, tokens - start);
                Gradients.Begin(start, count, groups, this);
                var work = new Blocks { First = start, Tokens = start + count, Pass = this, Body = body };
                Context.Team.Run(ref work, (count + BlockTokens - 1) / BlockTokens);
                Gradients.End(this);
            }
        }
        finally
        {
            Weights.Clear();
        }
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

    private struct Blocks : IChunkedWork
    {
        public int First;
        public int Tokens;
        public PassState Pass;
        public Action<TokenRange, PassState> Body;

        public readonly void Execute(int chunk)
        {
            if (!Pass._workers.TryTake(out var worker))
                worker = new PassState(Pass.Context.ForOneWorker(), Pass.Precision, Pass.Weights, Pass.Gradients);
            var start = First + chunk * BlockTokens;
            Body(new TokenRange(start, Math.Min(BlockTokens, Tokens - start)), worker);
            Pass._workers.Add(worker);
        }
    }
}
