namespace Ayni.Llama;

/// <summary>What a model is in Meta's own files: its tensors, <c>params.json</c> and <c>tokenizer.model</c>.</summary>
internal static class MetaConversion
{
    private const string HeadName = "output.weight";

    /// <summary>Writes everything but the weights, which are read when they are written.</summary>
    /// <returns>The tensors, and further names of some: Meta's code has no tied output heads, but may share their weights.</returns>
    public static (List<OutputTensor> Tensors, Dictionary<string, string> Twins) WriteFiles(
        ModelSource source, WeightStreams weights, QuantizationMix? mix, OutputFolder folder)
    {
        var tokenizer = TokenizerDescription.Of(source);
        var config = FolderConfig.Of(source, tokenizer?.Tokenizer);
        var parameters = MetaConfigWriter.Write(source.ConfigPath, config);
        var tensors = Tensors(source, weights, GgufConfigWriter.IsLlama4(config), mix);
        JsonText.Write(folder.PathOf("params.json"), parameters);
        if (tokenizer is not null && (source is GgufSource || !FolderFiles.Copy(source.Path, "tokenizer.model", folder)))
            WriteTokenizer(source, tokenizer, folder.PathOf("tokenizer.model"));
        var twins = new Dictionary<string, string>(StringComparer.Ordinal);
        if (tensors.All(tensor => tensor.Name != HeadName))
            twins.Add(HeadName, MetaNames.FromGguf("token_embd.weight")!);
        return (tensors, twins);
    }

    /// <summary>
    /// A model's tensors under Meta's names. Of a Llama 4 some are one there, and experts and routers have a row for each input.
    /// </summary>
    private static List<OutputTensor> Tensors(ModelSource source, WeightStreams weights, bool isLlama4, QuantizationMix? mix)
    {
        var byName = source.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var tensors = new List<OutputTensor>();
        foreach (var tensor in source.Tensors.Where(tensor => tensor.Name != "rope_freqs.weight"))
        {
            var name = MetaNames.FromGguf(tensor.Name, isLlama4) ?? throw tensor.Error("Meta's files have no name for this tensor");
            // Named by what follows it.
            if (isLlama4 && byName.ContainsKey(tensor.Name.Replace(".ffn_norm.", ".ffn_gate.", StringComparison.Ordinal)))
                name = name.Replace(".feed_forward.norm.weight", ".feed_forward.mlp.layer_norm_weight", StringComparison.Ordinal);
            var (stored, type) = (MetaNames.Find(name)!, HuggingFaceConversion.TypeOf(tensor, mix));
            if (stored.IsByInput)
            {
                var turned = weights.ByInput([tensor], name, type);
                // The experts' rows are those of one matrix.
                var rows = turned.Dimensions[1..].Aggregate((product, size) => product * size);
                tensors.Add(turned with { Dimensions = [turned.Dimensions[0], rows] });
            }
            else if (stored.Names is [var first, _, ..])
            {
                if (tensor.Name == first)
                    tensors.Add(weights.Stacked([.. stored.Names.Select(Same)], name, type));
            }
            else
            {
                tensors.Add(weights.InGgufOrder(tensor, name, type));
            }

            ModelTensor Same(string needed)
            {
                var found = byName.GetValueOrDefault(needed) ?? throw source.Missing(needed);
                return HuggingFaceConversion.TypeOf(found, mix) == type ? found
                    : throw found.Error(
                        $"has another type than {tensor.StoredName}, and both are one tensor in Meta's files; give a type for all");
            }
        }
        return tensors;
    }

    private static void WriteTokenizer(ModelSource source, TokenizerDescription tokenizer, string path)
    {
        File.WriteAllBytes(path, tokenizer.IsBytePair ? TiktokenFileWriter.Write(tokenizer) : SentencePieceModelWriter.Write(tokenizer));
        string? difference;
        try
        {
            difference = tokenizer.FindDifference(TokenizerDescription.Read(path));
        }
        catch (ModelFormatException error)
        {
            difference = error.Message[(error.Message.LastIndexOf(error.Field, StringComparison.Ordinal))..];
        }
        if (difference is not null)
        {
            throw new ModelFormatException(
                source.Path, -1, "tokenizer", "in Meta's tokenizer.model, whose special tokens are those of Meta's own models, it would give other ids; "
                + $"what differs is {difference}");
        }
    }
}
