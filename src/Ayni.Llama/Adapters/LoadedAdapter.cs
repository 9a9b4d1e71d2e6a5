using System.Security.Cryptography;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>A low-rank adapter in memory, which changes what a model answers. Immutable.</summary>
public sealed class LoadedAdapter
{
    private LoadedAdapter(string folder, AdapterConfig config)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        // A training run's adapter is in a folder "adapter" of the run's.
        Name = Path.GetFileName(path) is var name && name == "adapter" && Path.GetFileName(Path.GetDirectoryName(path)) is { Length: > 0 } run
            ? run : name;
        Config = config;
        Digest = SHA256.HashData([.. AdapterFolder.FileNames.SelectMany(file => HashFile(Path.Combine(path, file)))]);
    }

    /// <summary>What it is called: its folder's name, or the run's of which that is <c>adapter/</c>.</summary>
    public string Name { get; }

    /// <summary>Rank, scale and the rest.</summary>
    public AdapterConfig Config { get; }

    /// <summary>SHA-256 of the SHA-256 values of <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.</summary>
    public ReadOnlyMemory<byte> Digest { get; }

    /// <summary>Reads a PEFT folder and puts its changes beside the weights that they belong to, which own them from now on.</summary>
    /// <exception cref="ModelFormatException">It is no adapter that Ayni computes, or one of another model.</exception>
    /// <exception cref="IOException">A file can't be read.</exception>
    internal static LoadedAdapter Attach(string folder, LlamaConfig config, LlamaWeights weights, ComputeContext context)
    {
        const string Ending = ".weight";
        var projections = weights.Projections.Where(projection => AdapterConfig.TargetOf(projection.Name[..^Ending.Length]) is not null)
            .ToDictionary(projection => projection.Name[..^Ending.Length], StringComparer.Ordinal);
        var (adapter, matrices) = AdapterFolder.Read(
            folder, config, name => projections.TryGetValue(name, out var found) ? (found.Matrix.Rows, found.Columns) : null);
        var scratch = new LowRankScratch();
        foreach (var matrix in matrices)
            projections[matrix.Name].Change = new LowRankChange(matrix, adapter, scratch, context);
        return new LoadedAdapter(folder, adapter);
    }

    private static byte[] HashFile(string path)
    {
        using var stream = File.OpenRead(path);
        return SHA256.HashData(stream);
    }
}
