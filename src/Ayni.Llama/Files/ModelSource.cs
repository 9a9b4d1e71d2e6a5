using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Ayni.Llama;

/// <summary>
/// Where a model comes from: a GGUF file, a Hugging Face folder or Meta's own download. Each says the same things in its own way; from here
/// on there is one configuration, one set of tensor names (GGUF's) and one row order. Weights stay in their files, mapped into memory.
/// What a source says wrongly throws <see cref="ModelFormatException"/> when it is asked for. One thread at a time.
/// </summary>
public abstract class ModelSource : IDisposable
{
    /// <summary>
    /// Where a model's file says the SHA-256 of the manifest of what it learned from: a key of GGUF, or of safetensors'
    /// <c>__metadata__</c>.
    /// </summary>
    public const string ProvenanceKey = "ayni.provenance.sha256";

    private protected ModelSource(string path) => Path = path;

    /// <summary>The file or folder that was opened.</summary>
    public string Path { get; }

    /// <summary>The format, such as <c>GGUF v3</c>.</summary>
    public abstract string Format { get; }

    // Held open from before the first weight is read: a file that is replaced meanwhile must not lend its digest to what was loaded.
    private FileStream[] _held = [];

    /// <summary>The name clients call the model by: the file's name without its ending, or the folder's.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// What the model says of itself beside its weights: GGUF's key-value pairs, or the values of the folder's configuration.
    /// </summary>
    public abstract GgufMetadata Metadata { get; }

    /// <summary>All tensors, those that no Llama has included.</summary>
    public abstract IReadOnlyList<ModelTensor> Tensors { get; }

    /// <summary>
    /// The files whose contents decide what the model answers: weights, configuration and tokenizer, in ordinal order of their names.
    /// </summary>
    public abstract IReadOnlyList<string> Files { get; }

    /// <summary>The file with the configuration.</summary>
    internal abstract string ConfigPath { get; }

    /// <summary>The tokenizer's kind or file, for people to read; null where there is none.</summary>
    public abstract string? TokenizerName { get; }

    /// <summary>The model's own chat template, or null.</summary>
    public abstract string? ChatTemplate { get; }

    /// <summary>SHA-256 of the manifest of what the model learned from, as its file says it; null where it says none.</summary>
    public virtual string? ProvenanceDigest => null;

    /// <summary>Ids that end a generation beside those the tokenizer knows.</summary>
    public virtual IReadOnlyList<int> EndOfGeneration => [];

    /// <summary>The files' length in bytes.</summary>
    public long TotalBytes => Files.Sum(file => new FileInfo(file).Length);

