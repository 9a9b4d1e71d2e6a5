using System.Buffers;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Causal grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245) over whole documents, and its gradient. A block of queries meets
/// all keys that it sees at once; probabilities are computed anew for the gradient from the logarithm of their sum, and never kept (Dao et
/// al. 2022, arXiv:2205.14135). So memory grows with the length of a document and not with its square.
/// </summary>
/// <remarks>A thread takes one document's key-value head with all of its query heads, so every sum has one order.</remarks>
/// <param name="headCount">Query heads.</param>
/// <param name="keyValueHeadCount">Key and value heads; divides the query heads.</param>
/// <param name="headDim">Values in a head.</param>
/// <param name="precision">To what the operands of products are rounded.</param>
public sealed unsafe class DocumentAttention(
    int headCount, int keyValueHeadCount, int headDim, ProductPrecision precision = ProductPrecision.F32)
{
    // A multiple of the product tile's rows, 4, 6 or 8: few enough to waste little above the diagonal.
    private const int QueryBlock = 72;

    private readonly float _scale = (float)(1 / Math.Sqrt(headDim));

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
            fixed (AttentionDocument* all = documents)
            {
                var work = new Heads
                {
                    Attention = this,
                    Kernel = Precision == ProductPrecision.BF16 ? context.Kernels?.FindBFloat16Tile() : null,
                    Documents = all,
                    Query = queries,
                    Key = keys,
                    Value = values,
                    Firsts = first,
                    Attended = outputs,
                    LogSums = sums,
                };
                context.Team.Run(ref work, documents.Length * keyValueHeadCount);
            }
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
        keyGradient.Clear();
        valueGradient.Clear();
        fixed (float* queries = query, keys = key, values = value, outputs = attended, sums = logSums, outputGradients = attendedGradient)
        {
            fixed (float* queryGradients = queryGradient, keyGradients = keyGradient, valueGradients = valueGradient)
            {
                fixed (int* first = firsts)
                fixed (AttentionDocument* all = documents)
                {
                    var work = new Heads
                    {
                        Attention = this,
                        Kernel = Precision == ProductPrecision.BF16 ? context.Kernels?.FindBFloat16Tile() : null,
                        Documents = all,
                        Query = queries,
                        Key = keys,
                        Value = values,
                        Firsts = first,
                        Attended = outputs,
                        LogSums = sums,
                        AttendedGradient = outputGradients,
                        QueryGradient = queryGradients,
                        KeyGradient = keyGradients,
                        ValueGradient = valueGradients,
                    };
                    context.Team.Run(ref work, documents.Length * keyValueHeadCount);
                }
            }
        }
    }

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

    /// <summary>The work on one key-value head of a document.</summary>
    private struct Heads : IChunkedWork
    {
        public DocumentAttention Attention;
        public ExecutableCode? Kernel;
        public AttentionDocument* Documents;
        public float* Query;
        public float* Key;
        public float* Value;
        public int* Firsts;
        public float* Attended;
        public float* LogSums;

        // Null where only the forward pass is wanted.
        public float* AttendedGradient;
        public float* QueryGradient;
        public float* KeyGradient;
        public float* ValueGradient;

        public readonly void Execute(int chunk)
        {
            if (Kernel is { } kernel)
                Execute(new BFloat16Tile512(kernel), chunk);
            else if (Attention.Precision == ProductPrecision.BF16)
                Execute(new BFloat16Tile256(), chunk);
            else if (Vector512.IsHardwareAccelerated)
                Execute(new ProductTile512(), chunk);
            else
                Execute(new ProductTile256(), chunk);
        }

        private readonly void Execute<TTile>(TTile tile, int chunk) where TTile : struct, IProductTile
        {
            var document = Documents[chunk / Attention.KeyValueHeads];
            var keyValueHead = chunk % Attention.KeyValueHeads;
            var group = Attention.QueryHeads / Attention.KeyValueHeads;
            var longest = 0;
            for (var start = 0; start < document.Length; start += QueryBlock)
                longest = Math.Max(longest, new QueryRows(this, document, start).KeyCount);
            var scratchLength = PanelProduct<TTile>.ScratchLength;
            var rented = ArrayPool<float>.Shared.Rent(checked(scratchLength + 2 * QueryBlock * longest));
            fixed (float* scratch = rented)
            {
                for (var head = keyValueHead * group; head < (keyValueHead + 1) * group; head++)
                {
                    for (var start = 0; start < document.Length; start += QueryBlock)
                    {
                        var rows = new QueryRows(this, document, start);
                        var block = new AttentionBlock<TTile>(this, tile, rows, head, keyValueHead, scratch);
                        if (AttendedGradient == null)
                            block.Attend();
                        else
                            block.AddGradients();
                    }
                }
            }
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    private int QueryHeads => headCount;

    private int KeyValueHeads => keyValueHeadCount;

    private int HeadDim => headDim;

    private ProductPrecision Precision => precision;

    /// <summary>A block of queries and the keys that any of them sees.</summary>
    private readonly struct QueryRows
    {
        public QueryRows(in Heads heads, AttentionDocument document, int start)
        {
            First = document.Start + start;
            Count = Math.Min(QueryBlock, document.Length - start);
            FirstKey = heads.Firsts[First];
        }

        public int First { get; }

        public int Count { get; }

        public int FirstKey { get; }

        public int KeyCount => First + Count - FirstKey;
    }

    /// <summary>One head's work on a block of queries.</summary>
    private readonly ref struct AttentionBlock<TTile>
        where TTile : struct, IProductTile
    {
        private readonly ref readonly Heads _heads;
        private readonly PanelProduct<TTile> _product;
        private readonly QueryRows _rows;
        private readonly int _head;
        private readonly float* _scratch;
        private readonly float* _probabilities;
        private readonly int _headDim;
        private readonly int _queryWidth;
        private readonly int _keyValueWidth;
        private readonly nint _queryOffset;
        private readonly nint _keyOffset;

        public AttentionBlock(in Heads heads, TTile tile, QueryRows rows, int head, int keyValueHead, float* scratch)
        {
            _heads = ref heads;
            _product = new PanelProduct<TTile>(tile);
            _rows = rows;
            _head = head;
            _scratch = scratch;
            _probabilities = scratch + PanelProduct<TTile>.ScratchLength;
            _headDim = heads.Attention.HeadDim;
            _queryWidth = heads.Attention.QueryWidth;
            _keyValueWidth = heads.Attention.KeyValueWidth;
            _queryOffset = (nint)rows.First * _queryWidth + (nint)head * _headDim;
            _keyOffset = (nint)rows.FirstKey * _keyValueWidth + (nint)keyValueHead * _headDim;
        }

        private StridedMatrix Queries => new(_heads.Query + _queryOffset, _queryWidth, 1);

        private StridedMatrix Keys => new(_heads.Key + _keyOffset, _keyValueWidth, 1);

        private StridedMatrix Values => new(_heads.Value + _keyOffset, _keyValueWidth, 1);

        private StridedMatrix Probabilities => new(_probabilities, _rows.KeyCount, 1);

        public void Attend()
        {
            Multiply(Queries, Keys.Transposed, _rows.Count, _rows.KeyCount, _headDim, _probabilities, _rows.KeyCount, accumulate: false);
            Span<float> factors = stackalloc float[QueryBlock];
            for (var row = 0; row < _rows.Count; row++)
            {
                var (sum, largest) = Exponentiate(row);
                factors[row] = 1 / sum;
                LogSum(row) = largest + MathF.Log(sum);
            }
            var output = _heads.Attended + _queryOffset;
            Multiply(Probabilities, Values, _rows.Count, _headDim, _rows.KeyCount, output, _queryWidth, accumulate: false);
            for (var row = 0; row < _rows.Count; row++)
            {
                foreach (ref var value in new Span<float>(output + (nint)row * _queryWidth, _headDim))
                    value *= factors[row];
            }
        }

        public void AddGradients()
        {
            var (count, keyCount) = (_rows.Count, _rows.KeyCount);
            var gradient = new StridedMatrix(_heads.AttendedGradient + _queryOffset, _queryWidth, 1);
            var scoreGradients = _probabilities + (nint)count * keyCount;
            Multiply(Queries, Keys.Transposed, count, keyCount, _headDim, _probabilities, keyCount, accumulate: false);
            Multiply(gradient, Values.Transposed, count, keyCount, _headDim, scoreGradients, keyCount, accumulate: false);
            for (var row = 0; row < count; row++)
            {
                // What the softmax's denominator gives back is the same for all of a row's scores.
                var common = 0f;
                var outputs = _heads.Attended + _queryOffset + (nint)row * _queryWidth;
                var gradients = gradient.Values + (nint)row * _queryWidth;
                for (var i = 0; i < _headDim; i++)
                    common += outputs[i] * gradients[i];
                TurnRow(row, scoreGradients + (nint)row * keyCount, common);
            }
            var scores = new StridedMatrix(scoreGradients, keyCount, 1);
            Multiply(Probabilities.Transposed, gradient, keyCount, _headDim, count, _heads.ValueGradient + _keyOffset, _keyValueWidth,
                accumulate: true);
            Multiply(scores.Transposed, Queries, keyCount, _headDim, count, _heads.KeyGradient + _keyOffset, _keyValueWidth,
                accumulate: true);
            Multiply(scores, Keys, count, _headDim, keyCount, _heads.QueryGradient + _queryOffset, _queryWidth, accumulate: false);
        }

        private ref float LogSum(int row) => ref _heads.LogSums[(nint)(_rows.First + row) * _heads.Attention.QueryHeads + _head];

        /// <summary>The keys that a row sees, counted from the block's first.</summary>
        private (int Start, int End) Seen(int row) =>
            (_heads.Firsts[_rows.First + row] - _rows.FirstKey, _rows.First + row + 1 - _rows.FirstKey);

        /// <summary>
        /// Turns a row's products into e to the power of their distance from the largest; returns the sum and the largest, scaled.
        /// </summary>
        private (float Sum, float Largest) Exponentiate(int row)
        {
            var scale = _heads.Attention._scale;
            var scores = Row(_probabilities, row);
            var (start, end) = Seen(row);
            scores[..start].Clear();
            scores[end..].Clear();
            var seen = scores[start..end];
            var largest = scale * Largest(seen);
            var sums = Vector256<float>.Zero;
            fixed (float* values = seen)
            {
                var i = 0;
                for (; i <= seen.Length - 8; i += 8)
                {
                    var e = Exponential.Of(Vector256.FusedMultiplyAdd(Vector256.Load(values + i), Vector256.Create(scale),
                        Vector256.Create(-largest)));
                    e.Store(values + i);
                    sums += e;
                }
                var sum = Vector256.Sum(sums);
                for (; i < seen.Length; i++)
                    sum += values[i] = MathF.Exp(MathF.FusedMultiplyAdd(values[i], scale, -largest));
                return (sum, largest);
            }
        }

        /// <summary>
        /// Turns a row's products into probabilities, and the gradients of probabilities, in place, into those of the products.
        /// </summary>
        private void TurnRow(int row, float* gradients, float common)
        {
            var scale = _heads.Attention._scale;
            var logSum = LogSum(row);
            var scores = Row(_probabilities, row);
            var (start, end) = Seen(row);
            scores[..start].Clear();
            scores[end..].Clear();
            new Span<float>(gradients, start).Clear();
            new Span<float>(gradients + end, scores.Length - end).Clear();
            fixed (float* values = scores)
            {
                var i = start;
                for (; i <= end - 8; i += 8)
                {
                    var p = Exponential.Of(Vector256.FusedMultiplyAdd(Vector256.Load(values + i), Vector256.Create(scale),
                        Vector256.Create(-logSum)));
                    p.Store(values + i);
                    (p * Vector256.Create(scale) * (Vector256.Load(gradients + i) - Vector256.Create(common))).Store(gradients + i);
                }
                for (; i < end; i++)
                {
                    values[i] = MathF.Exp(MathF.FusedMultiplyAdd(values[i], scale, -logSum));
                    gradients[i] = values[i] * scale * (gradients[i] - common);
                }
            }
        }

        private Span<float> Row(float* values, int row) => new(values + (nint)row * _rows.KeyCount, _rows.KeyCount);

        private static float Largest(ReadOnlySpan<float> values)
        {
            var largests = Vector256.Create(float.NegativeInfinity);
            var i = 0;
            for (; i <= values.Length - 8; i += 8)
                largests = Vector256.Max(largests, Vector256.Create(values[i..]));
            var largest = float.NegativeInfinity;
            for (var lane = 0; lane < 8; lane++)
                largest = MathF.Max(largest, largests[lane]);
            for (; i < values.Length; i++)
                largest = MathF.Max(largest, values[i]);
            return largest;
        }

        private void Multiply(
            StridedMatrix left, StridedMatrix right, int rows, int columns, int depth, float* output, nint stride, bool accumulate) =>
            _product.Multiply(left, right, rows, columns, depth, output, stride, accumulate, _scratch);
    }
}
