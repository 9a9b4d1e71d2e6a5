using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>
/// Attention for tiles of tokens of one sequence and all query heads of one key and value head: a block's keys and values are unpacked once
/// into the first-level cache and used by the whole tile.
/// </summary>
/// <remarks>
/// Each query goes by itself through parts of 64 slots that begin at multiples of 64: scores are summed value by value, weights slot by
/// slot. So its result has the same bits in any tile.
/// </remarks>
internal static unsafe class TiledAttention<TFormat> where TFormat : struct, ICacheFormat
{
    // Queries of a tile: enough to pay for unpacking, few enough to stay in the first-level cache.
    private const int WantedRows = 32;
    private const int PartBlocks = 4;
    private const int LineBytes = 64;
    private const int PartSlots = PartBlocks * AttentionShape.BlockTokens;

    public static void Attend(
        KeyValueBlocks cache,
        ReadOnlySpan<float> query,
        ReadOnlySpan<int> blockTable,
        ReadOnlySpan<AttentionSpan> spans,
        Span<float> output,
        ComputeContext context)
    {
        var shape = cache.Shape;
        var tileTokens = Math.Max(1, WantedRows / shape.GroupSize);
        var tileRows = tileTokens * shape.GroupSize;
        var tileBytes = TileMemory.BytesOf(shape, tileRows, PartSlots);
        var scratch = context.RentScratch(context.Team.WorkerCount * tileBytes + (long)spans.Length * sizeof(Tile));
        var tiles = (Tile*)(scratch + context.Team.WorkerCount * tileBytes);
        fixed (float* queries = query, outputs = output)
        fixed (int* table = blockTable)
        fixed (AttentionSpan* places = spans)
        {
            var work = new AttendTiles
            {
                Cache = cache,
                Shape = shape,
                Query = queries,
                Output = outputs,
                BlockTable = table,
                Spans = places,
                Tiles = tiles,
                ItemCount = CutTiles(spans, tileTokens, tiles) * shape.KeyValueHeadCount,
                Scratch = scratch,
                TileRows = tileRows,
                TileBytes = tileBytes,
            };
            context.Team.Run(ref work, context.Team.WorkerCount);
        }
    }

    /// <summary>Consecutive tokens of one sequence, whose spans move on by one each.</summary>
    private static int CutTiles(ReadOnlySpan<AttentionSpan> spans, int tileTokens, Tile* tiles)
    {
        var count = 0;
        for (var token = 0; token < spans.Length; token++)
        {
            var follows = token > 0 && tiles[count - 1].Count < tileTokens && spans[token].TableStart == spans[token - 1].TableStart
                && spans[token].End == spans[token - 1].End + 1 && spans[token].First >= spans[token - 1].First;
            if (follows)
                tiles[count - 1].Count++;
            else
                tiles[count++] = new Tile { Start = token, Count = 1 };
        }
        return count;
    }

    /// <summary>Tokens from one on.</summary>
    private struct Tile
    {
        public int Start;
        public int Count;
    }

