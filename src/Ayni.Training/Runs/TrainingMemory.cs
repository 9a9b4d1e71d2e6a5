using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>The memory that a run needs where its rows are full, in bytes, counted before anything is allocated.</summary>
internal static class TrainingMemory
{
    private const int Number = sizeof(float);

    /// <summary>Refuses a run that this machine has not the memory for.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="origin">The model it starts from.</param>
    /// <param name="available">Bytes that there are.</param>
    /// <exception cref="RecipeException">It needs more.</exception>
    public static void Require(Recipe recipe, ModelOrigin origin, long available)
    {
        var (config, weights) = (origin.Config, OfWeights(recipe, origin));
        if (weights > (UInt128)available)
        {
            throw recipe.Error(
                recipe.NewModel is null ? "model.parent" : "model.new",
                $"its {CountWeights(config, origin.TiesEmbeddings)} weights need {weights} bytes to be trained, and there are {available}");
        }
        var batch = OfBatch(config, recipe.Batch, recipe.Context ?? config.ContextLength, recipe.Recompute, recipe.Adapter is not null);
        if (weights + batch <= (UInt128)available)
            return;
        throw recipe.Error(
            "training.batch", $"{recipe.Batch} rows need {batch} bytes in a step beside {weights} for the weights, and there are {available}; "
            + "take fewer with more 'accumulation'" + (recipe.Recompute ? "" : ", or 'recompute: true'"));
    }

    /// <summary>
    /// Weights with their gradients and what the optimizer keeps of each: two moments, or of matrices under Muon one. Beside an adapter the
    /// weights that are decoded from the parent's file.
    /// </summary>
    public static UInt128 OfWeights(Recipe recipe, ModelOrigin origin)
    {
        if (recipe.Adapter is not null)
            return (UInt128)origin.Parent!.Tensors.Where(tensor => tensor.Type == TensorType.F32).Sum(tensor => tensor.Bytes);
        var kept = recipe.Optimizer.Kind == OptimizerKind.Muon ? 3u : 4u;
        return CountWeights(origin.Config, origin.TiesEmbeddings) * kept * Number;
    }

    /// <summary>
    /// What a pass keeps of a batch's tokens (<see cref="LayerActivations"/>), and what one layer after another works in.
    /// </summary>
    /// <param name="config">The shape.</param>
    /// <param name="rows">Rows of a batch.</param>
    /// <param name="context">Tokens of a row.</param>
    /// <param name="recompute">Whether activations are kept of one layer only.</param>
    /// <param name="hasAdapter">Whether an adapter is trained.</param>
    public static UInt128 OfBatch(LlamaConfig config, int rows, int context, bool recompute, bool hasAdapter)
    {
        var (hidden, query, key, layers) = (config.HiddenSize, config.QueryWidth, config.KeyValueWidth, config.LayerCount);
        var expertLayers = config.Experts?.Layers.Length ?? 0;
        // Queries, keys, values, what was attended to with its sums, the stream between, and heads before they were normalized.
        var attention = 2L * query + 2L * key + config.HeadCount + hidden + (config.NormalizesHeads ? query + key : 0L);
        // At most: gates kept in BF16 (PassState.RoundsRows) take half.
        var network = 2L * config.IntermediateSize;
        var experts = config.Experts is { } mixture ? 4L * mixture.IntermediateSize + mixture.Count : 0;
        var kept = recompute
            ? attention + Math.Max(expertLayers < layers ? network : 0, experts)
            : layers * attention + (layers - expertLayers) * network + expertLayers * experts;
        var streams = (layers + 1L) * hidden;
        // The gradients of the stream, of what was attended to, and of queries, keys and values.
        var working = hidden + 2L * query + 2L * key;
        var inner = (long)Math.Max(config.IntermediateSize, config.Experts?.IntermediateSize ?? 0);
        if (hasAdapter || config.Experts is not null || hidden * (query + 3 * inner) > PassState.MostPacked)
        {
            // All tokens go through a layer together (PassState.ForEachBlock): what enters a sublayer, what is in it, their gradients, and
            // what the gradients of weights are multiplied from.
            working += 3L * hidden + 2L * inner + (hasAdapter ? 0 : 3L * (hidden + inner) + query);
        }
        return (UInt128)(uint)rows * (uint)context * (UInt128)(kept + streams + working) * Number;
    }

    private static UInt128 CountWeights(LlamaConfig config, bool tiesEmbeddings)
    {
        var (hidden, layers) = ((UInt128)config.HiddenSize, (uint)config.LayerCount);
        var expertLayers = (uint)(config.Experts?.Layers.Length ?? 0);
        var attention = 2 * hidden * (uint)(config.QueryWidth + config.KeyValueWidth);
        var network = 3 * hidden * (uint)config.IntermediateSize;
        // The shared expert beside the others, and the router.
        var experts = config.Experts is { } mixture
            ? 3 * hidden * (uint)mixture.IntermediateSize * (uint)(mixture.Count + 1) + hidden * (uint)mixture.Count
            : 0;
        return layers * (attention + 2 * hidden) + (layers - expertLayers) * network + expertLayers * experts + hidden
            + hidden * (uint)config.VocabularySize * (tiesEmbeddings ? 1u : 2u);
    }
}
