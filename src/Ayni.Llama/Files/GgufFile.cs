using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// An open GGUF file (version 2 or 3, little-endian; <see href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"/>).
/// Header and metadata are read and checked at once; the tensors stay in the file, mapped into memory. Safe for many threads.
/// </summary>
public sealed class GgufFile : IDisposable
{
    private readonly MappedFile _mapping;
    private readonly Dictionary<string, GgufTensor> _tensorsByName;

    private GgufFile(MappedFile mapping, GgufHeader header)
    {
        _mapping = mapping;
        Version = header.Version;
        Metadata = header.Metadata;
        Alignment = header.Alignment;
        Tensors = header.Tensors;
        _tensorsByName = header.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Where the file was opened.</summary>
    public string Path => _mapping.Path;

    /// <summary>The format's version: 2 or 3.</summary>
    public int Version { get; }

    /// <summary>The key-value pairs.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>Tensor data starts at multiples of this many bytes: a power of two.</summary>
    public long Alignment { get; }

    /// <summary>The length of the whole file in bytes.</summary>
    public long FileBytes => _mapping.Length;

    /// <summary>All tensors, in the file's order. Their names differ and their data neither overlap nor reach outside the file.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; }

    /// <summary>Opens a file and checks everything but the weights themselves.</summary>
    /// <exception cref="ModelFormatException">The file is not a GGUF file that Ayni reads, or says something impossible.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static GgufFile Open(string path)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("GGUF weights are little-endian, and this processor is big-endian.");
        if (Directory.Exists(path))
            throw new ModelFormatException(
                path, -1, "path", "this is a folder; give the .gguf file inside it, "
                + "or a folder with config.json and safetensors or with Meta's params.json and consolidated.00.pth");

        MappedFile mapping;
        try
        {
            mapping = MappedFile.Open(path);
        }
        catch (EndOfStreamException exception)
        {
            throw new ModelFormatException(path, 0, "magic", "the file is empty; was its download interrupted?", exception);
        }
        try
        {
            var head = mapping.Span(0, (int)Math.Min(mapping.Length, GgufLimits.HeaderBytes));
            return new GgufFile(mapping, new GgufHeaderReader(path, head, mapping.Length).Read());
        }
        catch
        {
            mapping.Dispose();
            throw;
        }
    }

    /// <summary>The tensor of a name, or null where the file has none.</summary>
    public GgufTensor? Find(string name) => _tensorsByName.GetValueOrDefault(name);

    /// <summary>The tensor of a name, to compute with.</summary>
    /// <exception cref="ModelFormatException">The file has no such tensor, or its type is one Ayni doesn't read.</exception>
    public GgufTensor Require(string name)
    {
        var tensor = Find(name)
            ?? throw new ModelFormatException(Path, -1, name, "the model needs this tensor and the file does not have it");
        RequireReadable(tensor);
        return tensor;
    }

    /// <summary>Refuses a tensor whose type Ayni knows by name but doesn't compute with.</summary>
    /// <exception cref="ModelFormatException">The type is not <see cref="TensorTypes.IsReadable"/>.</exception>
    public void RequireReadable(GgufTensor tensor)
    {
        if (!TensorTypes.IsReadable(tensor.Type))
            throw Error(tensor, $"has type {tensor.Type}, which Ayni does not read; readable: {string.Join(", ", TensorTypes.Readable)}");
    }

    /// <summary>The stored bytes of a tensor of this file, whatever their type. Valid until the file is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The file is disposed.</exception>
    public TensorData Data(GgufTensor tensor)
    {
        if (!ReferenceEquals(Find(tensor.Name), tensor))
            throw new ArgumentException($"{tensor.Name} is a tensor of another file.", nameof(tensor));
        return _mapping.Slice(tensor.Offset, tensor.Bytes);
    }

    /// <summary>The error for a tensor that a model can't use, such as one of a wrong shape.</summary>
    public ModelFormatException Error(GgufTensor tensor, string problem) => new(Path, tensor.InfoOffset, tensor.Name, problem);

    /// <summary>Closes the file. Tensor data taken from it can no longer be used.</summary>
    public void Dispose() => _mapping.Dispose();
}
