namespace Ayni.Training;

/// <summary>What a recipe's run learns from, ready to be learned: the same wherever and whenever it is prepared.</summary>
internal sealed class RunData : IDisposable
{
    // What the order follows from beside the recipe's seed.
    private const ulong DataStream = 2;

    private RunData(
        Recipe recipe, ModelOrigin origin, string path, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var context = recipe.Context ?? origin.Config.ContextLength;
        if (context > origin.Config.ContextLength)
        {
            throw recipe.Error(
                "training.context", $"a context of {context} tokens is more than the model's {origin.Config.ContextLength}");
        }
        var tokenizer = new TrainingTokenizer(origin.Vocabulary, origin.ChatTemplate);
        TokenizerDigest = tokenizer.Digest;
        SourceFiles[] sources = [.. recipe.Sources.Index().Select(item => FindFiles(recipe, item.Index))];
        Shard = ShardWriter.OpenOrWrite(path, sources, recipe.Duplicates, tokenizer, progress, cancellationToken);
        try
        {
            Rows = new TrainingData(
                Shard, recipe.Sources, origin.Config,
                new DataShape(
                    recipe.Batch, context, recipe.Validation.Share, Permutation.Mix(recipe.Seed, DataStream), recipe.PreferenceBeta.HasValue));
        }
        catch
        {
            Shard.Dispose();
            throw;
        }
        Steps = recipe.Steps
            ?? (long)Math.Ceiling(recipe.Epochs!.Value * Rows.RowsPerEpoch / ((double)recipe.Batch * recipe.Accumulation));
    }

    /// <summary>The documents as tokens.</summary>
    public ShardFile Shard { get; }

    /// <summary>The batches.</summary>
    public TrainingData Rows { get; }

    /// <summary>Steps in all.</summary>
    public long Steps { get; }

    /// <summary>SHA-256 of the vocabulary and the chat template.</summary>
    public string TokenizerDigest { get; }

    /// <summary>Prepares the data.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="origin">The model's shape and vocabulary.</param>
    /// <param name="path">The shard, which is written unless there is one of just these contents.</param>
    /// <param name="progress">Told the share of the sources that is read, where they are read; null tells nobody.</param>
    /// <param name="cancellationToken">Ends the preparation.</param>
    /// <exception cref="RecipeException">The context is longer than the model's, or a source has no files.</exception>
    /// <exception cref="DataException">A source can't be read, or has nothing to learn.</exception>
    public static RunData Open(
        Recipe recipe, ModelOrigin origin, string path, IProgress<double>? progress, CancellationToken cancellationToken) =>
        new(recipe, origin, path, progress, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => Shard.Dispose();

    private static SourceFiles FindFiles(Recipe recipe, int source)
    {
        try
        {
            return SourceFiles.Find(recipe.Sources[source], recipe.Folder);
        }
        catch (DataException error)
        {
            throw recipe.Error($"data.sources.{source}.path", error.Message.TrimEnd('.'));
        }
    }
}
