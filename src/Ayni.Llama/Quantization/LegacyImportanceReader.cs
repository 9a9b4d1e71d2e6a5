using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Reads the importance matrices (<c>.dat</c>) that llama.cpp wrote before it had the GGUF format: a number of entries, each a name, a
/// number of calls and sums; and, in later ones, the number of chunks and the text's name. Every count is bounded by the bytes that remain.
/// </summary>
internal sealed class LegacyImportanceReader
{
    // An entry has a name of one character, two counts and one sum at least.
    private const int LeastEntryBytes = sizeof(int) + 1 + sizeof(int) + sizeof(int) + sizeof(float);

    private readonly MappedFile _file;
    private long _position;

    private LegacyImportanceReader(MappedFile file) => _file = file;

    private long Remaining => _file.Length - _position;

    /// <summary>
    /// Reads a file. Throws <see cref="ModelFormatException"/> naming the place and the entry at fault, and the file system's own
    /// exceptions.
    /// </summary>
    public static ImportanceMatrix Open(string path)
    {
        MappedFile file;
        try
        {
            file = MappedFile.Open(path);
        }
        catch (EndOfStreamException exception)
        {
            throw new ModelFormatException(path, 0, "entries", "the file is empty", exception);
        }
        using (file)
            return new LegacyImportanceReader(file).Read();
    }

    private ImportanceMatrix Read()
    {
        var count = ReadInteger("entries");
        if (count < 1 || count > Remaining / LeastEntryBytes)
        {
            throw Error(
                0, "entries",
                $"{count} can't be in {_file.Length} bytes; this is no importance matrix, neither in GGUF nor in llama.cpp's older format");
        }
        var entries = new Dictionary<string, ImportanceEntry>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var start = _position;
            var entry = ReadEntry();
            if (entry.FindProblem() is { } problem)
                throw Error(start, entry.Name, problem);
            if (!entries.TryAdd(entry.Name, entry))
                throw Error(start, entry.Name, "the entry occurs twice");
        }
        var chunks = Remaining == 0 ? 0 : ReadInteger("chunks");
        var dataset = Remaining == 0 ? null : ReadText("dataset", GgufLimits.KeyBytes);
        if (Remaining > 0)
            throw Error(_position, "end", $"{Remaining} bytes follow that belong to nothing");
        return new ImportanceMatrix(entries.Values)
        {
            FileName = Path.GetFileName(_file.Path),
            Datasets = string.IsNullOrEmpty(dataset) ? [] : [dataset],
            ChunkCount = Math.Max(0, chunks),
        };
    }

    private ImportanceEntry ReadEntry()
    {
        var start = _position;
        var name = ReadText("name", GgufLimits.TensorNameBytes);
        if (GgufText.FindNameProblem(name) is { } problem)
            throw Error(start, "name", $"'{name}' {problem}");
        var calls = ReadInteger(name);
        var values = ReadInteger(name);
        if (values < 1 || values > Math.Min(Remaining, int.MaxValue) / sizeof(float))
            throw Error(_position - sizeof(int), name, $"{values} sums are promised and {Remaining} bytes remain");
        // As llama.cpp does: sums of no calls are taken for means.
        return new ImportanceEntry(name, [.. MemoryMarshal.Cast<byte, float>(Take(name, values * sizeof(float)))], [Math.Max(1, calls)]);
    }

    private int ReadInteger(string field) => BinaryPrimitives.ReadInt32LittleEndian(Take(field, sizeof(int)));

    private string ReadText(string field, int limit)
    {
        var start = _position;
        var length = ReadInteger(field);
        if (length < 0 || length > Math.Min(limit, Remaining))
            throw Error(start, field, $"a text of {length} bytes is promised; {Remaining} remain and {limit} are allowed");
        return Encoding.UTF8.GetString(Take(field, length));
    }

    private ReadOnlySpan<byte> Take(string field, int count)
    {
        if (count > Remaining)
            throw Error(_position, field, "the file ends here; was its download interrupted?");
        _position += count;
        return _file.Span(_position - count, count);
    }

    private ModelFormatException Error(long offset, string field, string problem) => new(_file.Path, offset, field, problem);
}
