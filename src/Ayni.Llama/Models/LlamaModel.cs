using System.Collections.Frozen;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// A model in memory: its configuration, weights, tokenizer and chat format. Immutable once loaded; one engine at a time computes with it.
/// </summary>
public sealed class LlamaModel : IDisposable
{
    private readonly ModelSource _source;
    private readonly Tokenizer? _tokenizer;
    private readonly PackCache? _cache;
    private readonly Lazy<ReadOnlyMemory<byte>> _digest;

    private LlamaModel(
        ModelSource source, LlamaConfig config, LlamaWeights weights, LoadedAdapter? adapter, Tokenizer? tokenizer, ComputeContext context,
        PackCache? cache)
    {
        _source = source;
        _cache = cache;
        _tokenizer = tokenizer;
        Config = config;
        Weights = weights;
        Adapter = adapter;
        Context = context;
        ChatFormat = tokenizer is null ? null : ChatFormat.For(tokenizer, source.ChatTemplate);
        EndOfGeneration = (tokenizer?.EndOfGeneration ?? []).Concat(source.EndOfGeneration).ToFrozenSet();
        _digest = new Lazy<ReadOnlyMemory<byte>>(source.ComputeDigest);
    }

    /// <summary>The name clients call the model by: the file's name without its ending, or the folder's.</summary>
    public string Name => _source.Name;

    /// <summary>The shape.</summary>
    public LlamaConfig Config { get; }

    /// <summary>
    /// The tokenizer. A folder may come without one; its model then takes and gives token ids only, and asking for the tokenizer throws
    /// <see cref="ModelFormatException"/>.
    /// </summary>
    public Tokenizer Tokenizer => _tokenizer ?? throw new ModelFormatException(
        _source.Path, -1, "tokenizer", "neither tokenizer.model nor tokenizer.json is here, so the model takes token ids only; put its tokenizer there");

    /// <summary>Whether the model came with a tokenizer.</summary>
    public bool HasTokenizer => _tokenizer is not null;

    /// <summary>Every id at which generation stops: those the tokenizer knows and those the model's files name.</summary>
    public FrozenSet<int> EndOfGeneration { get; }

    /// <summary>How a conversation becomes a prompt; null for a base model without a chat format.</summary>
    public ChatFormat? ChatFormat { get; }

    /// <summary>What the model's files say of it beside the weights.</summary>
    public GgufMetadata Metadata => _source.Metadata;

    /// <summary>The context the model was trained for, in tokens.</summary>
    public int TrainedContextLength => Config.ContextLength;

    /// <summary>
    /// SHA-256 of the model's files, as <see cref="ModelSource.ComputeDigest"/> defines it: which weights answered. The first use reads
    /// them all.
    /// </summary>
    public ReadOnlyMemory<byte> Digest => _digest.Value;

    /// <summary>The adapter that changes its answers; null for none.</summary>
    public LoadedAdapter? Adapter { get; }

    /// <summary>Memory of the packed weights, in bytes.</summary>
    public long PackedBytes => Weights.PackedBytes;

    /// <summary>Time spent packing weights; zero where a file packed before was mapped.</summary>
    public TimeSpan PackingTime { get; private init; }

    /// <summary>
    /// Why packed weights could not be kept beside the model although that was asked for, in a sentence; null where they were.
    /// </summary>
    public string? PackCacheRefusal { get; private init; }

    /// <summary>
    /// Bytes of weights that one token's forward pass reads, the output head included: all but the embeddings and experts not gone to.
    /// </summary>
    public long BytesReadPerToken => Weights.BytesReadPerToken;

    /// <summary>The type of most of the numbers that layers multiply with.</summary>
    public TensorType ProjectionType => Weights.ProjectionType;

    /// <summary>Threads that compute, the caller's included.</summary>
    public int ThreadCount => Context.Team.WorkerCount;

    /// <summary>Which kernels compute, such as <c>compiled</c>, for people to read.</summary>
    public string KernelDescription => Context.Tier.ToString().ToLowerInvariant();

