using System.Security.Cryptography;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>A model in memory: its configuration, weights, tokenizer and chat format. Immutable once loaded; one engine at a time computes with it.</summary>
public sealed class LlamaModel : IDisposable
{
    private readonly GgufFile _file;
    private readonly Lazy<ReadOnlyMemory<byte>> _digest;

    private LlamaModel(GgufFile file, LlamaConfig config, LlamaWeights weights, Tokenizer tokenizer, ComputeContext context)
    {
        _file = file;
        Config = config;
        Weights = weights;
        Tokenizer = tokenizer;
        Context = context;
        ChatFormat = ChatFormat.For(tokenizer, file.Metadata.FindString("tokenizer.chat_template"));
        Name = System.IO.Path.GetFileNameWithoutExtension(file.Path);
        _digest = new Lazy<ReadOnlyMemory<byte>>(() => HashFile(file.Path));
    }

    /// <summary>The name clients call the model by: the file's name without folder and extension.</summary>
    public string Name { get; }

    /// <summary>The shape.</summary>
    public LlamaConfig Config { get; }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>How a conversation becomes a prompt; null for a base model without a chat format.</summary>
    public ChatFormat? ChatFormat { get; }

    /// <summary>The file's metadata.</summary>
    public GgufMetadata Metadata => _file.Metadata;

    /// <summary>The context the model was trained for, in tokens.</summary>
    public int TrainedContextLength => Config.ContextLength;

    /// <summary>SHA-256 of the model file: which weights answered. The first use reads the whole file.</summary>
    public ReadOnlyMemory<byte> Digest => _digest.Value;

    internal LlamaWeights Weights { get; }

    internal ComputeContext Context { get; }

    /// <summary>
    /// Loads a model file. Throws <see cref="ModelFormatException"/> if the file is not one Ayni can run, <see cref="IOException"/> if it can't be read.
    /// </summary>
    /// <param name="path">A GGUF file.</param>
    /// <param name="tier">The arithmetic tier.</param>
    /// <param name="threads">Threads that compute, the caller's included; 0 takes one a core.</param>
    /// <param name="progress">Told the share done, from 0 to 1.</param>
    /// <param name="cancellationToken">Ends the loading.</param>
    public static LlamaModel Load(
        string path, KernelTier tier, int threads = 0, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        var file = GgufFile.Open(path);
        ComputeContext? context = null;
        try
        {
            if (file.Tensors.Count == 0)
                throw new ModelFormatException(path, -1, "tensor_count", "the file holds a vocabulary only, no weights");
            var tokenizer = Tokenizer.FromGguf(file.Metadata);
            var config = LlamaConfig.FromGguf(file.Metadata, tokenizer.VocabularySize);
            context = new ComputeContext(tier, threads);
            var weights = new WeightLoader(file, config, context, progress, cancellationToken).Load();
            return new LlamaModel(file, config, weights, tokenizer, context);
        }
        catch
        {
            context?.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <summary>The ids of a text to be continued: BOS where the model wants it, then the text, in which nothing becomes a control token.</summary>
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
        _file.Dispose();
    }

    private static ReadOnlyMemory<byte> HashFile(string path)
    {
        using var stream = File.OpenRead(path);
        return SHA256.HashData(stream);
    }
}
