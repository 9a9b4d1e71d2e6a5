using System.Collections.Immutable;
using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>
/// A recipe being followed in a folder of its own, from the first step or from the last checkpoint there. Ended at any moment and opened
/// again, it goes on to the same numbers to the bit, whatever the number of threads. One thread at a time, and one process a folder.
/// </summary>
/// <remarks>
/// The folder gets <c>recipe.yaml</c> (as it was understood), <c>data.shard</c>, <c>checkpoint.bin</c>, <c>metrics.jsonl</c>,
/// <c>duplicates.jsonl</c>, <c>loss.html</c> and, at the end, <c>model.gguf</c>, <c>model/</c> or <c>adapter/</c>, and beside the weights
/// <c>provenance.json</c> and <c>provenance.leaves</c>.
/// </remarks>
public sealed class TrainingRun : IDisposable
{
    // What each kind of randomness follows from beside the recipe's seed.
    private const ulong AdapterStream = 1;
    private const ulong DropoutStream = 3;

    private readonly Recipe _recipe;
    private readonly TimeProvider _clock;
    private readonly FileStream _lock;
    private readonly ComputeContext _context;
    private readonly ModelOrigin _origin;
    private readonly TrainableModel _model;
    private readonly RunData _data;
    private readonly ManifestBuilder _manifest;
    private readonly MakerKey? _key;
    private readonly GradientPass _pass;
    private readonly IOptimizer _optimizer;
    private readonly LearningRateSchedule _schedule;
    private readonly ImmutableArray<(string Name, float[] Values)> _state;
    private readonly RunIdentity _identity;
    private readonly DivergenceGuard _guard = new();
    private readonly Lazy<IReadOnlyList<TrainingBatch>> _validation;

    private long _tokens;
    private long _learnedTokens;
    private long? _checkpointStep;

