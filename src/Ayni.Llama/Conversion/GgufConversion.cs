using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>What a model is in GGUF: its metadata and its tensors.</summary>
internal static class GgufConversion
{
    // Version 2 of ggml's block layouts, the only one in use.
    private const uint QuantizationVersion = 2;

    /// <summary>Everything a file says. The tensors' data are read when they are written.</summary>
    public static (List<(string Key, object Value)> Metadata, List<OutputTensor> Tensors) Plan(
        ModelSource source, WeightStreams weights, QuantizationMix? mix) =>
        source is GgufSource ? PlanCopy(source, weights, mix) : PlanFromFolder(source, weights, mix);

    /// <summary>A GGUF file again: whatever it says, in other types, and in one file.</summary>
    private static (List<(string, object)>, List<OutputTensor>) PlanCopy(ModelSource source, WeightStreams weights, QuantizationMix? mix)
    {
        var metadata = source.Metadata;
        var model = mix is null ? default : Describe(metadata, source);
        List<OutputTensor> tensors = [.. source.Tensors.Select(tensor =>
            weights.InGgufOrder(tensor, tensor.Name, mix is null ? tensor.Type!.Value : TypeOf(tensor, mix, model)))];
        List<(string, object)> pairs =
        [
            .. metadata.Keys
                .Where(key => !GgufSplit.IsKey(key) && (mix is null || key is not ("general.file_type" or "general.quantization_version")))
                .Select(key => (key, metadata.Find(key)!)),
        ];
        if (mix is not null)
            AddTypes(pairs, (uint)mix.FileType, tensors);
        return (pairs, tensors);
    }

    private static (List<(string, object)>, List<OutputTensor>) PlanFromFolder(ModelSource source, WeightStreams weights, QuantizationMix? mix)
    {
        var tokenizer = TokenizerDescription.Of(source);
        var config = source.ReadConfig(tokenizer?.Tokenizer);
        var model = new QuantizedModel(
            config.LayerCount, config.HeadCount / config.KeyValueHeadCount, config.Experts?.Count ?? 0,
            source.Tensors.Any(tensor => tensor.Name == "output.weight"), HasImportance: false);
        var tensors = new List<OutputTensor>();
        foreach (var tensor in source.Tensors)
        {
            if (tensor.Name.StartsWith(ModelTensor.UnknownPrefix, StringComparison.Ordinal))
                throw tensor.Error("no Llama has this tensor, and GGUF has no name for it");
            tensors.Add(weights.InGgufOrder(tensor, tensor.Name, mix is null ? KeptType(tensor) : TypeOf(tensor, mix, model)));
        }
        if (config.RotaryScaling is Llama3RotaryScaling scaling)
            tensors.Insert(0, Divisors(scaling, config));

        var pairs = new List<(string, object)>
        {
            ("general.architecture", GgufConfigWriter.ArchitectureOf(config)),
            ("general.type", "model"),
            ("general.name", source.Name),
        };
        pairs.AddRange(GgufConfigWriter.Write(source.ConfigPath, config));
        if (tokenizer is null)
            pairs.Add(("tokenizer.ggml.model", GgufTokenizer.NoTokenizer));
        else
            pairs.AddRange(GgufTokenizerWriter.Write(FolderFiles.FindTokenizer(source.Path)!, tokenizer, config.VocabularySize, source.EndOfGeneration));
        if (source.ChatTemplate is { } template)
            pairs.Add(("tokenizer.chat_template", template));
        AddTypes(pairs, (uint)(mix ?? QuantizationMix.Find(DominantType(tensors).ToString())!).FileType, tensors);
        return (pairs, tensors);
    }

    /// <summary>The type that most of the weights have.</summary>
    public static TensorType DominantType(IEnumerable<OutputTensor> tensors) =>
        tensors.GroupBy(tensor => tensor.Type).MaxBy(group => group.Sum(tensor => tensor.Bytes))!.Key;

    private static void AddTypes(List<(string, object)> pairs, uint fileType, List<OutputTensor> tensors)
    {
        pairs.Add(("general.file_type", fileType));
        if (tensors.Any(tensor => TensorTypes.FormatOf(tensor.Type).Weights > 1))
            pairs.Add(("general.quantization_version", QuantizationVersion));
    }

    private static TensorType TypeOf(ModelTensor tensor, QuantizationMix mix, in QuantizedModel model)
    {
        var type = mix.TypeOf(tensor.Name, tensor.Dimensions.Length < 2 ? 0 : tensor.Dimensions[0], model);
        RequireReadable(tensor);
        if (type != tensor.Type && TensorTypes.FormatOf(tensor.Type!.Value).Weights > 1 && TensorTypes.FormatOf(type).Weights > 1)
            throw tensor.Error($"is quantized as {tensor.Type} already; converting does not quantize twice, 'ayni quantize --allow-requantize' does");
        return type;
    }

    /// <summary>What llama.cpp computes with: vectors and routers in F32, which holds all of F16 and BF16; matrices as they are.</summary>
    private static TensorType KeptType(ModelTensor tensor)
    {
        RequireReadable(tensor);
        return tensor.Dimensions.Length < 2 || tensor.Name.EndsWith("ffn_gate_inp.weight", StringComparison.Ordinal) ? TensorType.F32 : tensor.Type!.Value;
    }

    /// <summary>Refuses a tensor whose weights can't be told.</summary>
    public static void RequireReadable(ModelTensor tensor)
    {
        if (tensor.Type is not { } type || !TensorTypes.IsReadable(type))
            throw tensor.Error($"has type {tensor.TypeName}, which Ayni does not read; readable: {string.Join(", ", TensorTypes.Readable)}");
    }

    /// <summary>The tensor that says how Llama 3.1's scaling divides rotary frequencies.</summary>
    public static OutputTensor Divisors(Llama3RotaryScaling scaling, LlamaConfig config)
    {
        var divisors = Llama3ScalingFit.Divisors(scaling, config.RotaryDim, config.RopeTheta);
        return new("rope_freqs.weight", TensorType.F32, [divisors.Length], stream => stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(divisors)));
    }

    private static QuantizedModel Describe(GgufMetadata metadata, ModelSource source)
    {
        var architecture = GgufConfig.ArchitectureOf(metadata);
        var heads = Number("attention.head_count", 1);
        return new QuantizedModel(
            Number("block_count", 0), Math.Max(1, heads / Math.Max(1, Number("attention.head_count_kv", heads))), Number("expert_count", 0),
            source.Tensors.Any(tensor => tensor.Name == "output.weight"), HasImportance: false);

        int Number(string key, int fallback) => (int)Math.Clamp(metadata.FindInteger($"{architecture}.{key}") ?? fallback, 0, int.MaxValue);
    }
}
