namespace Ayni.Llama;

/// <summary>
/// The weights of a Hugging Face folder: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> lists.
/// </summary>
internal sealed class SafetensorsModel : IDisposable
{
    private const string WholeName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";

    private readonly Dictionary<string, (SafetensorsFile File, SafetensorsTensor Tensor)> _tensors = new(StringComparer.Ordinal);

    private SafetensorsModel()
    {
    }

    /// <summary>The open files.</summary>
    public List<SafetensorsFile> Files { get; } = [];

    /// <summary>All tensors with the file that holds each, in the files' order.</summary>
    public IEnumerable<(SafetensorsFile File, SafetensorsTensor Tensor)> Tensors => _tensors.Values;

    /// <summary>Whether a folder has weights of this kind.</summary>
    public static bool IsIn(string folder) =>
        File.Exists(System.IO.Path.Combine(folder, WholeName)) || File.Exists(System.IO.Path.Combine(folder, IndexName));

    /// <summary>
    /// Opens all files. Throws <see cref="ModelFormatException"/> naming the file, shard or tensor at fault; nothing then stays open.
    /// </summary>
    public static SafetensorsModel Open(string folder)
    {
        var model = new SafetensorsModel();
        try
        {
            var whole = System.IO.Path.Combine(folder, WholeName);
            if (File.Exists(whole))
                model.Add(SafetensorsFile.Open(whole));
            else
                model.AddShards(folder);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The tensor of a name and the file that holds it.</summary>
    public (SafetensorsFile File, SafetensorsTensor Tensor) Find(string name) => _tensors[name];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in Files)
            file.Dispose();
    }

    private void AddShards(string folder)
    {
        var path = System.IO.Path.Combine(folder, IndexName);
        var map = JsonFields.Read(path, SafetensorsLimits.IndexBytes) is var index && index.FindObject("weight_map") is { } found
            ? found
            : throw index.Error("weight_map", "the field is missing");
        var shardOf = map.Names.ToDictionary(name => name, name => ShardName(map, name), StringComparer.Ordinal);
        string[] shards = [.. shardOf.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (shards.Length is 0 or > SafetensorsLimits.Shards)
            throw index.Error("weight_map", $"{shards.Length} files, not 1 to {SafetensorsLimits.Shards}");

        foreach (var shard in shards)
        {
            var shardPath = System.IO.Path.Combine(folder, shard);
            if (!File.Exists(shardPath))
                throw index.Error("weight_map", $"the file '{shard}' is not here; is the download complete?");
            Add(SafetensorsFile.Open(shardPath));
        }
        foreach (var (name, shard) in shardOf)
        {
            if (!_tensors.TryGetValue(name, out var entry) || System.IO.Path.GetFileName(entry.File.Path) != shard)
                throw new ModelFormatException(
                    System.IO.Path.Combine(folder, shard), -1, name, $"{IndexName} says that this tensor is here, and it is not");
        }
    }

    /// <summary>A file beside the index and nowhere else: an index must not open other files of this machine.</summary>
    private static string ShardName(JsonFields map, string tensor)
    {
        var name = map.FindString(tensor) ?? throw map.Error(tensor, "expected a file's name");
        return name.EndsWith(".safetensors", StringComparison.Ordinal) && name.AsSpan().IndexOfAny("/\\:\0") < 0
            ? name
            : throw map.Error(tensor, $"'{name}' is not the name of a .safetensors file in this folder");
    }

    private void Add(SafetensorsFile file)
    {
        Files.Add(file);
        foreach (var tensor in file.Tensors)
        {
            if (!_tensors.TryAdd(tensor.Name, (file, tensor)))
            {
                var other = System.IO.Path.GetFileName(_tensors[tensor.Name].File.Path);
                throw new ModelFormatException(file.Path, tensor.InfoOffset, tensor.Name, $"the tensor is in {other}, too");
            }
        }
    }
}
