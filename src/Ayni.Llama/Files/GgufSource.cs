namespace Ayni.Llama;

/// <summary>A model in a GGUF file, whose names and row order are the ones used here.</summary>
internal sealed class GgufSource : ModelSource
{
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
            Path = file.Path,
            InfoOffset = tensor.InfoOffset,
        })];
    }

    public override string Format => $"GGUF v{_file.Version}";

    public override string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public override GgufMetadata Metadata => _file.Metadata;

    public override IReadOnlyList<ModelTensor> Tensors { get; }

    public override IReadOnlyList<string> Files => [Path];

    public override string? TokenizerName => Metadata.FindString("tokenizer.ggml.model");

    public override string? ChatTemplate => Metadata.FindString("tokenizer.chat_template");

    public override Tokenizer ReadTokenizer() => Tokenizer.FromGguf(Metadata);

    public override LlamaConfig ReadConfig(Tokenizer? tokenizer)
    {
        if (Tensors.Count == 0)
            throw new ModelFormatException(Path, -1, "tensor_count", "the file holds a vocabulary only, no weights");
        return GgufConfig.Read(Metadata, (tokenizer ?? ReadTokenizer()).VocabularySize);
    }

    internal override ModelFormatException Missing(string name) =>
        new(Path, -1, name, "the model needs this tensor and the file does not have it");

    internal override TensorContent Read(ModelTensor tensor) => new(_file.Data(_file.Find(tensor.Name)!));

    internal override string Describe(ReadOnlySpan<long> dimensions) => $"[{string.Join(", ", dimensions.ToArray())}]";

    private protected override void Close() => _file.Dispose();
}
