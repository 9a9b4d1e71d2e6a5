using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>Writes a model in fewer bits. Holds nothing between calls.</summary>
public static class ModelQuantizer
{
    /// <summary>
    /// Writes the model in <paramref name="source"/> to <paramref name="path"/> with the types of a mix. Nothing is left under that name unless
    /// it is complete.
    /// </summary>
    /// <param name="source">The model; every matrix of a type Ayni reads.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="mix">The types.</param>
    /// <param name="allowRequantize">Whether matrices that are quantized already may be quantized again, which adds their errors up.</param>
    /// <param name="workers">Threads that compute; 0 takes one a core.</param>
    /// <param name="progress">Told the share done, from 0 to 1.</param>
    /// <param name="cancellationToken">Looked at between chunks; nothing is left behind.</param>
    /// <exception cref="ModelFormatException">A tensor can't be read, holds what is not a finite number, or is quantized already.</exception>
    public static void Quantize(
        GgufFile source, string path, QuantizationMix mix, bool allowRequantize = false, int workers = 0,
        IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        using var context = new ComputeContext(KernelTier.Scalar, workers);
        var converter = new RowConverter(context, cancellationToken);
        var writer = new GgufWriter();
        foreach (var key in source.Metadata.Keys.Where(key => key is not ("general.file_type" or "general.quantization_version") && !GgufSplit.IsKey(key)))
            writer.Add(key, source.Metadata.Find(key)!);
        writer.Add("general.file_type", (uint)mix.FileType);
        // Version 2 of ggml's block layouts, the only one in use.
        writer.Add("general.quantization_version", 2u);

        var model = Describe(source);
        var done = 0L;
        foreach (var tensor in source.Tensors)
        {
            var columns = tensor.Dimensions.Length < 2 ? 0 : tensor.Dimensions[0];
            var type = mix.TypeOf(tensor.Name, columns, model);
            source.RequireReadable(tensor);
            if (type != tensor.Type && !allowRequantize && TensorTypes.FormatOf(tensor.Type).Weights > 1)
                throw source.Error(tensor, $"is quantized as {tensor.Type} already; start from an unquantized model, or allow quantizing twice");
            writer.AddTensor(tensor.Name, type, tensor.Dimensions, stream =>
            {
                Write(source, tensor, type, stream, converter);
                done += tensor.Bytes;
                progress?.Report((double)done / source.FileBytes);
            });
        }
        writer.Save(path);
    }

    private static QuantizedModel Describe(GgufFile source)
    {
        var metadata = source.Metadata;
        var architecture = metadata.FindString("general.architecture") ?? throw metadata.Error("general.architecture", "the key is missing");
        var layers = metadata.FindInteger($"{architecture}.block_count") ?? 0;
        var heads = metadata.FindInteger($"{architecture}.attention.head_count") ?? 1;
        var keyValueHeads = Math.Max(1, metadata.FindInteger($"{architecture}.attention.head_count_kv") ?? heads);
        return new QuantizedModel(
            (int)Math.Clamp(layers, 0, int.MaxValue),
            (int)Math.Clamp(heads / keyValueHeads, 1, int.MaxValue),
            (int)Math.Clamp(metadata.FindInteger($"{architecture}.expert_count") ?? 0, 0, int.MaxValue),
            HasOutputHead: source.Find("output.weight") is not null,
            HasImportance: false);
    }

    private static void Write(GgufFile source, GgufTensor tensor, TensorType type, Stream stream, RowConverter converter)
    {
        try
        {
            converter.Write(source.Data(tensor), tensor.Type, checked((int)tensor.Dimensions[0]), type, stream);
        }
        catch (ArithmeticException error)
        {
            throw source.Error(tensor, error.Message);
        }
    }
}
