using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// What a text sends into each matrix of a model: the squares of every column's inputs, by which a quantizer weighs its errors. Files of it
/// are those of llama.cpp's <c>imatrix</c> tool, in GGUF or in the older <c>.dat</c> format. Immutable.
/// </summary>
public sealed class ImportanceMatrix
{
    private readonly Dictionary<string, ImportanceEntry> _entries;

    /// <summary>Gathers entries, whose names differ and whose numbers were checked.</summary>
    internal ImportanceMatrix(IEnumerable<ImportanceEntry> entries) =>
        _entries = entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);

    /// <summary>The file's name; null for one that was collected and not read.</summary>
    public string? FileName { get; internal init; }

    /// <summary>The texts it was collected from.</summary>
    public ImmutableArray<string> Datasets { get; internal init; } = [];

    /// <summary>The chunks of text computed; 0 where the file does not say.</summary>
    public int ChunkCount { get; internal init; }

    /// <summary>Tokens in a chunk; 0 where the file does not say.</summary>
    public int ChunkSize { get; internal init; }

    /// <summary>All entries.</summary>
    public IReadOnlyCollection<ImportanceEntry> Entries => _entries.Values;

    /// <summary>Reads a file of either format.</summary>
    /// <exception cref="ModelFormatException">
    /// The file is neither, says something impossible, or holds sums that are negative or not finite.
    /// </exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static ImportanceMatrix Open(string path) => ImportanceFile.Open(path);

    /// <summary>The entry of a tensor, or null.</summary>
    public ImportanceEntry? Find(string name) => _entries.GetValueOrDefault(name);

    /// <summary>Writes the GGUF format. Nothing is left under that name unless it is complete.</summary>
    /// <exception cref="IOException">The file can't be written.</exception>
    public void Save(string path)
    {
        var writer = new GgufWriter();
        writer.Add(ImportanceFile.TypeKey, ImportanceFile.Type);
        writer.Add(ImportanceFile.DatasetsKey, Datasets.ToArray());
        writer.Add(ImportanceFile.ChunkCountKey, (uint)ChunkCount);
        writer.Add(ImportanceFile.ChunkSizeKey, (uint)ChunkSize);
        foreach (var entry in Entries.OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            Add(entry.Name + ImportanceFile.SumsSuffix, entry.SquareSums, entry.SquareSums.Length / entry.Counts.Length);
            Add(entry.Name + ImportanceFile.CountsSuffix, entry.Counts, 1);
        }
        writer.Save(path);

        void Add(string name, ImmutableArray<float> values, int columns) => writer.AddTensor(
            name, TensorType.F32, [columns, values.Length / columns], stream => stream.Write(MemoryMarshal.AsBytes(values.AsSpan())));
    }
}
