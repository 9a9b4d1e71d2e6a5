using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>What a model is in a Hugging Face folder: its tensors, and the small files beside them.</summary>
internal static class HuggingFaceConversion
{
    // Copied as they are from one Hugging Face folder to another.
    private static readonly string[] TokenizerFiles =
    [
        "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja",
        "chat_template.json",
    ];

    /// <summary>Writes everything but the weights, which are read when they are written.</summary>
    public static List<OutputTensor> WriteFiles(ModelSource source, WeightStreams weights, QuantizationMix? mix, OutputFolder folder)
    {
        var tokenizer = TokenizerDescription.Of(source);
        var config = FolderConfig.Of(source, tokenizer?.Tokenizer);
        var tensors = Tensors(source, weights, config, mix);
        int[] ends = [.. source.EndOfGeneration.Concat(tokenizer?.Tokenizer.EndOfGeneration ?? []).Distinct().Order()];
        JsonText.Write(folder.PathOf("config.json"), HuggingFaceConfigWriter.Write(source, config, GgufConversion.DominantType(tensors), tokenizer?.Tokenizer, ends));
        if (source is not HuggingFaceSource || !FolderFiles.Copy(source.Path, "generation_config.json", folder))
            JsonText.Write(folder.PathOf("generation_config.json"), HuggingFaceConfigWriter.WriteGeneration(tokenizer?.Tokenizer, ends));
        if (source is HuggingFaceSource)
        {
            foreach (var name in TokenizerFiles)
                FolderFiles.Copy(source.Path, name, folder);
        }
        else if (tokenizer is not null)
        {
            WriteTokenizer(source, tokenizer, config.ContextLength, folder);
        }
        return tensors;
    }

    /// <summary>A model's tensors under Hugging Face's names, in their row order and layout of experts.</summary>
    public static List<OutputTensor> Tensors(ModelSource source, WeightStreams weights, LlamaConfig config, QuantizationMix? mix)
    {
        var names = GgufConfigWriter.IsLlama4(config) ? HuggingFaceNames.Llama4 : HuggingFaceNames.Llama;
        var byName = source.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var tensors = new List<OutputTensor>();
        foreach (var tensor in source.Tensors)
        {
            // The divisors are in the configuration, and the up projections beside the gates.
            if (tensor.Name == "rope_freqs.weight" || tensor.Name.EndsWith("ffn_up_exps.weight", StringComparison.Ordinal))
                continue;
            var name = names.FromGguf(tensor.Name) ?? throw tensor.Error("Hugging Face's files have no name for this tensor of a Llama");
            var type = TypeOf(tensor, mix);
            if (tensor.Name.EndsWith("ffn_gate_exps.weight", StringComparison.Ordinal))
            {
                var up = tensor.Name.Replace("ffn_gate_exps", "ffn_up_exps", StringComparison.Ordinal);
                tensors.Add(weights.ByInput([tensor, byName.GetValueOrDefault(up) ?? throw source.Missing(up)], name, type));
            }
            else if (tensor.IsExpertStack)
            {
                tensors.Add(weights.ByInput([tensor], name, type));
            }
            else
            {
                tensors.Add(names == HuggingFaceNames.Llama && tensor.Name.Split('.') is [.., "attn_q" or "attn_k", _]
                    ? weights.InHalves(tensor, name, type, config.HeadDim)
                    : weights.InGgufOrder(tensor, name, type));
            }
        }
        return tensors;
    }

    /// <summary>
    /// The type of a tensor where only F32, F16 and BF16 can be: of those its own, else F16, which loses least of quantized weights.
    /// </summary>
    internal static TensorType TypeOf(ModelTensor tensor, QuantizationMix? mix)
    {
        GgufConversion.RequireReadable(tensor);
        return mix is not null ? Enum.Parse<TensorType>(mix.Name)
            : tensor.Type is TensorType.F32 or TensorType.F16 or TensorType.BF16 ? tensor.Type.Value : TensorType.F16;
    }

    private static void WriteTokenizer(ModelSource source, TokenizerDescription tokenizer, int contextLength, OutputFolder folder)
    {
        JsonText.Write(folder.PathOf("tokenizer_config.json"), HuggingFaceConfigWriter.WriteTokenizer(tokenizer, source.ChatTemplate, contextLength));
        var difference = "pieces of one score, or of characters that are none, which merges can't say";
        var written = false;
        if (HuggingFaceTokenizerWriter.Write(tokenizer) is { } json)
            written = WriteIfSame("tokenizer.json", json);
        if (!tokenizer.IsBytePair)
            written |= WriteIfSame("tokenizer.model", SentencePieceModelWriter.Write(tokenizer));
        if (!written)
        {
            throw new ModelFormatException(
                source.Path, -1, "tokenizer", $"in the files of a Hugging Face folder it would give other ids; what differs is {difference}");
        }

        bool WriteIfSame(string name, byte[] content)
        {
            var path = folder.PathOf(name);
            File.WriteAllBytes(path, content);
            if (tokenizer.FindDifference(TokenizerDescription.Read(path)) is not { } found)
                return true;
            difference = found;
            File.Delete(path);
            return false;
        }
    }
}
