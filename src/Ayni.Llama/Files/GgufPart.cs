using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// One GGUF file on the disk, which is a model or a part of one. Header and metadata are read and checked; the tensors stay in the file.
/// </summary>
internal sealed class GgufPart : IDisposable
{
    private GgufPart(MappedFile mapping, GgufHeader header) => (Mapping, Header) = (mapping, header);

    /// <summary>The file.</summary>
    public MappedFile Mapping { get; }

    /// <summary>What it says before its weights.</summary>
    public GgufHeader Header { get; }

    /// <summary>Where it was opened.</summary>
    public string Path => Mapping.Path;

    /// <summary>Opens a file and checks everything but the weights themselves.</summary>
    public static GgufPart Open(string path)
    {
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
            return new GgufPart(mapping, new GgufHeaderReader(path, head, mapping.Length).Read());
        }
        catch
        {
            mapping.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Mapping.Dispose();
}
