using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>
/// Attention of all query heads that share one key-value head of a document, and its gradient, on one thread. Keys and values are packed
/// once. A tile's columns are queries and its rows keys, so that every query is a lane of the softmax, which it carries along by itself
/// from one block of keys to the next (Dao et al. 2022, arXiv:2205.14135).
/// </summary>
internal readonly unsafe ref struct HeadAttention<TTile>
    where TTile : struct, IProductTile
{
    private const int KeyBlock = AttentionScratch<TTile>.KeyBlock;

    private readonly ref readonly AttentionOperands _operands;
    private readonly TTile _tile;
    private readonly AttentionDocument _document;
    private readonly int _keyValueHead;
    private readonly AttentionScratch<TTile> _scratch;
    private readonly int _headDim;
    private readonly float _scale;

    /// <summary>Packs keys and values.</summary>
    /// <param name="operands">What is read and written.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="document">The document.</param>
    /// <param name="keyValueHead">The head's number.</param>
    /// <param name="scratch">Memory for this document.</param>
    public HeadAttention(
        in AttentionOperands operands, TTile tile, AttentionDocument document, int keyValueHead, AttentionScratch<TTile> scratch)
    {
        _operands = ref operands;
        _tile = tile;
        _document = document;
        _keyValueHead = keyValueHead;
        _scratch = scratch;
        _headDim = operands.HeadDim;
        _scale = (float)(1 / Math.Sqrt(_headDim));

        var (keys, values) = (KeyValues(operands.Key), KeyValues(operands.Value));
        var length = document.Length;
        AskFor(keys, length);
        AskFor(values, length);
        Pack(keys, length, _headDim, TTile.Rows, scratch.KeyRows);
        if (HasGradients)
        {
            Pack(values, length, _headDim, TTile.Rows, scratch.ValueRows);
            Pack(keys.Transposed, _headDim, length, TTile.Rows, scratch.KeyColumns);
        }
        else
        {
            Pack(values.Transposed, _headDim, length, TTile.Rows, scratch.ValueColumns);
        }
    }

    private bool HasGradients => _operands.AttendedGradient != null;

    private int GroupSize => _operands.HeadCount / _operands.KeyValueHeadCount;

    /// <summary>Computes what all queries attend to.</summary>
    public void Attend()
    {
        for (var head = _keyValueHead * GroupSize; head < (_keyValueHead + 1) * GroupSize; head++)
        {
            for (var start = 0; start < _document.Length; start += TTile.Columns)
                Attend(new QueryBlock(this, head, start));
        }
    }

    /// <summary>Computes all gradients.</summary>
    public void AddGradients()
    {
        var (keyGradients, valueGradients) = (KeyValues(_operands.KeyGradient), KeyValues(_operands.ValueGradient));
        for (var token = 0; token < _document.Length; token++)
        {
            new Span<float>(keyGradients.From(token, 0).Values, _headDim).Clear();
            new Span<float>(valueGradients.From(token, 0).Values, _headDim).Clear();
        }
        for (var head = _keyValueHead * GroupSize; head < (_keyValueHead + 1) * GroupSize; head++)
        {
            for (var start = 0; start < _document.Length; start += TTile.Columns)
                AddGradients(new QueryBlock(this, head, start));
        }
    }

    [SkipLocalsInit]
    private void Attend(QueryBlock block)
    {
        var largest = stackalloc float[TTile.Columns];
        var sums = stackalloc float[TTile.Columns];
        new Span<float>(largest, TTile.Columns).Fill(float.MinValue);
        AskForNext(_operands.Query, block);
        Pack(Rows(_operands.Query, block), block.Count, _headDim, TTile.Columns, _scratch.Queries);
        for (var key = block.FirstKey; key < block.EndKey; key += KeyBlock)
        {
            var count = Math.Min(KeyBlock, block.EndKey - key);
            MultiplyKeys(_scratch.KeyRows, key, count, _scratch.Queries, _scratch.Scores);
            Mask(block, key, count);
            Exponentiate(count, largest, sums, isFirst: key == block.FirstKey);
            MultiplyScores(_scratch.ValueColumns, _scratch.Scores, key, count, accumulate: key > block.FirstKey);
        }
        for (var query = 0; query < block.Count; query++)
            LogSum(block, query) = largest[query] + MathF.Log(sums[query]);
        for (var query = 0; query < TTile.Columns; query++)
            sums[query] = 1 / sums[query];
        WriteOutput(Rows(_operands.Attended, block), block.Count, sums);
    }

    [SkipLocalsInit]
    private void AddGradients(QueryBlock block)
    {
        var logSums = stackalloc float[TTile.Columns];
        var commons = stackalloc float[TTile.Columns];
        var (queries, gradients) = (Rows(_operands.Query, block), Rows(_operands.AttendedGradient, block));
        var (keyGradients, valueGradients) = (KeyValues(_operands.KeyGradient), KeyValues(_operands.ValueGradient));
        AskForNext(_operands.Query, block);
        AskForNext(_operands.AttendedGradient, block);
        AskForNext(_operands.Attended, block);
        Pack(queries, block.Count, _headDim, TTile.Columns, _scratch.Queries);
        Pack(gradients, block.Count, _headDim, TTile.Columns, _scratch.Gradients);
        Pack(queries.Transposed, _headDim, block.Count, TTile.Columns, _scratch.QueryColumns);
        Pack(gradients.Transposed, _headDim, block.Count, TTile.Columns, _scratch.GradientColumns);
        new Span<float>(logSums, TTile.Columns).Clear();
        new Span<float>(commons, TTile.Columns).Clear();
        var outputs = Rows(_operands.Attended, block);
        for (var query = 0; query < block.Count; query++)
        {
            logSums[query] = LogSum(block, query);
            // What the softmax's denominator gives back is the same for all of a query's scores.
            commons[query] = Dot(outputs.From(query, 0).Values, gradients.From(query, 0).Values);
        }
        for (var key = block.FirstKey; key < block.EndKey; key += KeyBlock)
        {
            var count = Math.Min(KeyBlock, block.EndKey - key);
            MultiplyKeys(_scratch.KeyRows, key, count, _scratch.Queries, _scratch.Scores);
            MultiplyKeys(_scratch.ValueRows, key, count, _scratch.Gradients, _scratch.ScoreGradients);
            Mask(block, key, count);
            TurnScores(count, logSums, commons);
            AddQueries(_scratch.Scores, count, block.Count, _scratch.GradientColumns, valueGradients.From(key, 0));
            AddQueries(_scratch.ScoreGradients, count, block.Count, _scratch.QueryColumns, keyGradients.From(key, 0));
            MultiplyScores(_scratch.KeyColumns, _scratch.ScoreGradients, key, count, accumulate: key > block.FirstKey);
        }
        var ones = commons;
        new Span<float>(ones, TTile.Columns).Fill(1);
        WriteOutput(Rows(_operands.QueryGradient, block), block.Count, ones);
    }

    /// <summary><c>[keys, headDim] · [headDim, queries]</c> into <c>[keys, queries]</c>.</summary>
    private void MultiplyKeys(float* left, int key, int count, float* right, float* output)
    {
        var steps = PanelProduct<TTile>.Steps(_headDim);
        _tile.Multiply(
            TileRows.Packed<TTile>(left + (nint)key * steps, steps), (count + TTile.Rows - 1) / TTile.Rows, right, steps, null, output, TTile.Columns);
    }

    /// <summary><c>[headDim, keys] · [keys, queries]</c> into or onto the output.</summary>
    private void MultiplyScores(float* left, float* scores, int key, int count, bool accumulate)
    {
        var columns = TTile.LayColumns(scores, count, _scratch.ScoreColumns);
        var rows = TileRows.Packed<TTile>(
            left + (nint)(key / TTile.StepValues) * TTile.Rows, PanelProduct<TTile>.Steps(_document.Length));
        _tile.Multiply(
            rows, (_headDim + TTile.Rows - 1) / TTile.Rows, columns, PanelProduct<TTile>.Steps(count),
            accumulate ? _scratch.Output : null, _scratch.Output, TTile.Columns);
    }

    /// <summary>Adds <c>[keys, queries] · [queries, headDim]</c>.</summary>
    private void AddQueries(float* scores, int keyCount, int queryCount, float* right, StridedMatrix output)
    {
        var rows = TTile.LayRows(new StridedMatrix(scores, TTile.Columns, 1), keyCount, queryCount, _scratch.ScoreRows);
        new PanelProduct<TTile>(_tile).MultiplyPanels(
            rows, keyCount, right, _headDim, queryCount, output.Values, output.Values, output.RowStride);
    }

    /// <summary>Makes the scores of keys that a query does not see negative infinity.</summary>
    private void Mask(QueryBlock block, int key, int count)
    {
        var hidden = Vector512.Create(float.NegativeInfinity);
        for (var i = Math.Max(0, block.Start + 1 - key); i < count; i++)
        {
            // A key is behind the queries before it.
            for (var lane = 0; lane < TTile.Columns; lane += Vector512<float>.Count)
            {
                var scores = _scratch.Scores + i * TTile.Columns + lane;
                var queries = Vector512<int>.Indices + Vector512.Create(block.Start + lane);
                var isSeen = Vector512.GreaterThanOrEqual(queries, Vector512.Create(key + i)).AsSingle();
                Vector512.ConditionalSelect(isSeen, Vector512.Load(scores), hidden).Store(scores);
            }
        }
        for (var i = 0; i < Math.Min(count, block.FirstSeenByAll - key); i++)
        {
            for (var query = 0; query < block.Count; query++)
            {
                if (FirstSeen(block.Start + query) > key + i)
                    _scratch.Scores[i * TTile.Columns + query] = float.NegativeInfinity;
            }
        }
    }

    /// <summary>
    /// Turns scores into e to the power of their distance from the largest so far, and adds to the sums; what came before is brought to the
    /// same distance.
    /// </summary>
    private void Exponentiate(int count, float* largest, float* sums, bool isFirst)
    {
        var scale = Vector512.Create(_scale);
        for (var lane = 0; lane < TTile.Columns; lane += Vector512<float>.Count)
        {
            var scores = _scratch.Scores + lane;
            var before = Vector512.Load(largest + lane);
            var now = Vector512.MaxNative(before, Largest(scores, count) * scale);
            var (shift, sum) = (-now, Vector512<float>.Zero);
            for (var i = 0; i < count; i++, scores += TTile.Columns)
            {
                var e = Exponential.Of(Vector512.FusedMultiplyAdd(Vector512.Load(scores), scale, shift));
                e.Store(scores);
                sum += e;
            }
            if (!isFirst)
            {
                var correction = Exponential.Of(before - now);
                sum += Vector512.Load(sums + lane) * correction;
                if (before != now)
                    MultiplyOutput(lane, correction);
            }
            sum.Store(sums + lane);
            now.Store(largest + lane);
        }
    }

    private void MultiplyOutput(int lane, Vector512<float> factor)
    {
        var output = _scratch.Output + lane;
        for (var i = 0; i < _headDim; i++, output += TTile.Columns)
            (Vector512.Load(output) * factor).Store(output);
    }

    private static Vector512<float> Largest(float* scores, int count)
    {
        var (even, odd) = (Vector512.Load(scores), Vector512.Load(scores));
        var i = 0;
        for (; i + 2 <= count; i += 2, scores += 2 * TTile.Columns)
        {
            even = Vector512.MaxNative(even, Vector512.Load(scores));
            odd = Vector512.MaxNative(odd, Vector512.Load(scores + TTile.Columns));
        }
        return Vector512.MaxNative(i < count ? Vector512.MaxNative(even, Vector512.Load(scores)) : even, odd);
    }

    /// <summary>Turns scores into probabilities, and the gradients of probabilities into those of scores.</summary>
    private void TurnScores(int count, float* logSums, float* commons)
    {
        var scale = Vector512.Create(_scale);
        for (var lane = 0; lane < TTile.Columns; lane += Vector512<float>.Count)
        {
            var scores = _scratch.Scores + lane;
            var gradients = _scratch.ScoreGradients + lane;
            var (shift, common) = (-Vector512.Load(logSums + lane), Vector512.Load(commons + lane));
            for (var i = 0; i < count; i++, scores += TTile.Columns, gradients += TTile.Columns)
            {
                var p = Exponential.Of(Vector512.FusedMultiplyAdd(Vector512.Load(scores), scale, shift));
                p.Store(scores);
                (p * scale * (Vector512.Load(gradients) - common)).Store(gradients);
            }
        }
    }

    /// <summary>Writes the output, each query times a factor of its own, query after query.</summary>
    private void WriteOutput(StridedMatrix target, int count, float* factors)
    {
        for (var query = 0; query < count; query += 8)
        {
            var factor = Vector256.Load(factors + query);
            for (var i = 0; i < _headDim; i += 8)
            {
                var from = _scratch.Output + i * TTile.Columns + query;
                var to = target.From(query, i);
                if (Avx.IsSupported && query + 8 <= count && i + 8 <= _headDim)
                {
                    PanelPacking.Turn(
                        Vector256.Load(from) * factor, Vector256.Load(from + TTile.Columns) * factor,
                        Vector256.Load(from + 2 * TTile.Columns) * factor, Vector256.Load(from + 3 * TTile.Columns) * factor,
                        Vector256.Load(from + 4 * TTile.Columns) * factor, Vector256.Load(from + 5 * TTile.Columns) * factor,
                        Vector256.Load(from + 6 * TTile.Columns) * factor, Vector256.Load(from + 7 * TTile.Columns) * factor,
                        to.Values, to.RowStride);
                    continue;
                }
                for (var q = 0; q < Math.Min(8, count - query); q++)
                {
                    for (var d = 0; d < Math.Min(8, _headDim - i); d++)
                        to.From(q, d).Values[0] = from[d * TTile.Columns + q] * factors[query + q];
                }
            }
        }
    }

    private static void Pack(StridedMatrix source, int rows, int depth, int width, float* panels) =>
        TTile.Pack(source, rows, depth, width, panels, PanelProduct<TTile>.Steps(depth));

    /// <summary>Asks for the rows of the block that follows, since a head's rows lie far apart.</summary>
    private void AskForNext(float* values, QueryBlock block)
    {
        var isLast = block.EndKey == _document.Length;
        var (head, start) = isLast ? (block.Head + 1, 0) : (block.Head, block.EndKey);
        if (head < (_keyValueHead + 1) * GroupSize)
        {
            var next = new QueryBlock(this, head, start);
            AskFor(Rows(values, next), next.Count);
        }
    }

    private void AskFor(StridedMatrix rows, int count)
    {
        for (var row = 0; row < count && Sse.IsSupported; row++)
        {
            for (var i = 0; i < _headDim; i += NativeBuffer.Alignment / sizeof(float))
                Sse.Prefetch1(rows.From(row, i).Values);
        }
    }

    private float Dot(float* a, float* b)
    {
        var sums = Vector256<float>.Zero;
        var i = 0;
        for (; i + 8 <= _headDim; i += 8)
            sums = Vector256.FusedMultiplyAdd(Vector256.Load(a + i), Vector256.Load(b + i), sums);
        var sum = Vector256.Sum(sums);
        for (; i < _headDim; i++)
            sum += a[i] * b[i];
        return sum;
    }

    private int FirstSeen(int query) => _operands.Firsts[_document.Start + query] - _document.Start;

    private ref float LogSum(QueryBlock block, int query) =>
        ref _operands.LogSums[(nint)(_document.Start + block.Start + query) * _operands.HeadCount + block.Head];

    /// <summary>The document's rows of this key-value head, <c>[tokens, headDim]</c>.</summary>
    private StridedMatrix KeyValues(float* values) => new StridedMatrix(values, _operands.KeyValueWidth, 1)
        .From(_document.Start, _keyValueHead * _headDim);

    /// <summary>A block's rows of a query head, <c>[queries, headDim]</c>.</summary>
    private StridedMatrix Rows(float* values, QueryBlock block) => new StridedMatrix(values, _operands.QueryWidth, 1)
        .From(_document.Start + block.Start, block.Head * _headDim);

    /// <summary>Some queries of a head, and the keys that any of them sees, all counted from the document's start.</summary>
    private readonly struct QueryBlock
    {
        public QueryBlock(in HeadAttention<TTile> attention, int head, int start)
        {
            Head = head;
            Start = start;
            Count = Math.Min(TTile.Columns, attention._document.Length - start);
            FirstKey = attention.FirstSeen(start) / TTile.Rows * TTile.Rows;
            FirstSeenByAll = attention.FirstSeen(start + Count - 1);
        }

        public int Head { get; }

        public int Start { get; }

        public int Count { get; }

        /// <summary>The first key that a query sees, or one shortly before it at which a packed panel starts.</summary>
        public int FirstKey { get; }

        public int FirstSeenByAll { get; }

        public int EndKey => Start + Count;
    }
}
