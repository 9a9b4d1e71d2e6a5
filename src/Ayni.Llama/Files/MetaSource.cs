using System.Globalization;

namespace Ayni.Llama;

/// <summary>
/// A model as Meta distributes it: <c>params.json</c>, <c>consolidated.00.pth</c> and its model-parallel brothers, <c>tokenizer.model</c>.
/// Rows of queries and keys are in adjacent-pair order already.
/// </summary>
internal sealed class MetaSource : ModelSource
{
    private readonly List<TorchCheckpoint> _shards = [];
    private readonly Dictionary<string, ShardedTensor> _tensors = new(StringComparer.Ordinal);
    private readonly JsonFields _parameters;

    private MetaSource(string folder, JsonFields parameters)
        : base(folder)
    {
        _parameters = parameters;
        Metadata = new GgufMetadata(parameters.Path, parameters.Scalars());
        try
        {
            var files = ShardFiles(folder);
            foreach (var file in files)
                _shards.Add(TorchCheckpoint.Open(file));
            string?[] beside = [parameters.Path, FolderFiles.FindTokenizer(folder)];
            Files = [.. files.Concat(beside.OfType<string>()).Order(StringComparer.Ordinal)];
            var layout = new MetaShards(parameters, _shards);
            foreach (var stored in _shards[0].Tensors.Values.Where(tensor => !MetaNames.IsLeftOut(tensor.Name)))
                Add(layout.Describe(stored));
            Tensors = [.. _tensors.Values.Select(tensor => tensor.Tensor)];
            RefuseTensorsOfLaterShardsOnly();
        }
        catch
        {
            Close();
            throw;
        }
    }

    public override string Format => _shards.Count == 1 ? "Meta checkpoint" : $"Meta checkpoint in {_shards.Count} files";

    public override string Name => FolderFiles.NameOf(Path);

    public override GgufMetadata Metadata { get; }

    public override IReadOnlyList<ModelTensor> Tensors { get; }

    public override IReadOnlyList<string> Files { get; }

    internal override string ConfigPath => Metadata.Path;

    public override string? TokenizerName => System.IO.Path.GetFileName(FolderFiles.FindTokenizer(Path));

    public override string? ChatTemplate => null;

    /// <summary>Whether a folder has weights of this kind.</summary>
    public static bool IsIn(string folder) => ShardNames(folder).Any();

    /// <summary>
    /// Opens a folder and checks everything but the weights themselves. Newer files keep the parameters in an object of their own.
    /// </summary>
    public static MetaSource OpenFolder(string folder)
    {
        var file = JsonFields.Read(System.IO.Path.Combine(folder, "params.json"));
        return new MetaSource(folder, file.FindObject("model") ?? file);
    }

    public override Tokenizer? ReadTokenizer() => FolderFiles.FindTokenizer(Path) is { } path ? Tokenizer.Open(path) : null;

    public override LlamaConfig ReadConfig(Tokenizer? tokenizer)
    {
        var config = MetaConfig.Read(_parameters, name => _tensors.TryGetValue(name, out var found) ? found.Tensor : throw Missing(name));
        FolderFiles.CheckVocabulary(Path, tokenizer, config.VocabularySize, MetaNames.FromGguf("token_embd.weight")!);
        return config;
    }

    internal override ModelFormatException Missing(string name) => new(
        Path, -1, MetaNames.FromGguf(name, MetaConfig.IsLlama4(_parameters)) ?? name,
        "the model needs this tensor and the folder's files do not have it");

    internal override TensorContent Read(ModelTensor tensor) => _tensors[tensor.Name].Read(_shards, 0);

    internal override TensorContent ReadExpert(ModelTensor stack, int expert) => _tensors[stack.Name].Read(_shards, expert);

    private protected override void Close()
    {
        foreach (var shard in _shards)
            shard.Dispose();
    }

    private static IEnumerable<string> ShardNames(string folder) =>
        Directory.EnumerateFiles(folder, "consolidated.*.pth").Select(file => System.IO.Path.GetFileName(file)!);

    /// <summary>The files in order of their numbers, none missing between them.</summary>
    private static string[] ShardFiles(string folder)
    {
        var count = ShardNames(folder).Count();
        string[] expected = [.. Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"consolidated.{i:D2}.pth"))];
        foreach (var name in expected)
        {
            if (FolderFiles.Find(folder, name) is null)
                throw new ModelFormatException(
                    folder, -1, name, $"the file is not here, though {count} parts of the checkpoint are; is the download complete?");
        }
        return [.. expected.Select(name => System.IO.Path.Combine(folder, name))];
    }

    private void Add(IEnumerable<ShardedTensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            if (!_tensors.TryAdd(tensor.Tensor.Name, tensor))
                throw tensor.Tensor.Error($"the checkpoint has the same under the name {_tensors[tensor.Tensor.Name].Tensor.StoredName}, too");
        }
    }

    private void RefuseTensorsOfLaterShardsOnly()
    {
        foreach (var shard in _shards)
        {
            if (shard.Tensors.Keys.FirstOrDefault(name => !_shards[0].Tensors.ContainsKey(name) && !MetaNames.IsLeftOut(name)) is { } name)
                throw new ModelFormatException(shard.Path, -1, name, "the checkpoint's first file has no part of this tensor");
        }
    }
}
