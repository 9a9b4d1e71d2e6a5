using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Ayni.Llama;

/// <summary>
/// Collects an importance matrix as llama.cpp's <c>imatrix</c> tool does: computes a text chunk by chunk and sums up what enters the
/// matrices of all layers. As there by default, the output head and the embeddings are left out.
/// </summary>
public static class ImportanceCollector
{
    /// <summary>Collects from a text, while no engine uses the model.</summary>
    /// <param name="model">The model; its own matrices should be quantized little or not at all.</param>
    /// <param name="ids">The text's ids, opened as the model wants it: <see cref="LlamaModel.EncodePrompt"/>'s.</param>
    /// <param name="context">Tokens in a chunk, at most the text's. What is left over after the last whole chunk is dropped.</param>
    /// <param name="dataset">What to call the text.</param>
    /// <param name="progress">Told the share done, from 0 to 1.</param>
    /// <param name="cancellationToken">Looked at between parts of a chunk.</param>
    /// <exception cref="ModelFormatException">A matrix is given numbers that are not finite, or too large: the model is broken.</exception>
    public static ImportanceMatrix Collect(
        LlamaModel model, ReadOnlySpan<int> ids, int context, string dataset,
        IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(context);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(context, ids.Length);
        ImmutableArray<Projection> projections = [.. model.Weights.Projections];
        try
        {
            foreach (var projection in projections)
                projection.Statistics = new InputStatistics(projection.Columns);
            using var evaluator = new SequenceEvaluator(model, context);
            var chunks = new TextChunks(model, ids, context);
            var chunk = new int[context];
            for (var index = 0; index < chunks.Count; index++)
            {
                chunks.CopyTo(index, chunk);
                evaluator.Evaluate(chunk, startPosition: 0, receive: null, cancellationToken);
                evaluator.Clear();
                // A broken model says so after its first chunk, and not hours later.
                if (projections.FirstOrDefault(IsBroken) is { } broken)
                {
                    throw new ModelFormatException(
                        model.Metadata.Path, -1, broken.Name, "its inputs are not finite or too large; the model is broken");
                }
                progress?.Report((double)(index + 1) / chunks.Count);
            }
            return new ImportanceMatrix(projections.GroupBy(projection => projection.Name, StringComparer.Ordinal).Select(ToEntry))
            {
                Datasets = [dataset],
                ChunkCount = chunks.Count,
                ChunkSize = context,
            };
        }
        finally
        {
            foreach (var projection in projections)
                projection.Statistics = null;
        }
    }

    private static bool IsBroken(Projection projection)
    {
        foreach (var sum in projection.Statistics!.Squares)
        {
            if (!float.IsFinite((float)sum))
                return true;
        }
        return false;
    }

    /// <summary>The entry of one matrix, or of all experts' matrices in their order.</summary>
    private static ImportanceEntry ToEntry(IGrouping<string, Projection> stack)
    {
        var statistics = stack.Select(projection => projection.Statistics!).ToList();
        var columns = stack.First().Columns;
        var sums = new float[columns * statistics.Count];
        for (var i = 0; i < sums.Length; i++)
            sums[i] = (float)statistics[i / columns].Squares[i % columns];
        return new ImportanceEntry(stack.Key, ImmutableCollectionsMarshal.AsImmutableArray(sums), [.. statistics.Select(item => (float)item.Tokens)]);
    }
}