    private TrainingRun(
        Recipe recipe, string folder, int threads, TimeProvider clock, MakerKey? key, IProgress<double>? reading,
        CancellationToken cancellationToken)
    {
        (_recipe, Folder, _clock, _key) = (recipe, folder, clock, key);
        _lock = Lock(folder);
        var owned = new Stack<IDisposable>([_lock]);
        try
        {
            owned.Push(_context = new ComputeContext(ComputeContext.BestTier, threads));
            owned.Push(_origin = ModelOrigin.Open(recipe, cancellationToken));
            TrainingMemory.Require(recipe, _origin, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
            LicenceRemarks = LicenceCheck.Demand(recipe, _origin.Parent?.Metadata);
            owned.Push(_data = RunData.Open(recipe, _origin, PathOf("data.shard"), reading, cancellationToken));
            var parentDigest = _origin.ComputeParentDigest();
            _manifest = new ManifestBuilder(recipe, _data.TokenizerDigest, _origin.Parent, parentDigest, key);
            _validation = new(() => _data.Rows.ValidationBatches(recipe.Validation.Batches));
            _model = _origin.CreateModel(recipe, cancellationToken);
            if (recipe.Adapter is { } adapter)
            {
                _model.Attach(LowRankAdapter.Create(
                    _model, adapter with { BaseModel = _origin.Parent?.Name }, Permutation.Mix(recipe.Seed, AdapterStream)));
            }
            _pass = new GradientPass(_model, _context, recipe.Recompute, recipe.Precision, recipe.Balance);
            var plan = recipe.Optimizer;
            _optimizer = plan.Kind == OptimizerKind.Muon
                ? new Muon(_model.TrainableParameters, plan.Muon, plan.AdamW, _context)
                : new AdamW(_model.TrainableParameters, plan.AdamW, _context);
            _schedule = new LearningRateSchedule(plan.Decay, plan.PeakRate, plan.EndRate, plan.WarmUpSteps, Steps);
            _state = StateOf(_model, _optimizer);
            _identity = new RunIdentity(
                recipe.ComputeDigest(), parentDigest, _data.TokenizerDigest,
                [.. Data.Sources.Select(source => new SourceDigest(source.Name, source.Digest))]);
            Resume();
        }
        catch
        {
            while (owned.TryPop(out var item))
                item.Dispose();
            throw;
        }
    }

    /// <summary>The run's folder.</summary>
    public string Folder { get; }

    /// <summary>What the licences of the parent and of the models that wrote the sources ask of whoever hands the result on.</summary>
    public ImmutableArray<string> LicenceRemarks { get; }

    /// <summary>Steps in all.</summary>
    public long Steps => _data.Steps;

    /// <summary>Steps made.</summary>
    public long Step { get; private set; }

    /// <summary>Parameters that are trained.</summary>
    public long TrainedParameters => _model.TrainableParameters.Sum(parameter => (long)parameter.Values.Length);

    /// <summary>What it learns from.</summary>
    public ShardHeader Data => _data.Shard.Header;

    /// <summary>Documents that are longer than a row, and so learned in pieces that don't see each other.</summary>
    public int CutDocuments => _data.Rows.CutDocuments;

    /// <summary>Rows of an epoch.</summary>
    public long RowsPerEpoch => _data.Rows.RowsPerEpoch;

    /// <summary>Prepares a run, or goes on with one: reads the model, tokenizes the data and takes the folder's last checkpoint.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="folder">The run's folder; made where it is not there.</param>
    /// <param name="threads">Threads that compute; 0 takes one a core.</param>
    /// <param name="clock">What time it is.</param>
    /// <param name="key">The maker's key, to sign what the model learned from; null leaves the manifest unsigned.</param>
    /// <param name="reading">Told the share of the sources that is read, where they are read first; null tells nobody.</param>
    /// <param name="cancellationToken">Ends the preparation.</param>
    /// <exception cref="RecipeException">The recipe asks for what can't be.</exception>
    /// <exception cref="DataException">A source can't be read.</exception>
    /// <exception cref="CheckpointException">The folder's checkpoint is damaged, or is one of another recipe, model or other
    /// data.</exception>
    /// <exception cref="ProvenanceException">A source is private and there is no key, or the parent's manifest is not its own.</exception>
    /// <exception cref="ModelFormatException">The parent or the tokenizer can't be read.</exception>
    /// <exception cref="IOException">A file can't be written, or another process trains in the folder.</exception>
    public static TrainingRun Open(
        Recipe recipe, string folder, int threads, TimeProvider clock, MakerKey? key = null, IProgress<double>? reading = null,
        CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(folder);
        return new TrainingRun(recipe, Path.GetFullPath(folder), threads, clock, key, reading, cancellationToken);
    }

    /// <summary>Makes the remaining steps and writes the trained model; returns where it is.</summary>
    /// <param name="progress">Told of every step.</param>
    /// <param name="cancellationToken">Ends the run after the step under way, with a checkpoint.</param>
    /// <exception cref="DivergenceException">The loss is no number or far above what it was; the last checkpoint is kept.</exception>
    /// <exception cref="IOException">A file can't be written; the last checkpoint is kept.</exception>
    public string Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var origin = Path.GetFullPath(_recipe.Path).ReplaceLineEndings(" ");
        File.WriteAllText(
            PathOf("recipe.yaml"),
            $"# {origin} as it was understood; paths are relative to that file's folder.\n{RecipeWriter.Write(_recipe)}");
        using (var metrics = MetricsFile.Continue(PathOf("metrics.jsonl"), Step))
        {
            var step = new TrainingStep(_model, _pass, _optimizer, _recipe.Optimizer.ClipNorm, _context, _recipe.PreferenceBeta);
            var (start, tokensBefore, stepsBefore) = (_clock.GetTimestamp(), _tokens, Step);
            while (Step < Steps)
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    SaveCheckpoint();
                    cancellationToken.ThrowIfCancellationRequested();
                }
                var (result, rate) = MakeStep(step);
                var validation = Step % _recipe.Validation.Every == 0 || Step == Steps ? Validate() : null;
                DivergenceGuard.CheckValidation(Step, validation, _checkpointStep);
                var elapsed = _clock.GetElapsedTime(start);
                var report = new TrainingProgress(
                    Step, Steps, result.Loss, validation, result.GradientNorm, rate, _tokens,
                    (_tokens - tokensBefore) / Math.Max(1e-9, elapsed.TotalSeconds),
                    elapsed / (Step - stepsBefore) * (Steps - Step));
                metrics.Add(report);
                progress?.Report(report);
                if (Step % _recipe.CheckpointEvery == 0 || Step == Steps)
                    SaveCheckpoint();
            }
        }
        WritePlot();
        return WriteModel(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _data.Dispose();
        _origin.Dispose();
        _context.Dispose();
        _lock.Dispose();
    }

    private string PathOf(string name) => Path.Combine(Folder, name);

    private static FileStream Lock(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new IOException($"{folder}: another process trains here; wait for it, or begin a run in another folder (--out).", error);
        }
    }

    private static ImmutableArray<(string, float[])> StateOf(TrainableModel model, IOptimizer optimizer) =>
    [
        .. model.TrainableParameters.Select(parameter => (NameOf(parameter), parameter.Values)),
        .. optimizer.State.Select(state => ($"{NameOf(state.Parameter)}/{state.Name}", state.Values)),
    ];

    private static string NameOf(Parameter parameter) => parameter.Expert is { } expert
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{parameter.Name}#{expert}") : parameter.Name;

    private void Resume()
    {
        var path = PathOf("checkpoint.bin");
        if (!File.Exists(path))
            return;
        var checkpoint = CheckpointFile.Read(path, _identity, _state);
        (Step, _tokens, _learnedTokens) = (checkpoint.Step, checkpoint.Tokens, checkpoint.LearnedTokens);
        (_guard.Smoothed, _guard.Lowest) = (checkpoint.SmoothedLoss, checkpoint.LowestLoss);
        _optimizer.StepCount = Step;
        _checkpointStep = Step;
    }

    private (StepResult Result, double Rate) MakeStep(TrainingStep step)
    {
        TrainingBatch[] batches = [.. Enumerable.Range(0, _recipe.Accumulation).Select(i => _data.Rows.Batch(Step * _recipe.Accumulation + i))];
        var rate = _schedule.At(Step);
        ulong? dropoutSeed = _recipe.Adapter is { Dropout: > 0 }
            ? Permutation.Mix(Permutation.Mix(_recipe.Seed, DropoutStream), (ulong)Step) : null;
        var result = step.Run(batches, rate, dropoutSeed);
        _guard.Check(Step + 1, result, _checkpointStep);
        Step++;
        _tokens += batches.Sum(batch => (long)batch.TokenCount);
        _learnedTokens += result.LossTerms;
        return (result, rate);
    }

    private double? Validate()
    {
        if (_validation.Value is not { Count: > 0 } batches)
            return null;
        return _recipe.PreferenceBeta is { } beta
            ? batches.Sum(batch => _pass.EvaluatePreferences(batch, beta)) / batches.Sum(batch => (long)batch.PairCount)
            : batches.Sum(_pass.Evaluate) / batches.Sum(batch => (long)batch.LossTerms);
    }

    private void SaveCheckpoint()
    {
        if (_checkpointStep == Step)
            return;
        var checkpoint = new Checkpoint(Step, _tokens, _learnedTokens, _guard.Smoothed, _guard.Lowest, _identity);
        try
        {
            CheckpointFile.Write(PathOf("checkpoint.bin"), checkpoint, _state);
        }
        catch (IOException error)
        {
            var kept = _checkpointStep is { } good ? $"that of step {good} is kept" : "there is none yet";
            throw new IOException(
                $"The checkpoint of step {Step} can't be written ({error.Message.TrimEnd('.')}); {kept}. Free some space, then go on.", error);
        }
        _checkpointStep = Step;
        WritePlot();
    }

    private void WritePlot()
    {
        var partial = PathOf("loss.html.partial");
        File.WriteAllText(partial, LossPlot.Write(_recipe.Name, MetricsFile.ReadAll(PathOf("metrics.jsonl"))));
        File.Move(partial, PathOf("loss.html"), overwrite: true);
    }

    /// <summary>Writes the weights, counts and signs what they were learned from, and names the manifest in the weights' file.</summary>
    private string WriteModel(CancellationToken cancellationToken)
    {
        var sources = ManifestBuilder.CountSources(_recipe, _data, _key, cancellationToken);
        var output = _recipe.Output;
        if (output.Format == TrainedFormat.Adapter)
        {
            var folder = PathOf("adapter");
            _model.Adapter!.Write(folder, _model);
            var signed = _manifest.Create(sources, System.Convert.ToHexStringLower(AdapterFolder.ComputeTensorDigest(folder).Span));
            _model.Adapter!.Write(folder, _model, signed.Digest);
            ModelProvenance.Write(folder, signed, _manifest.WithParents(sources));
            return folder;
        }
        if (_model.Adapter is not null)
            _model.Merge(_context);
        var isGguf = output.Format == TrainedFormat.Gguf;
        var (format, target) = isGguf ? (ModelFormat.Gguf, PathOf("model.gguf")) : (ModelFormat.Safetensors, PathOf("model"));
        var (exact, typed) = (PathOf("weights.gguf"), PathOf(isGguf ? "typed.gguf" : "typed"));
        try
        {
            _origin.WriteGguf(exact, _model);
            if (output is { Type: nameof(TensorType.F32) } && isGguf)
                File.Move(exact, typed, overwrite: true);
            else
                Convert(exact, typed, QuantizationMix.Find(output.Type), null);
            string tensorDigest;
            using (var source = ModelSource.Open(typed))
                tensorDigest = System.Convert.ToHexStringLower(source.ComputeTensorDigest(cancellationToken).Span);
            var signed = _manifest.Create(sources, tensorDigest);
            Convert(typed, target, null, signed.Digest);
            ModelProvenance.Write(isGguf ? Folder : target, signed, _manifest.WithParents(sources));
        }
        finally
        {
            File.Delete(exact);
            if (isGguf)
                File.Delete(typed);
            else if (Directory.Exists(typed))
                Directory.Delete(typed, recursive: true);
        }
        return target;

        void Convert(string from, string to, QuantizationMix? type, string? provenance)
        {
            using var source = ModelSource.Open(from);
            ModelConverter.Convert(source, to, format, type, replaces: true, workers: 0, provenance, null, cancellationToken);
        }
    }
}
