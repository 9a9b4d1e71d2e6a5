namespace Ayni.Llama;

/// <summary>A model in a GGUF file, whose names and row order are the ones used here.</summary>
internal sealed class GgufSource : ModelSource
{
    private const string EmbeddingName = "token_embd.weight";

    private readonly GgufFile _file;

    public GgufSource(GgufFile file)
        : base(file.Path)
    {
        _file = file;
        Tensors = [.. file.Tensors.Select(tensor => new ModelTensor
        {
            Name = tensor.Name,
            StoredName = tensor.Name,
            TypeName = tensor.Type.ToString(),
            Type = tensor.Type,
            Dimensions = tensor.Dimensions,
            Bytes = tensor.Bytes,
            Offset = tensor.Offset,
            Path = file.PathOf(tensor),
            InfoOffset = tensor.InfoOffset,
        })];
    }

    public override string Format => _file.Files.Count == 1 ? $"GGUF v{_file.Version}" : $"GGUF v{_file.Version} in {_file.Files.Count} files";

    public override string Name => GgufSplit.NameOf(Path);

    public override GgufMetadata Metadata => _file.Metadata;

    public override IReadOnlyList<ModelTensor> Tensors { get; }

    public override IReadOnlyList<string> Files => _file.Files;

    internal override string ConfigPath => Path;

    public override string? TokenizerName => Metadata.FindString("tokenizer.ggml.model");

    public override string? ChatTemplate => Metadata.FindString("tokenizer.chat_template");

    internal override void RequireLlama() => GgufConfig.ArchitectureOf(Metadata);

    public override string? ProvenanceDigest => Metadata.FindString(ProvenanceKey);

    public override Tokenizer? ReadTokenizer() => GgufTokenizer.IsIn(Metadata) ? Tokenizer.FromGguf(Metadata) : null;

    public override LlamaConfig ReadConfig(Tokenizer? tokenizer)
    {
        if (Tensors.Count == 0)
            throw new ModelFormatException(Path, -1, "tensor_count", "the file holds a vocabulary only, no weights");
        return (tokenizer ?? ReadTokenizer()) is { } vocabulary ? ConfigOf(vocabulary.VocabularySize) : GgufConfig.Read(Metadata, EmbeddingRows());
    }

    /// <summary>The number of tokens is known before their words are.</summary>
    internal override LlamaConfig? ReadConfigAhead() =>
        Tensors.Count > 0 && GgufTokenizer.IsIn(Metadata) && GgufTokenizer.CountIn(Metadata) is { } count ? ConfigOf(count) : null;

    private LlamaConfig ConfigOf(int vocabularySize)
    {
        // Unlike folders, GGUF has a token for every row, if only for padding; llama.cpp refuses other files as well.
        if (Tensors.FirstOrDefault(tensor => tensor.Name == EmbeddingName) is { Dimensions: [_, var rows] } embedding && rows != vocabularySize)
            throw embedding.Error($"has {rows} rows, and the file's vocabulary has {vocabularySize} tokens");
        return GgufConfig.Read(Metadata, vocabularySize);
    }

    /// <summary>Without a tokenizer only the weights tell how many tokens there are.</summary>
    private int EmbeddingRows()
    {
        var embedding = Tensors.FirstOrDefault(tensor => tensor.Name == EmbeddingName) ?? throw Missing(EmbeddingName);
        return embedding.Dimensions is [_, > 0 and <= LlamaConfig.MaxDimension and var rows]
            ? (int)rows
            : throw embedding.Error($"it is not a matrix of 1 to {LlamaConfig.MaxDimension} rows");
    }

    internal override ModelFormatException Missing(string name) =>
        new(Path, -1, name, "the model needs this tensor and the file does not have it");

    internal override TensorContent Read(ModelTensor tensor) => new(_file.Data(_file.Find(tensor.Name)!));

    internal override string Describe(ReadOnlySpan<long> dimensions) => $"[{string.Join(", ", dimensions.ToArray())}]";

    private protected override void Close() => _file.Dispose();
}
