namespace Ayni.Llama;

/// <summary>
/// A model in a Hugging Face folder: <c>config.json</c>, safetensors, and where they are there <c>tokenizer.model</c> or
/// <c>tokenizer.json</c>, <c>generation_config.json</c> and <c>tokenizer_config.json</c>.
/// </summary>
internal sealed class HuggingFaceSource : ModelSource
{
    // What a model that sees pictures has beside its language model, whose names it prefixes.
    private const string LanguagePrefix = "language_model.";
    private static readonly string[] PicturePrefixes = ["vision_model.", "multi_modal_projector."];

    private readonly SafetensorsModel _weights;
    private readonly HuggingFaceNames _names;
    private readonly string _prefix;
    private readonly Lazy<LlamaConfig> _shape;

    private HuggingFaceSource(string folder, JsonFields config, SafetensorsModel weights)
        : base(folder)
    {
        _weights = weights;
        var text = HuggingFaceConfig.TextFields(config);
        _names = HuggingFaceConfig.IsLlama4(config) ? HuggingFaceNames.Llama4 : HuggingFaceNames.Llama;
        _prefix = ReferenceEquals(text, config) ? "" : LanguagePrefix;
        _shape = new Lazy<LlamaConfig>(() => HuggingFaceConfig.Read(config));
        Metadata = new GgufMetadata(config.Path, config.Scalars());
        ChatTemplate = FolderFiles.ReadChatTemplate(folder);
        EndOfGeneration = ReadEnds(folder, text);
        string?[] beside = [config.Path, FolderFiles.Find(folder, "generation_config.json"), FolderFiles.FindTokenizer(folder)];
        Files = [.. weights.Files.Select(file => file.Path).Concat(beside.OfType<string>()).Order(StringComparer.Ordinal)];
        // Tied models that store the head all the same don't use it.
        var tied = config.FindBoolean("tie_word_embeddings") ?? text.FindBoolean("tie_word_embeddings") ?? false;
        Tensors = [.. weights.Tensors
            .Where(item => !HuggingFaceNames.IsDerived(item.Tensor.Name) && !IsForPictures(item.Tensor.Name))
            .SelectMany(item => Describe(item.File, item.Tensor))
            .Where(tensor => !(tied && tensor.Name == "output.weight"))];
        Require("output.weight", !tied);
        Require("blk.0.attn_q.bias", text.FindBoolean("attention_bias") ?? false);
        Require("blk.0.ffn_gate.bias", text.FindBoolean("mlp_bias") ?? false);
    }

    public override string Format => _weights.Files.Count == 1 ? "safetensors" : $"safetensors in {_weights.Files.Count} files";

    public override string Name => FolderFiles.NameOf(Path);

    public override GgufMetadata Metadata { get; }

    public override IReadOnlyList<ModelTensor> Tensors { get; }

    public override IReadOnlyList<string> Files { get; }

    internal override string ConfigPath => Metadata.Path;

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

    internal override void RequireLlama() => _ = _shape.Value;

    public override string? ProvenanceDigest => _weights.Files[0].Metadata.GetValueOrDefault(ProvenanceKey);

    public override Tokenizer? ReadTokenizer() => FolderFiles.FindTokenizer(Path) is { } path ? Tokenizer.Open(path) : null;

    public override LlamaConfig ReadConfig(Tokenizer? tokenizer)
    {
        FolderFiles.CheckVocabulary(Path, tokenizer, _shape.Value.VocabularySize, _prefix + _names.FromGguf("token_embd.weight"));
        return _shape.Value;
    }

    internal override ModelFormatException Missing(string name) => new(
        Path, -1, _names.FromGguf(name) is { } stored ? _prefix + stored : name, "the model needs this tensor and the folder's files do not have it");

    internal override TensorContent Read(ModelTensor tensor)
    {
        var (file, stored) = _weights.Find(tensor.StoredName);
        var data = file.Data(stored);
        // Llama 4 keeps the pairs of a head beside each other here, too.
        var isRotated = _names == HuggingFaceNames.Llama && tensor.Name.Split('.') is [.., "attn_q" or "attn_k", _];
        return isRotated
            ? new TensorContent(RotaryRows.ToAdjacentPairs(data, (int)stored.Shape[0], _shape.Value.HeadDim))
            : new TensorContent(data);
    }

    internal override TensorContent ReadExpert(ModelTensor stack, int expert)
    {
        var (file, stored) = _weights.Find(stack.StoredName);
        var (inputs, outputs) = ((int)stack.Dimensions[0], (int)stack.Dimensions[1]);
        var bytes = stored.Bytes / stored.Shape[0];
        var first = stack.Name.Contains(".ffn_up_exps.", StringComparison.Ordinal) ? outputs : 0;
        return new TensorContent(ExpertMatrices.ToOutputRows(
            file.Data(stored).Slice(expert * bytes, bytes), inputs, first, outputs, (int)(bytes / stored.Shape[1] / stored.Shape[2])));
    }

    private protected override void Close() => _weights.Dispose();

    /// <summary>What the configuration says is there must not be missed: without it the model would run and say something else.</summary>
    private void Require(string name, bool isSaid)
    {
        if (isSaid && Tensors.All(tensor => tensor.Name != name))
            throw Missing(name);
    }

    private bool IsForPictures(string name) =>
        _prefix.Length > 0 && PicturePrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>One tensor, or two where the file keeps the experts' gates and up projections as one.</summary>
    private IEnumerable<ModelTensor> Describe(SafetensorsFile file, SafetensorsTensor tensor)
    {
        var name = tensor.Name.StartsWith(_prefix, StringComparison.Ordinal) ? _names.ToGguf(tensor.Name[_prefix.Length..]) : null;
        var whole = new ModelTensor
        {
            Name = name ?? ModelTensor.UnknownPrefix + tensor.Name,
            StoredName = tensor.Name,
            TypeName = tensor.Type.Name,
            Type = tensor.Type.Type,
            Dimensions = [.. tensor.Shape.Reverse()],
            Bytes = tensor.Bytes,
            Offset = tensor.Offset,
            Path = file.Path,
            InfoOffset = tensor.InfoOffset,
        };
        if (!whole.IsExpertStack)
            return [whole];
        if (whole.Dimensions is not [var outputs, var inputs, var experts])
            throw whole.Error($"it has {whole.Dimensions.Length} dimensions, not 3");
        if (!tensor.Name.EndsWith(HuggingFaceNames.GateAndUpExperts, StringComparison.Ordinal))
            return [whole with { Dimensions = [inputs, outputs, experts] }];
        if (outputs % 2 != 0)
            throw whole.Error($"its {outputs} columns are not as many of gates as of up projections");
        var gate = whole with { Dimensions = [inputs, outputs / 2, experts], Bytes = whole.Bytes / 2 };
        return [gate, gate with { Name = name!.Replace("ffn_gate_exps", "ffn_up_exps", StringComparison.Ordinal) }];
    }

    /// <summary>The end tokens of <c>generation_config.json</c>, or, where it names none, of <c>config.json</c>.</summary>
    private static int[] ReadEnds(string folder, JsonFields config)
    {
        const string Field = "eos_token_id";
        var generation = FolderFiles.Find(folder, "generation_config.json") is { } path ? JsonFields.Read(path) : config;
        var fields = generation.Integers(Field).Count > 0 ? generation : config;
        return [.. fields.Integers(Field).Select(id => id is >= 0 and <= int.MaxValue ? (int)id : throw fields.Error(Field, $"{id} is not a token id"))];
    }
}
