namespace Ayni.Llama;

/// <summary>
/// A model in a Hugging Face folder: <c>config.json</c>, safetensors, and where they are there <c>tokenizer.model</c> or
/// <c>tokenizer.json</c>, <c>generation_config.json</c> and <c>tokenizer_config.json</c>.
/// </summary>
internal sealed class HuggingFaceSource : ModelSource
{
    private readonly SafetensorsModel _weights;
    private readonly JsonFields _config;
    private readonly Lazy<LlamaConfig> _shape;

    private HuggingFaceSource(string folder, JsonFields config, SafetensorsModel weights)
        : base(folder)
    {
        _config = config;
        _weights = weights;
        _shape = new Lazy<LlamaConfig>(() => HuggingFaceConfig.Read(config));
        Metadata = new GgufMetadata(config.Path, config.Scalars());
        ChatTemplate = FolderFiles.ReadChatTemplate(folder);
        EndOfGeneration = ReadEnds(folder, config);
        string?[] beside = [config.Path, FolderFiles.Find(folder, "generation_config.json"), FolderFiles.FindTokenizer(folder)];
        Files = [.. weights.Files.Select(file => file.Path).Concat(beside.OfType<string>()).Order(StringComparer.Ordinal)];
        // Tied models that store the head all the same don't use it.
        var tied = config.FindBoolean("tie_word_embeddings") ?? false;
        Tensors = [.. weights.Tensors
            .Where(item => !HuggingFaceNames.IsDerived(item.Tensor.Name) && !(tied && item.Tensor.Name == "lm_head.weight"))
            .Select(item => Describe(item.File, item.Tensor))];
        if (!tied && Tensors.All(tensor => tensor.Name != "output.weight"))
            throw Missing("output.weight");
    }

    public override string Format => _weights.Files.Count == 1 ? "safetensors" : $"safetensors in {_weights.Files.Count} files";

    public override string Name => FolderFiles.NameOf(Path);

    public override GgufMetadata Metadata { get; }

    public override IReadOnlyList<ModelTensor> Tensors { get; }

    public override IReadOnlyList<string> Files { get; }

    public override string? TokenizerName => System.IO.Path.GetFileName(FolderFiles.FindTokenizer(Path));

    public override string? ChatTemplate { get; }

    public override IReadOnlyList<int> EndOfGeneration { get; }

    /// <summary>Opens a folder and checks everything but the weights themselves.</summary>
    public static HuggingFaceSource OpenFolder(string folder)
    {
        var config = JsonFields.Read(System.IO.Path.Combine(folder, "config.json"));
        var weights = SafetensorsModel.Open(folder);
        try
        {
            return new HuggingFaceSource(folder, config, weights);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    public override Tokenizer? ReadTokenizer() => FolderFiles.FindTokenizer(Path) is { } path ? Tokenizer.Open(path) : null;

    public override LlamaConfig ReadConfig(Tokenizer? tokenizer)
    {
        FolderFiles.CheckVocabulary(Path, tokenizer, _shape.Value.VocabularySize);
        return _shape.Value;
    }

    internal override ModelFormatException Missing(string name) =>
        new(Path, -1, HuggingFaceNames.FromGguf(name) ?? name, "the model needs this tensor and the folder's files do not have it");

    internal override TensorContent Read(ModelTensor tensor)
    {
        var (file, stored) = _weights.Find(tensor.StoredName);
        var data = file.Data(stored);
        var isRotated = tensor.Name.EndsWith(".attn_q.weight", StringComparison.Ordinal) || tensor.Name.EndsWith(".attn_k.weight", StringComparison.Ordinal);
        return isRotated
            ? new TensorContent(RotaryRows.ToAdjacentPairs(data, (int)stored.Shape[0], _shape.Value.HeadDim))
            : new TensorContent(data);
    }

    private protected override void Close() => _weights.Dispose();

    private static ModelTensor Describe(SafetensorsFile file, SafetensorsTensor tensor) => new()
    {
        Name = HuggingFaceNames.ToGguf(tensor.Name) ?? ModelTensor.UnknownPrefix + tensor.Name,
        StoredName = tensor.Name,
        TypeName = tensor.Type.Name,
        Type = tensor.Type.Type,
        Dimensions = [.. tensor.Shape.Reverse()],
        Bytes = tensor.Bytes,
        Offset = tensor.Offset,
        Path = file.Path,
        InfoOffset = tensor.InfoOffset,
    };

    /// <summary>The end tokens of <c>generation_config.json</c>, or, where it names none, of <c>config.json</c>.</summary>
    private static int[] ReadEnds(string folder, JsonFields config)
    {
        const string Field = "eos_token_id";
        var generation = FolderFiles.Find(folder, "generation_config.json") is { } path ? JsonFields.Read(path) : config;
        var fields = generation.Integers(Field).Count > 0 ? generation : config;
        return [.. fields.Integers(Field).Select(id => id is >= 0 and <= int.MaxValue ? (int)id : throw fields.Error(Field, $"{id} is not a token id"))];
    }
}
