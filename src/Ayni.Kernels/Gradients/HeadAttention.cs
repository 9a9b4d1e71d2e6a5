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
    // Below every score, and far above those that scores get where they are hidden.
    private const float LowestBase = -1e30f;

    private readonly ref readonly AttentionOperands _operands;
    private readonly TScores _scores;
    private readonly AttentionDocument _document;
    private readonly int _keyValueHead;
    private readonly (AttentionDocument Document, int KeyValueHead) _next;
    private readonly AttentionScratch<TTile, TScores> _scratch;
    private readonly int _headDim;
    private readonly float _scale;

    /// <summary>Packs keys and values.</summary>
    /// <param name="operands">What is read and written.</param>
    /// <param name="scores">What is made of scores.</param>
    /// <param name="document">The document.</param>
    /// <param name="keyValueHead">The head's number.</param>
    /// <param name="next">The document and head that this thread is likely to take next, to be asked for meanwhile.</param>
    /// <param name="scratch">Memory for this document.</param>
    public HeadAttention(
        in AttentionOperands operands, TScores scores, AttentionDocument document, int keyValueHead,
        (AttentionDocument Document, int KeyValueHead) next, AttentionScratch<TTile, TScores> scratch)
    {
        _operands = ref operands;
        _scores = scores;
        _document = document;
        _keyValueHead = keyValueHead;
        _next = next;
        _scratch = scratch;
        _headDim = operands.HeadDim;
        _scale = (float)(1 / Math.Sqrt(_headDim));

        var (keys, values) = (KeyValues(operands.Key, document, keyValueHead), KeyValues(operands.Value, document, keyValueHead));
        var length = document.Length;
        Pack(keys, length, new HeadSides { Rows = scratch.KeyRows, Columns = scratch.KeyColumns, Memory = scratch.Packing });
        Pack(values, length, new HeadSides { Rows = scratch.ValueRows, Columns = scratch.ValueColumns, Memory = scratch.Packing });
    }

    private int KeyBlock => TScores.KeyBlock(HasGradients);

    private int PaddedDim => (int)AttentionScratch<TTile, TScores>.PaddedDim(_headDim);

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
        Pack(Rows(_operands.Query, block), block.Count, new HeadSides { Turned = _scratch.Queries, Memory = _scratch.Packing });
        for (var key = block.FirstKey; key < block.EndKey;)
        {
            var sides = _scores.Exponentiate(Scores(block, key));
            if (key > block.FirstKey)
                CorrectOutput(block.Count);
            if (key == block.FirstKey)
            {
                AskForNextHead(block);
                AskFor(Rows(_operands.Attended, block), block.Count);
            }
            MultiplyScores(block, sides, _scratch.ValueColumns, key, accumulate: key > block.FirstKey);
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
        Pack(queries, block.Count, new HeadSides { Turned = _scratch.Queries, Columns = _scratch.QueryColumns, Memory = _scratch.Packing });
        Pack(
            gradients, block.Count,
            new HeadSides { Turned = _scratch.Gradients, Columns = _scratch.GradientColumns, Memory = _scratch.Packing });
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
            var (sides, isFirst) = (_scores.Differentiate(Scores(block, key)), key == block.FirstKey);
            // Asked for all at once, the next rows would be waited for.
            if (isFirst)
                AskForNext(_operands.AttendedGradient, block);
            AddQueries(block, sides.Probabilities, sides.Count, _scratch.GradientColumns, key, _scratch.ValueGradients);
            if (isFirst)
                AskForNext(_operands.Attended, block);
            AddQueries(block, sides.Gradients, sides.Count, _scratch.QueryColumns, key, _scratch.KeyGradients);
            if (isFirst)
            {
                AskForNextHead(block);
                AskFor(Rows(_operands.QueryGradient, block), block.Count);
            }
            MultiplyScores(block, sides, _scratch.KeyColumns, key, accumulate: !isFirst);
        }
        new Span<float>(factors, TTile.Columns).Fill(_scale);
        WriteOutput(Rows(_operands.QueryGradient, block), block.Count, factors);
    }

    /// <summary>The block's next keys from one on, at which a packed panel starts.</summary>
    private ScoreBlock Scores(QueryBlock block, int key)
    {
        var count = Math.Min(KeyBlock, block.EndKey - key);
        Hide(block, key, count);
        var rowFloats = TScores.RowFloats(_headDim);
        var isWindowed = key < block.FirstSeenByAll;
        return new ScoreBlock
        {
            Count = count,
            HeadDim = _headDim,
            Scale = _scale,
            Keys = _scratch.KeyRows + (nint)key * rowFloats,
            Values = _scratch.ValueRows + (nint)key * rowFloats,
            Queries = _scratch.Queries,
            Gradients = _scratch.Gradients,
            Hidden = (uint*)_scratch.Hidden,
            IsWholeEnd = block.Count == TTile.Columns && key + count == block.EndKey,
            VisibleCount = isWindowed || block.Count < TTile.Columns ? 0 : Math.Clamp(block.Start + 1 - key, 0, count),
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

    /// <summary><c>[queries, keys] · [keys, headDim]</c> into or onto the output.</summary>
    private void MultiplyScores(QueryBlock block, ScoreSides sides, float* right, int key, bool accumulate)
    {
        for (var column = 0; column < PaddedDim; column += TTile.Columns)
        {
            var panel = right + (nint)column * PanelProduct<TTile>.Steps(_document.Length) + (nint)(key / TTile.StepValues) * TTile.Columns;
            var output = _scratch.Output + column;
            _scores.MultiplyQueries(new ScoreProduct
            {
                Rows = sides.Queries,
                Tiles = (TTile.Columns + TTile.Rows - 1) / TTile.Rows,
                Right = panel,
                Steps = PanelProduct<TTile>.Steps(sides.Count),
                Distance = block.Start - key,
                Addend = accumulate ? output : null,
                Output = output,
                Stride = PaddedDim,
            });
        }
    }

    /// <summary>Adds <c>[keys, queries] · [queries, headDim]</c> to the sums of all keys.</summary>
    private void AddQueries(QueryBlock block, TileRows rows, int keyCount, float* right, int key, float* sums)
    {
        var steps = PanelProduct<TTile>.Steps(block.Count);
        for (var column = 0; column < PaddedDim; column += TTile.Columns)
        {
            var output = sums + (nint)key * PaddedDim + column;
            _scores.MultiplyKeys(new ScoreProduct
            {
                Rows = rows,
                Tiles = (keyCount + TTile.Rows - 1) / TTile.Rows,
                Right = right + (nint)column * steps,
                Steps = steps,
                Distance = block.Start - key,
                Addend = output,
                Output = output,
                Stride = PaddedDim,
            });
        }
    }

    /// <summary>Brings what the queries attended to so far to the base that moved.</summary>
    private void CorrectOutput(int count)
    {
        for (var query = 0; query < count; query++)
        {
            var correction = _scratch.Corrections[query];
            var row = _scratch.Output + (nint)query * PaddedDim;
            if (correction != 1)
                WriteRow(row, row, correction);
        }
    }

    /// <summary>Writes the output, each query times a factor of its own.</summary>
    private void WriteOutput(StridedMatrix target, int count, float* factors)
    {
        for (var query = 0; query < count; query++)
            WriteRow(_scratch.Output + (nint)query * PaddedDim, target.From(query, 0).Values, factors[query]);
    }

    /// <summary>Writes the sums of all keys, times a factor.</summary>
    private void WriteGradients(float* sums, StridedMatrix target, float factor)
    {
        for (var token = 0; token < _document.Length; token++)
            WriteRow(sums + (nint)token * PaddedDim, target.From(token, 0).Values, factor);
    }

    private void WriteRow(float* source, float* target, float factor)
    {
        var i = 0;
        for (; Vector512.IsHardwareAccelerated && i + 16 <= _headDim; i += 16)
            (Vector512.Load(source + i) * factor).Store(target + i);
        for (; i + 8 <= _headDim; i += 8)
            (Vector256.Load(source + i) * factor).Store(target + i);
        for (; i < _headDim; i++)
            target[i] = source[i] * factor;
    }

    private void Pack(StridedMatrix source, int rows, HeadSides sides) => _scores.Pack(source, rows, _headDim, sides);

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

    /// <summary>Asks for a block's share of the keys and values of the head that follows.</summary>
    private void AskForNextHead(QueryBlock block)
    {
        const int MostRows = 512;
        var rows = Math.Min(MostRows, _next.Document.Length);
        var blocks = (_document.Length + TTile.Columns - 1) / TTile.Columns * GroupSize;
        var index = block.Start / TTile.Columns + (block.Head - _keyValueHead * GroupSize) * (blocks / GroupSize);
        var (start, end) = (rows * index / blocks, rows * (index + 1) / blocks);
        AskFor(KeyValues(_operands.Key, _next.Document, _next.KeyValueHead).From(start, 0), end - start);
        AskFor(KeyValues(_operands.Value, _next.Document, _next.KeyValueHead).From(start, 0), end - start);
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
    private StridedMatrix KeyValues(float* values) => KeyValues(values, _document, _keyValueHead);

    private StridedMatrix KeyValues(float* values, AttentionDocument document, int keyValueHead) =>
        new StridedMatrix(values, _operands.KeyValueWidth, 1).From(document.Start, keyValueHead * _headDim);

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
