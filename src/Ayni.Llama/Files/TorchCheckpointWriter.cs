using System.Globalization;
using System.IO.Compression;

namespace Ayni.Llama;

/// <summary>
/// Writes a PyTorch checkpoint (<c>.pth</c>) that <c>torch.load</c> reads with <c>weights_only</c>: a zip archive of stored members.
/// </summary>
internal static class TorchCheckpointWriter
{
    private const string Root = "consolidated";

    // A zip's own first day: what is written depends on the model only.
    private static readonly DateTimeOffset Timeless = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes tensors, whose types are F32, F16 or BF16.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors.</param>
    /// <param name="twins">Further names of some tensors, and whose weights they share.</param>
    public static void Write(string path, IReadOnlyList<OutputTensor> tensors, IReadOnlyDictionary<string, string> twins)
    {
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            var named = tensors.Select((tensor, storage) => (tensor.Name, tensor, storage)).ToList();
            named.AddRange(twins.Select(twin => (twin.Key, named.Single(item => item.Name == twin.Value)) is var (name, item)
                ? (name, item.tensor, item.storage) : default));
            Add(archive, "data.pkl", member => member.Write(PickleWriter.Write(named)));
            Add(archive, "byteorder", member => member.Write("little"u8));
            foreach (var (name, tensor, storage) in named.Take(tensors.Count))
                Add(archive, string.Create(CultureInfo.InvariantCulture, $"data/{storage}"), tensor.WriteTo);
            Add(archive, "version", member => member.Write("3\n"u8));
        }
        stream.Flush(flushToDisk: true);
    }

    private static void Add(ZipArchive archive, string name, Action<Stream> write)
    {
        var entry = archive.CreateEntry($"{Root}/{name}", CompressionLevel.NoCompression);
        entry.LastWriteTime = Timeless;
        using var member = entry.Open();
        write(member);
    }
}