    /// <summary>
    /// Opens a GGUF file (of a split one, any part; or the folder it lies in alone), a Hugging Face folder or Meta's download, and checks
    /// everything but the weights themselves. Throws <see cref="ModelFormatException"/> if it is none of these, and the file system's own
    /// exceptions.
    /// </summary>
    public static ModelSource Open(string path)
    {
        var source = OpenKind(path);
        try
        {
            source._held = [.. source.Files.Select(File.OpenRead)];
            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    private static ModelSource OpenKind(string path)
    {
        if (Directory.Exists(path))
        {
            var (hasConfig, hasParameters) = (FolderFiles.Find(path, "config.json") is not null, FolderFiles.Find(path, "params.json") is not null);
            if (hasConfig && SafetensorsModel.IsIn(path))
                return HuggingFaceSource.OpenFolder(path);
            if (hasParameters && MetaSource.IsIn(path))
                return MetaSource.OpenFolder(path);
            var hasGguf = Directory.EnumerateFiles(path, "*.gguf").Any();
            if (hasConfig && !hasGguf)
                throw new ModelFormatException(
                    path, -1, "model.safetensors", "config.json is here, but neither this file nor its index; is the download complete?");
            if (hasParameters && !hasGguf)
                throw new ModelFormatException(
                    path, -1, "consolidated.00.pth", "params.json is here, but not this file; is the download complete?");
        }
        return new GgufSource(GgufFile.Open(path));
    }

    /// <summary>Refuses a model of another architecture by its name, before anything else of it is found to be unknown.</summary>
    internal virtual void RequireLlama()
    {
    }

    /// <summary>The tokenizer, or null where the model comes without one and takes and gives ids only. Reads it anew.</summary>
    public abstract Tokenizer? ReadTokenizer();

    /// <summary>The shape.</summary>
    /// <param name="tokenizer">What <see cref="ReadTokenizer"/> gave.</param>
    public abstract LlamaConfig ReadConfig(Tokenizer? tokenizer);

    /// <summary>
    /// The shape where it can be told before the tokenizer is read, so that weights are packed meanwhile; null where it can't. Safe beside
    /// <see cref="ReadTokenizer"/> on another thread.
    /// </summary>
    internal virtual LlamaConfig? ReadConfigAhead() => null;

    /// <summary>
    /// SHA-256 of the model: of its only file; or, where there are several, of their SHA-256 values in ordinal order of the files' names.
    /// Reads everything.
    /// </summary>
    public ReadOnlyMemory<byte> ComputeDigest()
    {
        byte[][] digests = [.. _held.Select(HashFile)];
        return digests is [var only] ? only : SHA256.HashData(digests.SelectMany(digest => digest).ToArray());
    }

    /// <summary>
    /// SHA-256 of the weights alone, the same in every kind of file: of all tensors in ordinal order of their names in GGUF, the name, the
    /// type and the sizes (the contiguous one first, divided by commas), each in UTF-8 and ended by a zero byte, and the data in GGUF's
    /// row order. Reads everything.
    /// </summary>
    public ReadOnlyMemory<byte> ComputeTensorDigest(CancellationToken cancellationToken = default)
    {
        using var context = new Kernels.ComputeContext(Kernels.KernelTier.Scalar, 1);
        var weights = new WeightStreams(this, new RowConverter(context, cancellationToken));
        return TensorDigest.Compute(Tensors.Select(tensor =>
        {
            GgufConversion.RequireReadable(tensor);
            return weights.InGgufOrder(tensor, tensor.Name, tensor.Type!.Value);
        }));
    }

    /// <summary>
    /// SHA-256 of what tells whether the files are the same as before without reading them all: of each its length, the time it was
    /// written, its first 64 KiB and 256 pages spread over the rest. Whoever changes a file in place and sets back its time is not noticed
    /// unless a page is hit; hashing everything would take longer than what is saved by knowing (<see cref="PackCache"/>).
    /// </summary>
    internal byte[] ComputeFingerprint()
    {
        const int FirstBytes = 64 << 10, PageBytes = 4 << 10, Pages = 256;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[FirstBytes];
        Span<byte> identity = stackalloc byte[16];
        foreach (var file in _held)
        {
            var length = file.Length;
            BinaryPrimitives.WriteInt64LittleEndian(identity, length);
            BinaryPrimitives.WriteInt64LittleEndian(identity[8..], File.GetLastWriteTimeUtc(file.SafeFileHandle).Ticks);
            hash.AppendData(identity);
            hash.AppendData(buffer, 0, RandomAccess.Read(file.SafeFileHandle, buffer, 0));
            for (var page = 0L; page < Pages && length > FirstBytes; page++)
            {
                var offset = FirstBytes + (length - FirstBytes) / Pages * page;
                hash.AppendData(buffer, 0, RandomAccess.Read(file.SafeFileHandle, buffer.AsSpan(..PageBytes), offset));
            }
        }
        return hash.GetHashAndReset();
    }

    /// <summary>Closes the files. Contents taken from here can no longer be used.</summary>
    public void Dispose()
    {
        foreach (var file in _held)
            file.Dispose();
        Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>The error for a tensor that is needed and not there.</summary>
    internal abstract ModelFormatException Missing(string name);

    /// <summary>The weights of one of <see cref="Tensors"/>, in adjacent-pair rotary order.</summary>
    internal abstract TensorContent Read(ModelTensor tensor);

    /// <summary>One matrix of a stack of experts, <c>[outputs, inputs]</c>.</summary>
    internal virtual TensorContent ReadExpert(ModelTensor stack, int expert)
    {
        var bytes = stack.Bytes / stack.Dimensions[2];
        return new TensorContent(Read(stack).Data.Slice(expert * bytes, bytes));
    }

    /// <summary>A shape as this format's users know it; given in ggml's order.</summary>
    internal virtual string Describe(ReadOnlySpan<long> dimensions)
    {
        var sizes = dimensions.ToArray();
        Array.Reverse(sizes);
        return $"[{string.Join(", ", sizes)}]";
    }

    private protected abstract void Close();

    private static byte[] HashFile(FileStream file)
    {
        file.Position = 0;
        return SHA256.HashData(file);
    }
}
