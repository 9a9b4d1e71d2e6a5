using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Reads importance matrices in llama.cpp's GGUF format: for each matrix NAME the tensors <c>NAME.in_sum2</c>, <c>[columns, experts]</c>,
/// and <c>NAME.counts</c>, <c>[1, experts]</c>. Other tensors in such a file are passed over.
/// </summary>
internal static class ImportanceFile
{
    public const string TypeKey = "general.type";
    public const string Type = "imatrix";
    public const string DatasetsKey = "imatrix.datasets";
    public const string ChunkCountKey = "imatrix.chunk_count";
    public const string ChunkSizeKey = "imatrix.chunk_size";
    public const string SumsSuffix = ".in_sum2";
    public const string CountsSuffix = ".counts";

    /// <summary>Opens a file of this format or the older one.</summary>
    public static ImportanceMatrix Open(string path) => IsGguf(path) ? OpenGguf(path) : LegacyImportanceReader.Open(path);

    private static bool IsGguf(string path)
    {
        Span<byte> magic = stackalloc byte[4];
        using var stream = File.OpenRead(path);
        return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("GGUF"u8);
    }

    private static ImportanceMatrix OpenGguf(string path)
    {
        using var file = GgufFile.Open(path);
        var metadata = file.Metadata;
        if (metadata.FindString(TypeKey) != Type)
            throw metadata.Error(TypeKey, $"expected '{Type}'; this is no importance matrix, which ayni imatrix makes");
        return new ImportanceMatrix(ReadEntries(file))
        {
            FileName = Path.GetFileName(path),
            Datasets = [.. metadata.FindArray<string>(DatasetsKey) ?? []],
            ChunkCount = ReadCount(metadata, ChunkCountKey),
            ChunkSize = ReadCount(metadata, ChunkSizeKey),
        };
    }

    private static int ReadCount(GgufMetadata metadata, string key) => metadata.FindInteger(key) switch
    {
        null => 0,
        >= 0 and <= int.MaxValue and var count => (int)count,
        var count => throw metadata.Error(key, $"{count} is not a count"),
    };

    private static List<ImportanceEntry> ReadEntries(GgufFile file)
    {
        var entries = new List<ImportanceEntry>();
        foreach (var tensor in file.Tensors)
        {
            if (tensor.Name.EndsWith(CountsSuffix, StringComparison.Ordinal))
                _ = Partner(file, tensor, CountsSuffix, SumsSuffix);
            if (!tensor.Name.EndsWith(SumsSuffix, StringComparison.Ordinal))
                continue;
            var counts = Partner(file, tensor, SumsSuffix, CountsSuffix);
            var entry = new ImportanceEntry(tensor.Name[..^SumsSuffix.Length], Read(file, tensor), Read(file, counts));
            if (entry.FindProblem() is { } problem)
                throw file.Error(tensor, problem);
            entries.Add(entry);
        }
        return entries.Count > 0 ? entries : throw new ModelFormatException(file.Path, -1, "tensor_count", "the file holds no sums");
    }

    /// <summary>The sums that belong to counts, or the counts that belong to sums.</summary>
    private static GgufTensor Partner(GgufFile file, GgufTensor tensor, string suffix, string partnerSuffix)
    {
        var name = tensor.Name[..^suffix.Length] + partnerSuffix;
        return file.Find(name) ?? throw file.Error(tensor, $"the file lacks {name}, which belongs to it");
    }

    private static ImmutableArray<float> Read(GgufFile file, GgufTensor tensor)
    {
        if (tensor.Type != TensorType.F32)
            throw file.Error(tensor, $"has type {tensor.Type}; expected F32");
        if (tensor.Bytes > int.MaxValue)
            throw file.Error(tensor, $"{tensor.Bytes} bytes are more than any matrix has inputs");
        return [.. MemoryMarshal.Cast<byte, float>(file.Data(tensor).Span(0, (int)tensor.Bytes))];
    }
}
