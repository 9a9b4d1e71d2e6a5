namespace Ayni.Kernels;

/// <summary>
/// Attention as it stands in a textbook, which the tests trust: all scores of a token and head, their softmax, the values' sum.
/// </summary>
internal static unsafe class AttentionReference<TFormat> where TFormat : struct, ICacheFormat
{
    public static void Attend(
        KeyValueBlocks cache,
        ReadOnlySpan<float> query,
        ReadOnlySpan<int> blockTable,
        ReadOnlySpan<AttentionSpan> spans,
        Span<float> output,
        ComputeContext context)
    {
        var work = new AttendHeads { Cache = cache, Query = query, BlockTable = blockTable, Spans = spans, Output = output };
        context.Team.Run(ref work, spans.Length * cache.Shape.HeadCount);
    }

    private ref struct AttendHeads : IChunkedWork
    {
        public KeyValueBlocks Cache;
        public ReadOnlySpan<float> Query;
        public ReadOnlySpan<int> BlockTable;
        public ReadOnlySpan<AttentionSpan> Spans;
        public Span<float> Output;

        public readonly void Execute(int tokenAndHead)
        {
            var shape = Cache.Shape;
            var (token, head) = Math.DivRem(tokenAndHead, shape.HeadCount);
            var keyValueHead = head / shape.GroupSize;
            var query = Query.Slice(tokenAndHead * shape.HeadDim, shape.HeadDim);
            var output = Output.Slice(tokenAndHead * shape.HeadDim, shape.HeadDim);
            var span = Spans[token];
            var weights = new double[span.End - span.First];
            for (var slot = span.First; slot < span.End; slot++)
            {
                var (index, row) = Math.DivRem(slot, AttentionShape.BlockTokens);
                var block = Cache.Key(BlockTable[span.TableStart + index], keyValueHead);
                var dot = 0f;
                for (var i = 0; i < shape.HeadDim; i++)
                    dot += query[i] * TFormat.Key(block, row, i);
                weights[slot - span.First] = dot / Math.Sqrt(shape.HeadDim);
            }
            Softmax.Apply(weights);
            output.Clear();
            for (var slot = span.First; slot < span.End; slot++)
            {
                var (index, row) = Math.DivRem(slot, AttentionShape.BlockTokens);
                var block = Cache.Value(BlockTable[span.TableStart + index], keyValueHead);
                for (var i = 0; i < shape.HeadDim; i++)
                    output[i] += (float)weights[slot - span.First] * TFormat.Value(block, shape.ValueWidth, row, i);
            }
        }
    }
}
