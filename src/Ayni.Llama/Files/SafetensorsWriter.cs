using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Writes safetensors (<see href="https://github.com/huggingface/safetensors#format"/>): one file, or several with an index where they
/// would be large.
/// </summary>
internal static class SafetensorsWriter
{
    /// <summary>What a file holds at most, but for a single larger tensor: Hugging Face's own custom.</summary>
    public const long ShardBytes = 5_000_000_000;

    // Hugging Face's reader takes data that start at multiples of 8 without copying them.
    private const int HeaderAlignment = 8;

    private static readonly JsonWriterOptions Options = new() { Indented = true };

    /// <summary>Writes all tensors, whose types are F32, F16 or BF16.</summary>
    /// <param name="pathOf">The path of a file of some name.</param>
    /// <param name="tensors">The tensors.</param>
    /// <param name="provenance">The digest of the model's manifest, or null.</param>
    /// <param name="shardBytes">What a file holds at most.</param>
    public static void Write(
        Func<string, string> pathOf, IReadOnlyList<OutputTensor> tensors, string? provenance = null, long shardBytes = ShardBytes)
    {
        var shards = Divide(tensors, shardBytes);
        if (shards is [var only])
        {
            WriteFile(pathOf("model.safetensors"), only, provenance);
            return;
        }
        string[] names = [.. shards.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors"))];
        foreach (var (name, shard) in names.Zip(shards))
            WriteFile(pathOf(name), shard, provenance);
        using var stream = File.Create(pathOf("model.safetensors.index.json"));
        using var json = new Utf8JsonWriter(stream, Options);
        json.WriteStartObject();
        json.WriteStartObject("metadata");
        json.WriteNumber("total_size", tensors.Sum(tensor => tensor.Bytes));
        json.WriteEndObject();
        json.WriteStartObject("weight_map");
        foreach (var (name, shard) in names.Zip(shards))
        {
            foreach (var tensor in shard)
                json.WriteString(tensor.Name, name);
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static List<List<OutputTensor>> Divide(IReadOnlyList<OutputTensor> tensors, long shardBytes)
    {
        var shards = new List<List<OutputTensor>> { new() };
        var bytes = 0L;
        foreach (var tensor in tensors)
        {
            if (bytes > 0 && bytes + tensor.Bytes > shardBytes)
            {
                shards.Add([]);
                bytes = 0;
            }
            shards[^1].Add(tensor);
            bytes += tensor.Bytes;
        }
        return shards;
    }

    /// <summary>Writes one file, of a name that is not taken, that names the manifest of some digest, or none.</summary>
    public static void WriteFile(string path, IReadOnlyList<OutputTensor> tensors, string? provenance = null)
    {
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        var header = Header(tensors, provenance);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var tensor in tensors)
            tensor.WriteTo(stream);
        stream.Flush(flushToDisk: true);
    }

    private static byte[] Header(IReadOnlyList<OutputTensor> tensors, string? provenance)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            if (provenance is not null)
                json.WriteString(ModelSource.ProvenanceKey, provenance);
            json.WriteEndObject();
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type is TensorType.F32 or TensorType.F16 or TensorType.BF16
                    ? tensor.Type.ToString()
                    : throw new ArgumentException($"{tensor.Name}: safetensors have no type {tensor.Type}.", nameof(tensors)));
                json.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Bytes);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (stream.Length % HeaderAlignment != 0)
            stream.WriteByte((byte)' ');
        return stream.ToArray();
    }
}
