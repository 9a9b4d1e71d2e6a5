using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>
/// Attention of all query heads that share one key-value head of a document, and its gradient, on one thread. Keys and values are packed
/// once. A tile's columns are queries and its rows keys, so that every query is a lane of the softmax, which it carries along by itself
/// from one block of keys to the next (Dao et al. 2022, arXiv:2205.14135).
/// </summary>
internal readonly unsafe ref struct HeadAttention<TTile, TScores>
    where TTile : struct, IProductTile
    where TScores : struct, IAttentionScores
{
    // Below every score, and far enough from the least number that distances from it are finite.
    private const float LowestBase = float.MinValue / 4;

    private readonly ref readonly AttentionOperands _operands;
    private readonly TTile _tile;
    private readonly TScores _scores;
    private readonly AttentionDocument _document;
    private readonly int _keyValueHead;
    private readonly AttentionScratch<TTile, TScores> _scratch;
    private readonly int _headDim;
    private readonly float _scale;

    /// <summary>Packs keys and values.</summary>
    /// <param name="operands">What is read and written.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="scores">What is made of scores.</param>
    /// <param name="document">The document.</param>
    /// <param name="keyValueHead">The head's number.</param>
    /// <param name="scratch">Memory for this document.</param>
    public HeadAttention(
        in AttentionOperands operands, TTile tile, TScores scores, AttentionDocument document, int keyValueHead,
        AttentionScratch<TTile, TScores> scratch)
    {
        _operands = ref operands;
        _tile = tile;
        _scores = scores;
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

    private int KeyBlock => TScores.KeyBlock(HasGradients);

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
        var sums = (int)AttentionScratch<TTile, TScores>.GradientFloats(_headDim, _document.Length);
        new Span<float>(_scratch.KeyGradients, sums).Clear();
        new Span<float>(_scratch.ValueGradients, sums).Clear();
        for (var head = _keyValueHead * GroupSize; head < (_keyValueHead + 1) * GroupSize; head++)
        {
            for (var start = 0; start < _document.Length; start += TTile.Columns)
                AddGradients(new QueryBlock(this, head, start));
        }
        WriteGradients(_scratch.KeyGradients, KeyValues(_operands.KeyGradient), _scale);
        WriteGradients(_scratch.ValueGradients, KeyValues(_operands.ValueGradient), 1);
    }

    [SkipLocalsInit]
    private void Attend(QueryBlock block)
    {
        var factors = stackalloc float[TTile.Columns];
        new Span<float>(_scratch.Bases, TTile.Columns).Fill(LowestBase);
        new Span<float>(_scratch.Sums, TTile.Columns).Clear();
        AskForNext(_operands.Query, block);
        Pack(Rows(_operands.Query, block), block.Count, _headDim, TTile.Columns, _scratch.Queries);
        for (var key = block.FirstKey; key < block.EndKey;)
        {
            var sides = _scores.Exponentiate(Scores(block, key));
            if (key > block.FirstKey)
                CorrectOutput();
            MultiplyScores(_scratch.ValueColumns, sides, key, accumulate: key > block.FirstKey);
            key += sides.Count;
        }
        for (var query = 0; query < block.Count; query++)
        {
            LogSum(block, query) = _scratch.Bases[query] + MathF.Log(_scratch.Sums[query]);
            factors[query] = 1 / _scratch.Sums[query];
        }
        WriteOutput(Rows(_operands.Attended, block), block.Count, factors);
    }

    [SkipLocalsInit]
    private void AddGradients(QueryBlock block)
    {
        var factors = stackalloc float[TTile.Columns];
        var (queries, gradients) = (Rows(_operands.Query, block), Rows(_operands.AttendedGradient, block));
        AskForNext(_operands.Query, block);
        AskForNext(_operands.AttendedGradient, block);
        AskForNext(_operands.Attended, block);
        Pack(queries, block.Count, _headDim, TTile.Columns, _scratch.Queries);
        Pack(gradients, block.Count, _headDim, TTile.Columns, _scratch.Gradients);
        Pack(queries.Transposed, _headDim, block.Count, TTile.Columns, _scratch.QueryColumns);
        Pack(gradients.Transposed, _headDim, block.Count, TTile.Columns, _scratch.GradientColumns);
        new Span<float>(_scratch.Bases, TTile.Columns).Clear();
        new Span<float>(_scratch.Commons, TTile.Columns).Clear();
        var outputs = Rows(_operands.Attended, block);
        for (var query = 0; query < block.Count; query++)
        {
            _scratch.Bases[query] = LogSum(block, query);
            // What the softmax's denominator gives back is the same for all of a query's scores.
            _scratch.Commons[query] = -Dot(outputs.From(query, 0).Values, gradients.From(query, 0).Values);
        }
        for (var key = block.FirstKey; key < block.EndKey; key += KeyBlock)
        {
            var sides = _scores.Differentiate(Scores(block, key));
            AddQueries(sides.Probabilities, sides.Count, block.Count, _scratch.GradientColumns, key, _scratch.ValueGradients);
            AddQueries(sides.Gradients, sides.Count, block.Count, _scratch.QueryColumns, key, _scratch.KeyGradients);
            MultiplyScores(_scratch.KeyColumns, sides, key, accumulate: key > block.FirstKey);
        }
        new Span<float>(factors, TTile.Columns).Fill(_scale);
        WriteOutput(Rows(_operands.QueryGradient, block), block.Count, factors);
    }

    /// <summary>The block's next keys from one on, at which a packed panel starts.</summary>
    private ScoreBlock Scores(QueryBlock block, int key)
    {
        var count = Math.Min(KeyBlock, block.EndKey - key);
        Hide(block, key, count);
        var steps = PanelProduct<TTile>.Steps(_headDim);
        return new ScoreBlock
        {
            Count = count,
            HeadDim = _headDim,
            Scale = _scale,
            Keys = _scratch.KeyRows + (nint)key * steps,
            Values = _scratch.ValueRows + (nint)key * steps,
            Queries = _scratch.Queries,
            Gradients = _scratch.Gradients,
            Hidden = (uint*)_scratch.Hidden,
            Bases = _scratch.Bases,
            Sums = _scratch.Sums,
            Corrections = _scratch.Corrections,
            Commons = _scratch.Commons,
            Memory = _scratch.Scores,
        };
    }

    /// <summary>Notes which queries do not see which key: those before it, those whose window begins after it, and those that are none.</summary>
    private void Hide(QueryBlock block, int key, int count)
    {
        var hidden = new Span<uint>(_scratch.Hidden, (count + TTile.Rows - 1) / TTile.Rows * TTile.Rows);
        hidden.Fill(block.Count == 32 ? 0 : uint.MaxValue << block.Count);
        for (var i = Math.Max(0, block.Start + 1 - key); i < hidden.Length; i++)
        {
            var queriesBefore = key + i - block.Start;
            hidden[i] |= queriesBefore < 32 ? ~(uint.MaxValue << queriesBefore) : uint.MaxValue;
        }
        for (var i = 0; i < Math.Min(count, block.FirstSeenByAll - key); i++)
        {
            for (var query = 0; query < block.Count; query++)
            {
                if (FirstSeen(block.Start + query) > key + i)
                    hidden[i] |= 1u << query;
            }
        }
    }

    /// <summary><c>[headDim, keys] · [keys, queries]</c> into or onto the output.</summary>
    private void MultiplyScores(float* left, ScoreSides sides, int key, bool accumulate)
    {
        var rows = TileRows.Packed<TTile>(
            left + (nint)(key / TTile.StepValues) * TTile.Rows, PanelProduct<TTile>.Steps(_document.Length));
        _tile.Multiply(
            rows, (_headDim + TTile.Rows - 1) / TTile.Rows, sides.Columns, PanelProduct<TTile>.Steps(sides.Count),
            accumulate ? _scratch.Output : null, _scratch.Output, TTile.Columns);
    }

    /// <summary>Adds <c>[keys, queries] · [queries, headDim]</c> to the sums of all keys.</summary>
    private void AddQueries(TileRows rows, int keyCount, int queryCount, float* right, int key, float* sums)
    {
        var steps = PanelProduct<TTile>.Steps(queryCount);
        var stride = (int)PanelProduct<TTile>.Padded(_headDim, TTile.Columns);
        for (var column = 0; column < stride; column += TTile.Columns)
        {
            var output = sums + (nint)key * stride + column;
            _tile.Multiply(
                rows, (keyCount + TTile.Rows - 1) / TTile.Rows, right + (nint)column * steps, steps, output, output, stride);
        }
    }

    /// <summary>Brings what the queries attended to so far to the base that moved.</summary>
    private void CorrectOutput()
    {
        for (var lane = 0; lane < TTile.Columns; lane += Vector512<float>.Count)
        {
            var correction = Vector512.Load(_scratch.Corrections + lane);
            if (correction == Vector512<float>.One)
                continue;
            var output = _scratch.Output + lane;
            for (var i = 0; i < _headDim; i++, output += TTile.Columns)
                (Vector512.Load(output) * correction).Store(output);
        }
    }

    /// <summary>Writes the sums of all keys, times a factor.</summary>
    private void WriteGradients(float* sums, StridedMatrix target, float factor)
    {
        var stride = PanelProduct<TTile>.Padded(_headDim, TTile.Columns);
        for (var token = 0; token < _document.Length; token++, sums += stride)
        {
            var row = target.From(token, 0).Values;
            var i = 0;
            for (; i + 8 <= _headDim; i += 8)
                (Vector256.Load(sums + i) * factor).Store(row + i);
            for (; i < _headDim; i++)
                row[i] = sums[i] * factor;
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
        public QueryBlock(in HeadAttention<TTile, TScores> attention, int head, int start)
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
