namespace Ayni.Kernels;

/// <summary>
/// Scaled dot-product attention over keys and values in a paged cache, with the softmax carried along part by part
/// (Milakov and Gimelshein 2018, arXiv:1805.02867), so that no row of scores is ever kept.
/// </summary>
/// <remarks>Parts begin at fixed slots, so a token's result is the same to the bit whatever else is in its batch.</remarks>
public static class Attention
{
    /// <summary>Attends for every token and head.</summary>
    /// <param name="query"><c>[tokens, heads, headDim]</c>, rotated.</param>
    /// <param name="cache">The layer's keys and values.</param>
    /// <param name="blockTable">The cache blocks of each sequence in order, one sequence after another.</param>
    /// <param name="spans"><c>[tokens]</c>: what each token attends to.</param>
    /// <param name="output"><c>[tokens, heads, headDim]</c>, overwritten.</param>
    /// <param name="context">Tier and team.</param>
    public static void Apply(
        ReadOnlySpan<float> query,
        KeyValueBlocks cache,
        ReadOnlySpan<int> blockTable,
        ReadOnlySpan<AttentionSpan> spans,
        Span<float> output,
        ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(query.Length, (long)spans.Length * cache.Shape.HeadCount * cache.Shape.HeadDim, nameof(query));
        ShapeMismatchException.ThrowUnlessEqual(output.Length, query.Length, nameof(output));
        foreach (var block in blockTable)
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)cache.BlockCount, nameof(blockTable));
        foreach (var span in spans)
        {
            var isInTable = span.First >= 0 && span.First < span.End
                && span.TableStart + span.First / AttentionShape.BlockTokens >= 0
                && span.TableStart + (span.End - 1) / AttentionShape.BlockTokens < blockTable.Length;
            if (!isInTable)
                throw new ArgumentOutOfRangeException(nameof(spans), span, "The slots attended to are not in the block table.");
        }
        cache.Attend(query, blockTable, spans, output, context);
    }
}
