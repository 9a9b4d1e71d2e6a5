using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Ayni.Training;

/// <summary>
/// Writes and reads checkpoints. The file: the magic <c>AYNICKPT</c>, a version and the length of the JSON header as 32-bit numbers, the
/// header, all numbers in float32, and the SHA-256 of everything before. Little-endian. A file gets its name when it is on the disk as a
/// whole, in place of the one before, so that there is a good one at any moment.
/// </summary>
internal static class CheckpointFile
{
    private const uint Version = 1;
    private const int PrefixBytes = 16;
    private const int MostHeaderBytes = 16 << 20;

    private static ReadOnlySpan<byte> Magic => "AYNICKPT"u8;

    /// <summary>Writes a checkpoint in place of another.</summary>
    /// <exception cref="IOException">It can't be written; the one before is as it was.</exception>
    public static void Write(string path, Checkpoint checkpoint, IReadOnlyList<(string Name, float[] Values)> tensors)
    {
        var partial = path + ".partial";
        try
        {
            using (var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
            {
                var header = JsonSerializer.SerializeToUtf8Bytes(
                    new CheckpointHeader(checkpoint, [.. tensors.Select(TensorOf)]),
                    CheckpointJson.Default.CheckpointHeader);
                Span<byte> prefix = stackalloc byte[PrefixBytes];
                Magic.CopyTo(prefix);
                BinaryPrimitives.WriteUInt32LittleEndian(prefix[8..], Version);
                BinaryPrimitives.WriteInt32LittleEndian(prefix[12..], header.Length);
                Append(prefix);
                Append(header);
                foreach (var (_, values) in tensors)
                    Append(MemoryMarshal.AsBytes(values.AsSpan()));
                stream.Write(hash.GetHashAndReset());
                stream.Flush(flushToDisk: true);

                void Append(ReadOnlySpan<byte> bytes)
                {
                    stream.Write(bytes);
                    hash.AppendData(bytes);
                }
            }
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    /// <summary>Reads a checkpoint's numbers into arrays of the same names and lengths. They are changed only if all is well.</summary>
    /// <exception cref="CheckpointException">It is none, was damaged, or belongs to another run.</exception>
    public static Checkpoint Read(string path, RunIdentity identity, IReadOnlyList<(string Name, float[] Values)> tensors)
    {
        using var stream = File.OpenRead(path);
        var header = ReadHeader(path, stream, out var headerBytes);
        if (identity.FindDifference(header.Checkpoint.Identity) is { } difference)
        {
            throw new CheckpointException(
                $"{path}: {difference} since this run was begun, and its {header.Checkpoint.Step} steps can't be continued with it; "
                + "put it back, or begin another run in another folder (--out).");
        }
        if (!header.Tensors.SequenceEqual(tensors.Select(TensorOf)))
            throw Damaged(path, "its numbers are not those of this model");
        var numbers = tensors.Sum(tensor => (long)tensor.Values.Length);
        var expected = PrefixBytes + headerBytes + numbers * sizeof(float) + SHA256.HashSizeInBytes;
        if (stream.Length != expected)
            throw Damaged(path, $"it has {stream.Length} bytes instead of {expected}");
        CheckDigest(path, stream);
        stream.Position = PrefixBytes + headerBytes;
        foreach (var (_, values) in tensors)
            stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return header.Checkpoint;
    }

    private static CheckpointTensor TensorOf((string Name, float[] Values) tensor) => new(tensor.Name, tensor.Values.Length);

    private static CheckpointHeader ReadHeader(string path, FileStream stream, out int headerBytes)
    {
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        if (stream.ReadAtLeast(prefix, PrefixBytes, throwOnEndOfStream: false) < PrefixBytes || !prefix.StartsWith(Magic))
            throw Damaged(path, "this is no checkpoint of Ayni's");
        if (BinaryPrimitives.ReadUInt32LittleEndian(prefix[8..]) is var version && version != Version)
            throw Damaged(path, $"version {version}, where {Version} is read");
        headerBytes = BinaryPrimitives.ReadInt32LittleEndian(prefix[12..]);
        if (headerBytes is < 2 or > MostHeaderBytes || headerBytes > stream.Length - PrefixBytes)
            throw Damaged(path, "its header has an impossible length");
        var json = new byte[headerBytes];
        stream.ReadExactly(json);
        try
        {
            var header = JsonSerializer.Deserialize(json, CheckpointJson.Default.CheckpointHeader);
            return header is { Checkpoint.Step: >= 0 } && header.Tensors.All(tensor => tensor is not null)
                && header.Checkpoint.Identity.Sources.All(source => source is not null)
                ? header
                : throw Damaged(path, "its header says nothing");
        }
        catch (JsonException error)
        {
            throw Damaged(path, $"its header can't be read ({error.Path})");
        }
    }

    private static void CheckDigest(string path, FileStream stream)
    {
        stream.Position = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        for (var left = stream.Length - SHA256.HashSizeInBytes; left > 0;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
            stream.ReadExactly(part);
            hash.AppendData(part);
            left -= part.Length;
        }
        Span<byte> stored = stackalloc byte[SHA256.HashSizeInBytes];
        stream.ReadExactly(stored);
        if (!stored.SequenceEqual(hash.GetHashAndReset()))
            throw Damaged(path, "its contents don't match its digest");
    }

    private static CheckpointException Damaged(string path, string problem) =>
        new($"{path}: {problem}; delete the checkpoint to begin again, or begin another run in another folder (--out).");
}
