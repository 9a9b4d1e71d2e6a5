using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>The shape of a layer's grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245) over a paged cache.</summary>
/// <param name="HeadCount">Query heads.</param>
/// <param name="KeyValueHeadCount">Key and value heads; divides <paramref name="HeadCount"/>.</param>
/// <param name="HeadDim">Values in a head.</param>
/// <param name="BlockTokens">Tokens in a cache block.</param>
public readonly record struct AttentionShape(int HeadCount, int KeyValueHeadCount, int HeadDim, int BlockTokens)
{
    /// <summary>Floats of one layer's keys (or values) in one cache block, <c>[keyValueHeads, blockTokens, headDim]</c>.</summary>
    public int BlockLength => KeyValueHeadCount * BlockTokens * HeadDim;
}

/// <summary>What one token of a batch attends to: the slots of a sequence from <paramref name="First"/> up to its own.</summary>
/// <param name="TableStart">
/// Where the block of the sequence's slot 0 is, or would be, in the batch's block table: below 0 where the table does not begin with it.
/// </param>
/// <param name="First">The first slot attended to; above 0 where attention is local.</param>
/// <param name="End">One more than the last slot attended to; above <paramref name="First"/>.</param>
public readonly record struct AttentionSpan(int TableStart, int First, int End);

/// <summary>
/// Scaled dot-product attention over keys and values in a paged cache, with the softmax carried along block by block
/// (Milakov and Gimelshein 2018, arXiv:1805.02867), so that no row of scores is ever kept.
/// </summary>
/// <remarks>Blocks begin at fixed slots, so a token's result is the same to the bit whatever else is in its batch.</remarks>
public static class Attention
{
    /// <summary>Attends for every token and head.</summary>
    /// <param name="query"><c>[tokens, heads, headDim]</c>, rotated.</param>
    /// <param name="keys">The layer's keys, <c>[blocks, keyValueHeads, blockTokens, headDim]</c>.</param>
    /// <param name="values">The layer's values, shaped as the keys.</param>
    /// <param name="blockTable">The cache blocks of each sequence in order, one sequence after another.</param>
    /// <param name="spans"><c>[tokens]</c>: what each token attends to.</param>
    /// <param name="shape">The layer's shape.</param>
    /// <param name="output"><c>[tokens, heads, headDim]</c>, overwritten.</param>
    /// <param name="context">Tier and team.</param>
    public static void Apply(
        ReadOnlySpan<float> query,
        ReadOnlySpan<float> keys,
        ReadOnlySpan<float> values,
        ReadOnlySpan<int> blockTable,
        ReadOnlySpan<AttentionSpan> spans,
        AttentionShape shape,
        Span<float> output,
        ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(query.Length, (long)spans.Length * shape.HeadCount * shape.HeadDim, nameof(query));
        ShapeMismatchException.ThrowUnlessEqual(output.Length, query.Length, nameof(output));
        ShapeMismatchException.ThrowUnlessEqual(values.Length, keys.Length, nameof(values));
        var work = new AttendHeads
        {
            Query = query,
            Keys = keys,
            Values = values,
            BlockTable = blockTable,
            Spans = spans,
            Shape = shape,
            Output = output,
            Scalar = context.Tier == KernelTier.Scalar,
        };
        context.Team.Run(ref work, spans.Length * shape.HeadCount);
    }

