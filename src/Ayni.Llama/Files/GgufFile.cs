using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// An open GGUF file (version 2 or 3, little-endian; <see href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"/>).
/// Header and metadata are read and checked at once; the tensors stay in the file, mapped into memory. Safe for many threads.
/// </summary>
public sealed class GgufFile : IDisposable
{
    private readonly GgufPart[] _parts;
    private readonly Dictionary<string, (GgufTensor Tensor, GgufPart Part)> _tensorsByName;

    private GgufFile(GgufPart[] parts)
    {
        _parts = parts;
        Tensors = [.. parts.SelectMany(part => part.Header.Tensors)];
        _tensorsByName = parts
            .SelectMany(part => part.Header.Tensors.Select(tensor => (Tensor: tensor, Part: part)))
            .ToDictionary(item => item.Tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Where the file was opened; of a split one, its first part.</summary>
    public string Path => _parts[0].Path;

    /// <summary>The file, or all parts of a split one in order.</summary>
    public IReadOnlyList<string> Files => [.. _parts.Select(part => part.Path)];

    /// <summary>The format's version: 2 or 3.</summary>
    public int Version => _parts[0].Header.Version;

    /// <summary>The key-value pairs; of a split file, those of its first part.</summary>
    public GgufMetadata Metadata => _parts[0].Header.Metadata;

    /// <summary>Tensor data starts at multiples of this many bytes: a power of two.</summary>
    public long Alignment => _parts[0].Header.Alignment;

    /// <summary>The length of the whole file, or of all parts together, in bytes.</summary>
    public long FileBytes => _parts.Sum(part => part.Mapping.Length);

    /// <summary>All tensors, in the file's order. Their names differ and their data neither overlap nor reach outside the file.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; }

    /// <summary>
    /// Opens a file and checks everything but the weights themselves. Of a split file any part opens all, which lie beside it.
    /// </summary>
    /// <exception cref="ModelFormatException">The file is not a GGUF file that Ayni reads, or says something impossible.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static GgufFile Open(string path)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("GGUF weights are little-endian, and this processor is big-endian.");
        return new GgufFile(GgufSplit.OpenAll(GgufPart.Open(Directory.Exists(path) ? OnlyModelIn(path) : path)));
    }

    /// <summary>The GGUF files in a folder, in ordinal order; of a split one, only the first part.</summary>
    public static IEnumerable<string> ModelsIn(string folder) =>
        Directory.EnumerateFiles(folder, "*.gguf").Where(file => !GgufSplit.IsLaterPart(file)).Order(StringComparer.Ordinal);

    /// <summary>The tensor of a name, or null where the file has none.</summary>
    public GgufTensor? Find(string name) => _tensorsByName.GetValueOrDefault(name).Tensor;

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
    public TensorData Data(GgufTensor tensor) => PartOf(tensor).Mapping.Slice(tensor.Offset, tensor.Bytes);

    /// <summary>The error for a tensor that a model can't use, such as one of a wrong shape.</summary>
    public ModelFormatException Error(GgufTensor tensor, string problem) => new(PathOf(tensor), tensor.InfoOffset, tensor.Name, problem);

    /// <summary>The file that holds a tensor: of a split one, its part.</summary>
    public string PathOf(GgufTensor tensor) => PartOf(tensor).Path;

    /// <summary>Closes the file. Tensor data taken from it can no longer be used.</summary>
    public void Dispose()
    {
        foreach (var part in _parts)
            part.Dispose();
    }

    private GgufPart PartOf(GgufTensor tensor) =>
        _tensorsByName.TryGetValue(tensor.Name, out var entry) && ReferenceEquals(entry.Tensor, tensor)
            ? entry.Part
            : throw new ArgumentException($"{tensor.Name} is a tensor of another file.", nameof(tensor));

    /// <summary>The model's file where a folder holds one, split or not, and nothing tells what else could be meant.</summary>
    private static string OnlyModelIn(string folder)
    {
        string[] models = [.. ModelsIn(folder)];
        return models is [var only]
            ? only
            : throw new ModelFormatException(
                folder, -1, "path", models.Length == 0
                ? "the folder holds no model: neither a .gguf file, nor config.json with safetensors, nor Meta's params.json with consolidated.00.pth"
                : $"the folder holds {models.Length} models; give one of {string.Join(", ", models.Take(4).Select(System.IO.Path.GetFileName))}");
    }
}