    /// <summary>The chunks are the workers, each with memory of its own; what they do they take one by one.</summary>
    private ref struct AttendTiles : IChunkedWork
    {
        public KeyValueBlocks Cache;
        public AttentionShape Shape;
        public float* Query;
        public float* Output;
        public int* BlockTable;
        public AttentionSpan* Spans;
        public Tile* Tiles;
        public int ItemCount;
        public byte* Scratch;
        public int TileRows;
        public long TileBytes;
        private int _taken;

        public void Execute(int worker)
        {
            var memory = new TileMemory(Shape, TileRows, PartSlots, (float*)(Scratch + worker * TileBytes));
            int item;
            while ((item = Interlocked.Increment(ref _taken) - 1) < ItemCount)
            {
                var (tile, head) = Math.DivRem(item, Shape.KeyValueHeadCount);
                Attend(Tiles[tile], head, memory);
            }
        }

        private readonly void Attend(Tile tile, int head, in TileMemory memory)
        {
            var spans = Spans + tile.Start;
            LoadQueries(tile, head, memory);
            for (var start = spans[0].First / PartSlots * PartSlots; start < spans[tile.Count - 1].End; start += PartSlots)
            {
                for (var block = 0; block < PartBlocks; block++)
                    Score(spans, tile.Count, start + block * AttentionShape.BlockTokens, block, head, memory);
                for (var token = 0; token < tile.Count; token++)
                {
                    var (first, end) = (Math.Max(0, spans[token].First - start), Math.Min(PartSlots, spans[token].End - start));
                    for (var row = token * Shape.GroupSize; first < end && row < (token + 1) * Shape.GroupSize; row++)
                        Weigh(row, first, end, memory);
                }
                for (var block = 0; block < PartBlocks; block++)
                    Gather(spans, tile.Count, start + block * AttentionShape.BlockTokens, block, head, memory);
            }
            StoreOutputs(tile, head, memory);
        }

        /// <summary>The tile's queries, times the scale of scores, and nothing gathered yet.</summary>
        private readonly void LoadQueries(Tile tile, int head, in TileMemory memory)
        {
            var scale = 1 / MathF.Sqrt(Shape.HeadDim);
            var length = Shape.GroupSize * Shape.HeadDim;
            for (var token = 0; token < tile.Count; token++)
            {
                var source = Query + ((long)(tile.Start + token) * Shape.KeyValueHeadCount + head) * length;
                var target = memory.Queries + token * length;
                for (var i = 0; i < length; i++)
                    target[i] = source[i] * scale;
            }
            var rows = tile.Count * Shape.GroupSize;
            new Span<float>(memory.Largest, rows).Fill(float.NegativeInfinity);
            new Span<float>(memory.Sums, rows).Clear();
            new Span<float>(memory.Outputs, rows * Shape.ValueWidth).Clear();
        }

        /// <summary>Scores of all queries that attend to a slot of a block, with all slots of the block.</summary>
        private readonly void Score(AttentionSpan* spans, int count, int start, int block, int head, in TileMemory memory)
        {
            var (first, end) = Attending(spans, count, start);
            if (first >= end)
                return;
            AskFor(Block(spans, start, head, isKey: false), TFormat.BytesOf(Shape.ValueWidth));
            var keys = TFormat.Keys(Block(spans, start, head, isKey: true), Shape.HeadDim, memory.Unpacked);
            var width = Shape.HeadDim;
            var lastRow = end * Shape.GroupSize;
            for (var row = first * Shape.GroupSize; row < lastRow; row += RowTile.Rows)
            {
                RowTile.Multiply(
                    memory.Queries + row * width, width, Math.Min(RowTile.Rows, lastRow - row),
                    keys, Lanes.Count, width,
                    memory.Weights + row * PartSlots + block * AttentionShape.BlockTokens, PartSlots);
            }
        }

        /// <summary>Turns one query's scores of a part into weights relative to the largest score so far.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Weigh(int row, int first, int end, in TileMemory memory)
        {
            const int Count = 8;
            var weights = memory.Weights + row * PartSlots;
            var (start, stop) = (first / Count * Count, (end + Count - 1) / Count * Count);
            for (var i = start; i < first; i++)
                weights[i] = float.NegativeInfinity;
            for (var i = end; i < stop; i++)
                weights[i] = float.NegativeInfinity;

            var largest = memory.Largest + row;
            var most = Vector256.Create(*largest);
            for (var i = start; i < stop; i += Count)
                most = Vector256.MaxNative(most, Vector256.Load(weights + i));
            var maximum = MaximumOf(most);

            var sum = Vector256<float>.Zero;
            for (var i = start; i < stop; i += Count)
            {
                var weight = Exponential.Of(Vector256.Load(weights + i) - Vector256.Create(maximum));
                weight.Store(weights + i);
                sum += weight;
            }

            // What was gathered so far was relative to the old maximum.
            var sums = memory.Sums + row;
            if (maximum == *largest)
            {
                *sums += Vector256.Sum(sum);
                return;
            }
            var correction = Exponential.Of(Vector256.Create(*largest - maximum));
            *sums = MathF.FusedMultiplyAdd(*sums, correction.ToScalar(), Vector256.Sum(sum));
            *largest = maximum;
            var output = memory.Outputs + row * Shape.ValueWidth;
            for (var i = 0; i < Shape.ValueWidth; i += Count)
                (Vector256.Load(output + i) * correction).Store(output + i);
        }

        /// <summary>Adds a block's values, weighted: only of slots that a query attends to, since others may hold anything.</summary>
        private readonly void Gather(AttentionSpan* spans, int count, int start, int block, int head, in TileMemory memory)
        {
            var (first, end) = Attending(spans, count, start);
            if (first >= end)
                return;
            var width = Shape.ValueWidth;
            if (start + PartSlots < spans[count - 1].End)
                AskFor(Block(spans, start + PartSlots, head, isKey: true), TFormat.BytesOf(Shape.HeadDim));
            var values = TFormat.Values(Block(spans, start, head, isKey: false), width, memory.Unpacked);
            for (var token = first; token < end;)
            {
                var slots = SlotsOf(spans[token], start);
                var next = token + 1;
                while (next < end && SlotsOf(spans[next], start) == slots)
                    next++;
                var lastRow = next * Shape.GroupSize;
                for (var row = token * Shape.GroupSize; row < lastRow; row += RowTile.Rows)
                {
                    var rows = Math.Min(RowTile.Rows, lastRow - row);
                    var weights = memory.Weights + row * PartSlots + block * AttentionShape.BlockTokens + slots.First;
                    for (var i = 0; i < width; i += Lanes.Count)
                    {
                        RowTile.MultiplyAdd(
                            weights, PartSlots, rows, values + slots.First * width + i, width, slots.End - slots.First,
                            memory.Outputs + row * width + i, width);
                    }
                }
                token = next;
            }
        }

        private readonly void StoreOutputs(Tile tile, int head, in TileMemory memory)
        {
            for (var row = 0; row < tile.Count * Shape.GroupSize; row++)
            {
                var (token, query) = Math.DivRem(row, Shape.GroupSize);
                var source = memory.Outputs + row * Shape.ValueWidth;
                var target = Output + ((long)(tile.Start + token) * Shape.HeadCount + head * Shape.GroupSize + query) * Shape.HeadDim;
                var factor = 1 / memory.Sums[row];
                for (var i = 0; i < Shape.HeadDim; i++)
                    target[i] = source[i] * factor;
            }
        }

        /// <summary>The tokens of a tile that attend to a slot of a block: spans move on together, so they lie side by side.</summary>
        private static (int First, int End) Attending(AttentionSpan* spans, int count, int start)
        {
            var (first, end) = (0, count);
            while (first < count && spans[first].End <= start)
                first++;
            while (end > 0 && spans[end - 1].First >= start + AttentionShape.BlockTokens)
                end--;
            return (first, end);
        }

        private static (int First, int End) SlotsOf(AttentionSpan span, int start) =>
            (Math.Max(0, span.First - start), Math.Min(AttentionShape.BlockTokens, span.End - start));

        /// <summary>
        /// Asks for what is needed next: a head's blocks lie far apart, so that the processor's own fetching ahead stops at the end of
        /// each.
        /// </summary>
        private static void AskFor(byte* block, int bytes)
        {
            for (var line = 0; Sse.IsSupported && line < bytes; line += LineBytes)
                Sse.Prefetch0(block + line);
        }

        private readonly byte* Block(AttentionSpan* spans, int start, int head, bool isKey)
        {
            var block = BlockTable[spans->TableStart + start / AttentionShape.BlockTokens];
            return isKey ? Cache.Key(block, head) : Cache.Value(block, head);
        }

        private static float MaximumOf(Vector256<float> values)
        {
            var four = Vector128.MaxNative(values.GetLower(), values.GetUpper());
            var two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
            return Vector128.MaxNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
        }
    }
}