    private ref struct AttendHeads : IChunkedWork
    {
        public ReadOnlySpan<float> Query;
        public ReadOnlySpan<float> Keys;
        public ReadOnlySpan<float> Values;
        public ReadOnlySpan<int> BlockTable;
        public ReadOnlySpan<AttentionSpan> Spans;
        public AttentionShape Shape;
        public Span<float> Output;
        public bool Scalar;

        public readonly void Execute(int tokenAndHead)
        {
            var (token, head) = Math.DivRem(tokenAndHead, Shape.HeadCount);
            var query = Query.Slice(tokenAndHead * Shape.HeadDim, Shape.HeadDim);
            var output = Output.Slice(tokenAndHead * Shape.HeadDim, Shape.HeadDim);
            var keyValueHead = head / (Shape.HeadCount / Shape.KeyValueHeadCount);
            if (Scalar)
                AttendScalar(query, output, Spans[token], keyValueHead);
            else
                AttendVector(query, output, Spans[token], keyValueHead);
        }

        private readonly ReadOnlySpan<float> Block(ReadOnlySpan<float> pool, AttentionSpan span, int index, int keyValueHead)
        {
            var length = Shape.BlockTokens * Shape.HeadDim;
            return pool.Slice(BlockTable[span.TableStart + index] * Shape.BlockLength + keyValueHead * length, length);
        }

        private readonly void AttendScalar(ReadOnlySpan<float> query, Span<float> output, AttentionSpan span, int keyValueHead)
        {
            var headDim = Shape.HeadDim;
            var scores = new double[span.End - span.First];
            for (var slot = span.First; slot < span.End; slot++)
            {
                var (index, row) = Math.DivRem(slot, Shape.BlockTokens);
                var key = Block(Keys, span, index, keyValueHead).Slice(row * headDim, headDim);
                var dot = 0f;
                for (var i = 0; i < headDim; i++)
                    dot += query[i] * key[i];
                scores[slot - span.First] = dot / Math.Sqrt(headDim);
            }
            Softmax.Apply(scores);
            output.Clear();
            for (var slot = span.First; slot < span.End; slot++)
            {
                var (index, row) = Math.DivRem(slot, Shape.BlockTokens);
                var value = Block(Values, span, index, keyValueHead).Slice(row * headDim, headDim);
                for (var i = 0; i < headDim; i++)
                    output[i] += (float)scores[slot - span.First] * value[i];
            }
        }

        private readonly void AttendVector(ReadOnlySpan<float> query, Span<float> output, AttentionSpan span, int keyValueHead)
        {
            var headDim = Shape.HeadDim;
            var scale = 1 / MathF.Sqrt(headDim);
            Span<float> weights = stackalloc float[Shape.BlockTokens];
            var largest = float.NegativeInfinity;
            var sum = 0f;
            output.Clear();
            for (var slot = span.First; slot < span.End;)
            {
                var (index, firstRow) = Math.DivRem(slot, Shape.BlockTokens);
                var rows = Math.Min(Shape.BlockTokens - firstRow, span.End - slot);
                var keys = Block(Keys, span, index, keyValueHead)[(firstRow * headDim)..];
                var blockLargest = largest;
                for (var row = 0; row < rows; row++)
                {
                    weights[row] = Dot(query, keys.Slice(row * headDim, headDim)) * scale;
                    blockLargest = MathF.Max(blockLargest, weights[row]);
                }

                // What was gathered so far was relative to the old maximum.
                var correction = MathF.Exp(largest - blockLargest);
                largest = blockLargest;
                sum *= correction;
                for (var row = 0; row < rows; row++)
                    sum += weights[row] = MathF.Exp(weights[row] - largest);
                Gather(output, correction, weights[..rows], Block(Values, span, index, keyValueHead)[(firstRow * headDim)..]);
                slot += rows;
            }
            Scale(output, 1 / sum);
        }

        private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
        {
            var x = MemoryMarshal.Cast<float, Vector256<float>>(a);
            var y = MemoryMarshal.Cast<float, Vector256<float>>(b);
            var sums = Vector256<float>.Zero;
            for (var i = 0; i < x.Length && i < y.Length; i++)
                sums = Vector256.FusedMultiplyAdd(x[i], y[i], sums);
            var sum = Vector256.Sum(sums);
            for (var i = x.Length * Vector256<float>.Count; i < a.Length; i++)
                sum += a[i] * b[i];
            return sum;
        }

        /// <summary><c>output = output · correction + Σ weights[row] · values[row]</c>.</summary>
        private static void Gather(Span<float> output, float correction, ReadOnlySpan<float> weights, ReadOnlySpan<float> values)
        {
            var outputs = MemoryMarshal.Cast<float, Vector256<float>>(output);
            for (var i = 0; i < outputs.Length; i++)
            {
                var sum = outputs[i] * correction;
                for (var row = 0; row < weights.Length; row++)
                {
                    var value = Vector256.Create(values.Slice(row * output.Length + i * Vector256<float>.Count, Vector256<float>.Count));
                    sum = Vector256.FusedMultiplyAdd(value, Vector256.Create(weights[row]), sum);
                }
                outputs[i] = sum;
            }
            for (var i = outputs.Length * Vector256<float>.Count; i < output.Length; i++)
            {
                output[i] *= correction;
                for (var row = 0; row < weights.Length; row++)
                    output[i] += weights[row] * values[row * output.Length + i];
            }
        }

        private static void Scale(Span<float> values, float factor)
        {
            for (var i = 0; i < values.Length; i++)
                values[i] *= factor;
        }
    }
}