    internal LlamaWeights Weights { get; }

    internal ComputeContext Context { get; }

    /// <summary>
    /// Why the arithmetic tier asked for could not be had, in a sentence, so that a slower one computes; null where it was.
    /// </summary>
    public string? TierRefusal => Context.TierRefusal;

    /// <summary>
    /// Loads a model. Throws <see cref="ModelFormatException"/> if it is not one Ayni can run or the adapter is of another model,
    /// <see cref="IOException"/> if a file can't be read.
    /// </summary>
    /// <param name="path">A GGUF file, a Hugging Face folder or a folder with Meta's own download.</param>
    /// <param name="tier">The arithmetic tier.</param>
    /// <param name="threads">Threads that compute, the caller's included; 0 takes one a core.</param>
    /// <param name="packCache">
    /// Whether packed weights are kept in a file beside the model, as large as they are, so that later starts map it and pack nothing. It
    /// is made anew when the model, the processor or Ayni's layout has changed.
    /// </param>
    /// <param name="adapter">A folder with an adapter in PEFT's form, computed beside the weights as they are; null for none.</param>
    /// <param name="progress">Told the share done, from 0 to 1.</param>
    /// <param name="cancellationToken">Ends the loading.</param>
    public static LlamaModel Load(
        string path, KernelTier tier, int threads = 0, bool packCache = false, string? adapter = null, IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var source = ModelSource.Open(path);
        ComputeContext? context = null;
        PackCache? cache = null;
        try
        {
            source.RequireLlama();
            // The words and merges of a large tokenizer take half as long as packing.
            var reading = Task.Run(source.ReadTokenizer, CancellationToken.None);
            LlamaWeights? weights = null;
            try
            {
                var config = source.ReadConfigAhead() ?? source.ReadConfig(reading.GetAwaiter().GetResult());
                context = new ComputeContext(tier, threads);
                var (cachePath, key) = packCache && context.PackedLayout is { } layout
                    ? (PackCache.PathFor(path, layout), PackCache.KeyOf(source.ComputeFingerprint(), layout))
                    : (null, []);
                cache = cachePath is null ? null : PackCache.TryOpen(cachePath, key);
                var loader = new WeightLoader(source, config, context, cache, progress, cancellationToken);
                weights = loader.Load();
                var tokenizer = reading.GetAwaiter().GetResult();
                var refusal = cachePath is null || cache is not null ? null : Keep(cachePath, key, loader.Loaded, cancellationToken);
                var attached = adapter is null ? null : LoadedAdapter.Attach(adapter, config, weights, context);
                return new LlamaModel(source, config, weights, attached, tokenizer, context, cache)
                {
                    PackingTime = loader.PackingTime,
                    PackCacheRefusal = refusal,
                };
            }
            catch
            {
                weights?.Dispose();
                // What is wrong with the tokenizer is told first, and nothing reads the source any longer.
                reading.GetAwaiter().GetResult();
                throw;
            }
        }
        catch
        {
            cache?.Dispose();
            context?.Dispose();
            source.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The ids of a text to be continued: BOS where the model wants it, then the text, in which nothing becomes a control token.
    /// </summary>
    public int[] EncodePrompt(string text)
    {
        var ids = new List<int>();
        if (Tokenizer is { AddsBeginOfText: true, BeginOfText: { } begin })
            ids.Add(begin);
        Tokenizer.Encode(text, ids);
        return [.. ids];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Weights.Dispose();
        Context.Dispose();
        _cache?.Dispose();
        _source.Dispose();
    }

    /// <summary>Writes packed weights for later starts; where that is not possible, this one goes on without.</summary>
    private static string? Keep(
        string path, byte[] key, IReadOnlyList<(string Name, PackedMatrix Matrix)> matrices, CancellationToken cancellationToken)
    {
        try
        {
            PackCache.Write(path, key, matrices, cancellationToken);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"Packed weights are not kept in {path}: {error.Message}";
        }
    }
}
