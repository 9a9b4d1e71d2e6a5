using System.Buffers;

namespace Ayni.Kernels;

/// <summary>
/// Causal grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245) over whole documents, and its gradient. Probabilities
/// are computed anew for the gradient from the logarithm of their sum, and never kept (Dao et al. 2022, arXiv:2205.14135). So memory grows
/// with the length of a document and not with its square.
/// </summary>
/// <remarks>A thread takes one document's key-value head with all of its query heads, so every sum has one order.</remarks>
/// <param name="headCount">Query heads.</param>
/// <param name="keyValueHeadCount">Key and value heads; divides the query heads.</param>
/// <param name="headDim">Values in a head.</param>
/// <param name="precision">To what the operands of products are rounded.</param>
public sealed unsafe class DocumentAttention(
    int headCount, int keyValueHeadCount, int headDim, ProductPrecision precision = ProductPrecision.F32)
{
    private int QueryWidth => headCount * headDim;

    private int KeyValueWidth => keyValueHeadCount * headDim;

    /// <summary>Computes what the queries attend to.</summary>
    /// <param name="query"><c>[tokens, heads, headDim]</c>.</param>
    /// <param name="key"><c>[tokens, keyValueHeads, headDim]</c>.</param>
    /// <param name="value"><c>[tokens, keyValueHeads, headDim]</c>.</param>
    /// <param name="documents">The documents, which together are all tokens.</param>
    /// <param name="firsts">The first token that each token attends to, <c>[tokens]</c>, in its document, not after itself, and never
    /// falling within a document.</param>
    /// <param name="attended">Receives <c>[tokens, heads, headDim]</c>.</param>
    /// <param name="logSums">Receives the logarithm of each softmax's denominator, <c>[tokens, heads]</c>.</param>
    /// <param name="context">Team.</param>
    public void Apply(
        ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> value, ReadOnlySpan<AttentionDocument> documents,
        ReadOnlySpan<int> firsts, Span<float> attended, Span<float> logSums, ComputeContext context)
    {
        CheckInputs(query, key, value, documents, firsts);
        ShapeMismatchException.ThrowUnlessEqual(attended.Length, query.Length, nameof(attended));
        ShapeMismatchException.ThrowUnlessEqual(logSums.Length, (long)firsts.Length * headCount, nameof(logSums));
        fixed (float* queries = query, keys = key, values = value, outputs = attended, sums = logSums)
        {
            fixed (int* first = firsts)
                Run(Operands(queries, keys, values, first, outputs, sums), documents, context);
        }
    }

    /// <summary>Computes the gradients of queries, keys and values.</summary>
    /// <param name="query">As in <see cref="Apply"/>.</param>
    /// <param name="key">As in <see cref="Apply"/>.</param>
    /// <param name="value">As in <see cref="Apply"/>.</param>
    /// <param name="documents">As in <see cref="Apply"/>.</param>
    /// <param name="firsts">As in <see cref="Apply"/>.</param>
    /// <param name="attended">What <see cref="Apply"/> gave.</param>
    /// <param name="logSums">What <see cref="Apply"/> gave.</param>
    /// <param name="attendedGradient"><c>[tokens, heads, headDim]</c>.</param>
    /// <param name="queryGradient">Receives the query's shape.</param>
    /// <param name="keyGradient">Receives the key's shape.</param>
    /// <param name="valueGradient">Receives the value's shape.</param>
    /// <param name="context">Team.</param>
    public void ApplyGradient(
        ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> value, ReadOnlySpan<AttentionDocument> documents,
        ReadOnlySpan<int> firsts, ReadOnlySpan<float> attended, ReadOnlySpan<float> logSums, ReadOnlySpan<float> attendedGradient,
        Span<float> queryGradient, Span<float> keyGradient, Span<float> valueGradient, ComputeContext context)
    {
        CheckInputs(query, key, value, documents, firsts);
        ShapeMismatchException.ThrowUnlessEqual(attended.Length, query.Length, nameof(attended));
        ShapeMismatchException.ThrowUnlessEqual(logSums.Length, (long)firsts.Length * headCount, nameof(logSums));
        ShapeMismatchException.ThrowUnlessEqual(attendedGradient.Length, query.Length, nameof(attendedGradient));
        ShapeMismatchException.ThrowUnlessEqual(queryGradient.Length, query.Length, nameof(queryGradient));
        ShapeMismatchException.ThrowUnlessEqual(keyGradient.Length, key.Length, nameof(keyGradient));
        ShapeMismatchException.ThrowUnlessEqual(valueGradient.Length, value.Length, nameof(valueGradient));
        fixed (float* queries = query, keys = key, values = value, outputs = attended, sums = logSums, outputGradients = attendedGradient)
        {
            fixed (float* queryGradients = queryGradient, keyGradients = keyGradient, valueGradients = valueGradient)
            {
                fixed (int* first = firsts)
                {
                    var operands = Operands(queries, keys, values, first, outputs, sums);
                    operands.AttendedGradient = outputGradients;
                    operands.QueryGradient = queryGradients;
                    operands.KeyGradient = keyGradients;
                    operands.ValueGradient = valueGradients;
                    Run(operands, documents, context);
                }
            }
        }
    }

    private AttentionOperands Operands(float* query, float* key, float* value, int* firsts, float* attended, float* logSums) => new()
    {
        HeadCount = headCount,
        KeyValueHeadCount = keyValueHeadCount,
        HeadDim = headDim,
        Query = query,
        Key = key,
        Value = value,
        Firsts = firsts,
        Attended = attended,
        LogSums = logSums,
    };

    private void CheckInputs(
        ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> value, ReadOnlySpan<AttentionDocument> documents,
        ReadOnlySpan<int> firsts)
    {
        ShapeMismatchException.ThrowUnlessEqual(query.Length, (long)firsts.Length * QueryWidth, nameof(query));
        ShapeMismatchException.ThrowUnlessEqual(key.Length, (long)firsts.Length * KeyValueWidth, nameof(key));
        ShapeMismatchException.ThrowUnlessEqual(value.Length, key.Length, nameof(value));
        var tokens = 0;
        foreach (var document in documents)
        {
            ShapeMismatchException.ThrowUnlessEqual(document.Start, tokens, "the documents before one");
            for (var token = tokens; token < Math.Min(firsts.Length, tokens + document.Length); token++)
            {
                var lowest = token == document.Start ? token : firsts[token - 1];
                if (firsts[token] < lowest || firsts[token] > token)
                    throw new ArgumentException($"Token {token} can't attend to {firsts[token]} and what follows.", nameof(firsts));
            }
            tokens += document.Length;
        }
        ShapeMismatchException.ThrowUnlessEqual(tokens, firsts.Length, nameof(documents));
    }

    private void Run(AttentionOperands operands, ReadOnlySpan<AttentionDocument> documents, ComputeContext context)
    {
        fixed (AttentionDocument* all = documents)
        {
            var work = new Heads
            {
                Operands = operands,
                Documents = all,
                DocumentCount = documents.Length,
                Context = context,
            };
            ProductTiles.Choose(ref work, precision, context);
        }
    }

    /// <summary>The work on all heads with some tile.</summary>
    private struct Heads : ITileUser
    {
        public AttentionOperands Operands;
        public AttentionDocument* Documents;
        public int DocumentCount;
        public ComputeContext Context;

        public readonly void Use<TTile>(TTile tile) where TTile : struct, IProductTile
        {
            if (typeof(TTile) == typeof(BFloat16Tile512))
                Run<TTile, PairScores>(Context.Kernels!.FindPairScores(Operands.HeadDim));
            else
                Run<TTile, TileScores<TTile>>(new TileScores<TTile>(tile));
        }

        private readonly void Run<TTile, TScores>(TScores scores)
            where TTile : struct, IProductTile
            where TScores : struct, IAttentionScores
        {
            var work = new TileHeads<TTile, TScores>
            {
                Operands = Operands,
                Documents = Documents,
                Scores = scores,
                DocumentCount = DocumentCount,
                WorkerCount = Context.Team.WorkerCount,
            };
            Context.Team.Run(ref work, DocumentCount * Operands.KeyValueHeadCount);
        }
    }

    /// <summary>The work on one key-value head of a document.</summary>
    private struct TileHeads<TTile, TScores> : IChunkedWork
        where TTile : struct, IProductTile
        where TScores : struct, IAttentionScores
    {
        public AttentionOperands Operands;
        public AttentionDocument* Documents;
        public TScores Scores;
        public int DocumentCount;
        public int WorkerCount;

        public readonly void Execute(int chunk)
        {
            var (document, keyValueHead) = Head(chunk);
            var hasGradients = Operands.AttendedGradient != null;
            var needed = new AttentionScratch<TTile, TScores>(null, Operands.HeadDim, document.Length, hasGradients).Length;
            var rented = ArrayPool<float>.Shared.Rent(checked((int)needed + NativeBuffer.Alignment / sizeof(float)));
            fixed (float* memory = rented)
            {
                var start = (float*)(((nuint)memory + NativeBuffer.Alignment - 1) & ~(nuint)(NativeBuffer.Alignment - 1));
                var scratch = new AttentionScratch<TTile, TScores>(start, Operands.HeadDim, document.Length, hasGradients);
                var head = new HeadAttention<TTile, TScores>(
                    in Operands, Scores, document, keyValueHead, Head(chunk + WorkerCount), scratch);
                if (hasGradients)
                    head.AddGradients();
                else
                    head.Attend();
            }
            ArrayPool<float>.Shared.Return(rented);
        }

        private readonly (AttentionDocument Document, int KeyValueHead) Head(int chunk)
        {
            var (document, head) = Math.DivRem(chunk, Operands.KeyValueHeadCount);
            return document < DocumentCount ? (Documents[document], head) : default;
        }
    }
}
