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
        var tensors = new List<OutputTensor>();
        foreach (var tensor in source.Tensors.Where(tensor => tensor.Name != "rope_freqs.weight"))
        {
            var name = MetaNames.FromGguf(tensor.Name) ?? throw tensor.Error("Meta's files have no name for this tensor");
            tensors.Add(weights.InGgufOrder(tensor, name, HuggingFaceConversion.TypeOf(tensor, mix)));
        }
        JsonText.Write(folder.PathOf("params.json"), parameters);
        if (tokenizer is not null && (source is GgufSource || !FolderFiles.Copy(source.Path, "tokenizer.model", folder)))
            WriteTokenizer(source, tokenizer, folder.PathOf("tokenizer.model"));
        var twins = new Dictionary<string, string>(StringComparer.Ordinal);
        if (tensors.All(tensor => tensor.Name != HeadName))
            twins.Add(HeadName, MetaNames.FromGguf("token_embd.weight")!);
        return (tensors, twins);
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
