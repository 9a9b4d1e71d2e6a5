using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// An open safetensors file. The header is read and checked at once; the tensors stay in the file, mapped into memory. Safe for many
/// threads.
/// </summary>
internal sealed class SafetensorsFile : IDisposable
{
    private readonly MappedFile _mapping;
    private readonly Dictionary<string, SafetensorsTensor> _byName;

    private SafetensorsFile(
        MappedFile mapping, IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        _mapping = mapping;
        Metadata = metadata;
        Tensors = tensors;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Where the file was opened.</summary>
    public string Path => _mapping.Path;

    /// <summary>The texts of <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>All tensors, in the order of their data, which fills the file without gap or overlap.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <summary>
    /// Opens a file and checks everything but the weights themselves. Throws <see cref="ModelFormatException"/> if it is not a safetensors
    /// file or says something impossible, and the file system's own exceptions.
    /// </summary>
    public static SafetensorsFile Open(string path)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Safetensors are little-endian, and this processor is big-endian.");
        MappedFile mapping;
        try
        {
            mapping = MappedFile.Open(path);
        }
        catch (EndOfStreamException exception)
        {
            throw new ModelFormatException(path, 0, "header_length", "the file is empty; was its download interrupted?", exception);
        }
        try
        {
            var head = mapping.Span(0, (int)Math.Min(mapping.Length, SafetensorsLimits.HeaderBytes + 8L));
            var reader = new SafetensorsHeaderReader(path, head, mapping.Length);
            var tensors = reader.Read();
            return new SafetensorsFile(mapping, tensors, reader.Metadata);
        }
        catch
        {
            mapping.Dispose();
            throw;
        }
    }

    /// <summary>The tensor of a name, or null where the file has none.</summary>
    public SafetensorsTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The stored bytes of a tensor of this file. Valid until the file is disposed.</summary>
    public TensorData Data(SafetensorsTensor tensor) => _mapping.Slice(tensor.Offset, tensor.Bytes);

    /// <summary>Closes the file. Tensor data taken from it can no longer be used.</summary>
    public void Dispose() => _mapping.Dispose();
}
