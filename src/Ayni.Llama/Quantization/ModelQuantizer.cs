using System.Collections.Immutable;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>What an importance matrix did for a quantized model.</summary>
/// <param name="Weighted">Matrices whose errors were weighed by it.</param>
/// <param name="Unweighted">Matrices it says nothing of, which were quantized without.</param>
public readonly record struct ImportanceUse(int Weighted, ImmutableArray<string> Unweighted);

/// <summary>Writes a model in fewer bits. Holds nothing between calls.</summary>
public static class ModelQuantizer
{
    private const string ImportanceKeys = "quantize.imatrix.";

    /// <summary>
    /// Writes the model in <paramref name="source"/> to <paramref name="path"/> with the types of a mix. Nothing is left under that name
    /// unless it is complete.
    /// </summary>
    /// <param name="source">The model; every matrix of a type Ayni reads.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="mix">The types.</param>
    /// <param name="allowRequantize">Whether matrices that are quantized already may be quantized again, which adds their errors
    /// up.</param>
    /// <param name="workers">Threads that compute; 0 takes one a core.</param>
    /// <param name="importance">Weighs the errors of each matrix's columns; null weighs all alike.</param>
    /// <param name="progress">Told the share done, from 0 to 1.</param>
    /// <param name="cancellationToken">Looked at between chunks; nothing is left behind.</param>
    /// <exception cref="ModelFormatException">
    /// A tensor can't be read, holds what is not a finite number, is quantized already, or has other columns than the importance matrix
    /// says.
    /// </exception>
    public static ImportanceUse Quantize(
        GgufFile source, string path, QuantizationMix mix, bool allowRequantize = false, int workers = 0, ImportanceMatrix? importance = null,
        IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        using var context = new ComputeContext(KernelTier.Scalar, workers);
        var converter = new RowConverter(context, cancellationToken);
        var writer = new GgufWriter();
        foreach (var key in source.Metadata.Keys.Where(IsKept))
            writer.Add(key, source.Metadata.Find(key)!);
        writer.Add("general.file_type", (uint)mix.FileType);
        // Version 2 of ggml's block layouts, the only one in use.
        writer.Add("general.quantization_version", 2u);
        if (importance is not null)
            Describe(importance, source, writer);

        var model = Describe(source, importance);
        var (weighted, unweighted) = (0, ImmutableArray.CreateBuilder<string>());
        var done = 0L;
        foreach (var tensor in source.Tensors)
        {
            var columns = tensor.Dimensions.Length < 2 ? 0 : tensor.Dimensions[0];
            var type = mix.TypeOf(tensor.Name, columns, model);
            source.RequireReadable(tensor);
            if (type != tensor.Type && !allowRequantize && TensorTypes.FormatOf(tensor.Type).Weights > 1)
                throw source.Error(tensor, $"is quantized as {tensor.Type} already; start from an unquantized model, or allow quantizing twice");
            var entry = FindEntry(importance, source, tensor);
            if (type != tensor.Type && IsWeighted(type))
            {
                if (entry is null)
                    unweighted.Add(tensor.Name);
                else
                    weighted++;
            }
            writer.AddTensor(tensor.Name, type, tensor.Dimensions, stream =>
            {
                Write(source, tensor, type, entry, stream, converter);
                done += tensor.Bytes;
                progress?.Report((double)done / source.FileBytes);
            });
        }
        writer.Save(path);
        return new ImportanceUse(weighted, unweighted.ToImmutable());
    }

    private static bool IsKept(string key) =>
        key is not ("general.file_type" or "general.quantization_version")
        && !key.StartsWith(ImportanceKeys, StringComparison.Ordinal) && !GgufSplit.IsKey(key);

    /// <summary>Whether a type has a choice of scales that importance could guide; Q8_0 follows the largest weight.</summary>
    private static bool IsWeighted(TensorType type) => type != TensorType.Q8_0 && TensorTypes.FormatOf(type).Weights > 1;

    /// <summary>Says where the importance came from, under the keys of llama.cpp's quantizer.</summary>
    private static void Describe(ImportanceMatrix importance, GgufFile source, GgufWriter writer)
    {
        if (importance.Entries.All(entry => source.Find(entry.Name) is null))
        {
            throw new ModelFormatException(
                source.Path, -1, "importance", "the importance matrix names none of the model's tensors; it was collected from another model");
        }
        if (importance.FileName is { } name)
            writer.Add(ImportanceKeys + "file", name);
        if (importance.Datasets is [var dataset, ..])
            writer.Add(ImportanceKeys + "dataset", dataset);
        writer.Add(ImportanceKeys + "entries_count", (uint)importance.Entries.Count);
        writer.Add(ImportanceKeys + "chunks_count", (uint)importance.ChunkCount);
    }

    private static ImportanceEntry? FindEntry(ImportanceMatrix? importance, GgufFile source, GgufTensor tensor)
    {
        var (columns, experts) = (tensor.Dimensions[0], ExpertsOf(tensor));
        var entry = importance?.Find(tensor.Name);
        return entry is null || entry.Fits(experts, columns)
            ? entry
            : throw source.Error(
                tensor, $"has {columns} columns and {experts} experts; the importance matrix has {entry.SquareSums.Length} sums and "
                + $"{entry.Counts.Length} counts for it: it was collected from another model");
    }

    private static long ExpertsOf(GgufTensor tensor) => tensor.Dimensions.Skip(2).Aggregate(1L, (product, dimension) => product * dimension);

    private static QuantizedModel Describe(GgufFile source, ImportanceMatrix? importance)
    {
        var metadata = source.Metadata;
        var architecture = GgufConfig.ArchitectureOf(metadata);
        var layers = metadata.FindInteger($"{architecture}.block_count") ?? 0;
        var heads = metadata.FindInteger($"{architecture}.attention.head_count") ?? 1;
        var keyValueHeads = Math.Max(1, metadata.FindInteger($"{architecture}.attention.head_count_kv") ?? heads);
        return new QuantizedModel(
            (int)Math.Clamp(layers, 0, int.MaxValue),
            (int)Math.Clamp(heads / keyValueHeads, 1, int.MaxValue),
            (int)Math.Clamp(metadata.FindInteger($"{architecture}.expert_count") ?? 0, 0, int.MaxValue),
            HasOutputHead: source.Find("output.weight") is not null,
            HasImportance: importance is not null);
    }

    private static void Write(GgufFile source, GgufTensor tensor, TensorType type, ImportanceEntry? entry, Stream stream, RowConverter converter)
    {
        var columns = checked((int)tensor.Dimensions[0]);
        var experts = entry is null ? 1 : ExpertsOf(tensor);
        var bytes = tensor.Bytes / experts;
        try
        {
            for (var expert = 0; expert < experts; expert++)
            {
                var data = source.Data(tensor).Slice(expert * bytes, bytes);
                converter.Write(data, tensor.Type, columns, type, stream, entry?.ColumnWeights(expert, columns));
            }
        }
        catch (ArithmeticException error)
        {
            throw source.Error(tensor, error.Message);
        }
    }
}
