using System.Globalization;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// A model as Meta distributes it: <c>params.json</c>, <c>consolidated.00.pth</c> and its model-parallel brothers, <c>tokenizer.model</c>.
/// Rows of queries and keys are in adjacent-pair order already.
/// </summary>
internal sealed class MetaSource : ModelSource
{
    private readonly List<TorchCheckpoint> _shards = [];
    private readonly Dictionary<string, ShardAxis> _axes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _copies = new(StringComparer.Ordinal);
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
            var dim = parameters.Dimension("dim");
            Tensors = [.. _shards[0].Tensors.Values.Where(tensor => !MetaNames.IsDerived(tensor.Name)).Select(tensor => Merged(tensor, dim))];
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

    /// <summary>Opens a folder and checks everything but the weights themselves.</summary>
    public static MetaSource OpenFolder(string folder) => new(folder, JsonFields.Read(System.IO.Path.Combine(folder, "params.json")));

    public override Tokenizer? ReadTokenizer() => FolderFiles.FindTokenizer(Path) is { } path ? Tokenizer.Open(path) : null;

    public override LlamaConfig ReadConfig(Tokenizer? tokenizer)
    {
        var config = MetaConfig.Read(_parameters, Required("token_embd.weight"), Required("blk.0.ffn_gate.weight"));
        FolderFiles.CheckVocabulary(Path, tokenizer, config.VocabularySize, MetaNames.FromGguf("token_embd.weight")!);
        return config;
    }

    internal override ModelFormatException Missing(string name) =>
        new(Path, -1, MetaNames.FromGguf(name) ?? name, "the model needs this tensor and the folder's files do not have it");

    internal override TensorContent Read(ModelTensor tensor)
    {
        TensorData[] parts = [.. _shards.Select(shard => shard.Data(shard.Tensors[tensor.StoredName]))];
        if (_copies.TryGetValue(tensor.StoredName, out var copies))
            parts = Originals(tensor, parts, copies);
        var axis = _axes[tensor.StoredName];
        return parts.Length == 1 || axis == ShardAxis.Replicated
            ? new TensorContent(parts[0])
            : new TensorContent(Join(parts, axis == ShardAxis.Rows ? 1 : (int)tensor.Dimensions[1], tensor.Bytes));
    }

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

    private ModelTensor Required(string name) => Tensors.FirstOrDefault(tensor => tensor.Name == name) ?? throw Missing(name);

    /// <summary>The whole of a tensor, after checking that all files have parts of one type and shape.</summary>
    private ModelTensor Merged(TorchTensor first, int dim)
    {
        foreach (var shard in _shards)
        {
            if (!shard.Tensors.TryGetValue(first.Name, out var part))
                throw new ModelFormatException(
                    shard.Path, -1, first.Name, "the checkpoint's other files have a part of this tensor, and this one does not");
            if (part.Type != first.Type || !part.Shape.SequenceEqual(first.Shape))
                throw new ModelFormatException(
                    shard.Path, part.Offset, first.Name, "its part has another type or shape than that of the first file");
        }
        var known = MetaNames.Find(first.Name);
        var axis = known?.Axis ?? ShardAxis.Replicated;
        long[] dimensions = [.. first.Shape.Reverse()];
        if (axis != ShardAxis.Replicated && dimensions.Length != 2)
            throw new ModelFormatException(_shards[0].Path, first.Offset, first.Name, $"it has {dimensions.Length} dimensions, not 2");
        if (axis == ShardAxis.Either)
            axis = dimensions[0] == dim ? ShardAxis.Rows : ShardAxis.Columns;
        if (axis != ShardAxis.Replicated)
            dimensions[axis == ShardAxis.Rows ? 1 : 0] *= _shards.Count;
        _axes.Add(first.Name, axis);
        var copies = known?.Name is { } name && name.Split('.') is [.., "attn_k" or "attn_v", "weight"] ? CopiesOf(dimensions[1]) : 1;
        if (copies > 1)
        {
            dimensions[1] /= copies;
            _copies.Add(first.Name, copies);
        }
        return new ModelTensor
        {
            Name = known?.Name ?? ModelTensor.UnknownPrefix + first.Name,
            StoredName = first.Name,
            TypeName = first.Type.ToString(),
            Type = first.Type,
            Dimensions = [.. dimensions],
            Bytes = axis == ShardAxis.Replicated ? first.Bytes : first.Bytes * _shards.Count / copies,
            Offset = first.Offset,
            Path = _shards[0].Path,
        };
    }

    /// <summary>
    /// How many parts share a key-value head. Where there are more parts than such heads, as of the 405B in 16 parts, each part has the whole head
    /// that its query heads go with; neighbours have the same one.
    /// </summary>
    private int CopiesOf(long rows)
    {
        var heads = _parameters.Dimension("n_heads");
        var keyValueRows = (long)_parameters.Dimension("n_kv_heads", heads) * _parameters.Dimension("head_dim", Math.Max(1, _parameters.Dimension("dim") / heads));
        return rows > keyValueRows && rows % keyValueRows == 0 && _shards.Count % (rows / keyValueRows) == 0 ? (int)(rows / keyValueRows) : 1;
    }

    /// <summary>One of each group of parts that have the same.</summary>
    private TensorData[] Originals(ModelTensor tensor, TensorData[] parts, int copies)
    {
        for (var i = 0; i < parts.Length; i++)
        {
            var original = parts[i / copies * copies];
            if (!original.Span(0, checked((int)original.Bytes)).SequenceEqual(parts[i].Span(0, checked((int)parts[i].Bytes))))
            {
                throw new ModelFormatException(
                    _shards[i].Path, tensor.Offset, tensor.StoredName,
                    $"{copies} parts share a key-value head by their shapes, but this part and that of {System.IO.Path.GetFileName(_shards[i / copies * copies].Path)} differ");
            }
        }
        return [.. parts.Where((_, i) => i % copies == 0)];
    }

    private void RefuseTensorsOfLaterShardsOnly()
    {
        foreach (var shard in _shards)
        {
            if (shard.Tensors.Keys.FirstOrDefault(name => !_shards[0].Tensors.ContainsKey(name)) is { } name)
                throw new ModelFormatException(shard.Path, -1, name, "the checkpoint's first file has no part of this tensor");
        }
    }

    /// <summary>Joins parts run by run: whole parts one after another, or a row of each part in turn.</summary>
    private static NativeBuffer Join(TensorData[] parts, int runs, long bytes)
    {
        const int MaxCopy = 1 << 30;
        var joined = new NativeBuffer(bytes);
        var target = 0L;
        for (var run = 0; run < runs; run++)
        {
            foreach (var part in parts)
            {
                var (start, length) = (part.Bytes / runs * run, part.Bytes / runs);
                for (var done = 0L; done < length;)
                {
                    var count = (int)Math.Min(MaxCopy, length - done);
                    part.Span(start + done, count).CopyTo(joined.Span<byte>(target, count));
                    done += count;
                    target += count;
                }
            }
        }
        foreach (var part in parts)
            part.DropPages();
        return joined;
    }
}
