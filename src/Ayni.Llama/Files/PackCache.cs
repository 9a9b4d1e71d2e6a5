using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Weights as they were packed for a processor, in a file beside their model, mapped and not copied: with it a model starts without
/// packing. Anything about the file that is not as it should be means that it is not used and made again.
/// </summary>
/// <remarks>
/// Little-endian: a head of 64 bytes (magic, version, matrices, length of head and directory, length of the file, key of 32 bytes), for
/// each matrix its name's length and its name, type, rows, columns, place and length, and a SHA-256 of all that; then the weights, each
/// matrix at a multiple of 4 KiB. The weights themselves are trusted, as those of the model's own file are: hashing either takes longer
/// than packing.
/// </remarks>
internal sealed class PackCache : IDisposable
{
    private const string Ending = ".packed";
    private const int HeadBytes = 64;
    private const int KeyBytes = SHA256.HashSizeInBytes;
    private const int MaxDirectoryBytes = 64 << 20;
    private const int PageBytes = 4096;
    private const int LeastEntryBytes = 2 + 1 + 3 * sizeof(int) + 2 * sizeof(long);
    private const uint Version = 1;

    private readonly MappedFile _file;
    private readonly Dictionary<string, Entry> _entries;

    private PackCache(MappedFile file, Dictionary<string, Entry> entries)
    {
        _file = file;
        _entries = entries;
    }

    private static ReadOnlySpan<byte> Magic => "AYNIPACK"u8;

    /// <summary>Where a model's packed weights lie: beside it, with the layout in the name, so that machines may share a folder.</summary>
    public static string PathFor(string model, string layout) => $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(model))}.{layout}{Ending}";

    /// <summary>What the packed weights of these files in this layout are known by.</summary>
    /// <param name="fingerprint">Of the model's files (<see cref="ModelSource.ComputeFingerprint"/>).</param>
    /// <param name="layout">The layout's name.</param>
    public static byte[] KeyOf(ReadOnlySpan<byte> fingerprint, string layout)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(fingerprint);
        hash.AppendData(Encoding.UTF8.GetBytes($"{PackedMatrix.LayoutVersion} {layout}"));
        return hash.GetHashAndReset();
    }

    /// <summary>Opens the packed weights of that key; null where there are none, or what is there is stale, cut or damaged.</summary>
    public static PackCache? TryOpen(string path, ReadOnlySpan<byte> key)
    {
        MappedFile? file = null;
        try
        {
            if (!File.Exists(path))
                return null;
            file = MappedFile.Open(path);
            if (ReadDirectory(file, key) is { } entries)
                return new PackCache(file, entries);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
        file?.Dispose();
        return null;
    }

    /// <summary>The packed weights of a matrix, or null where the file has none of this name and shape.</summary>
    public TensorData? Find(string name, TensorType type, int rows, int columns) =>
        _entries.TryGetValue(name, out var entry) && (entry.Type, entry.Rows, entry.Columns) == (type, rows, columns)
            ? _file.Slice(entry.Offset, entry.Bytes)
            : null;

    /// <summary>Unmaps the file; what came from it can no longer be used.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>
    /// Writes a file that has its name only once it is whole and on disk. Throws <see cref="IOException"/> or
    /// <see cref="UnauthorizedAccessException"/> where that is not possible; nothing is then left.
    /// </summary>
    public static void Write(
        string path, ReadOnlySpan<byte> key, IReadOnlyList<(string Name, PackedMatrix Matrix)> matrices, CancellationToken cancellationToken)
    {
        var directory = DirectoryOf(key, matrices, out var places);
        var partial = path + ".partial";
        using var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            stream.Write(directory);
            foreach (var ((_, matrix), place) in matrices.Zip(places))
            {
                stream.Position = place;
                const int ChunkBytes = 16 << 20;
                for (var offset = 0L; offset < matrix.PackedBytes; offset += ChunkBytes)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    stream.Write(matrix.Packed.Span(offset, (int)Math.Min(ChunkBytes, matrix.PackedBytes - offset)));
                }
            }
            stream.Flush(flushToDisk: true);
            stream.Dispose();
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            stream.Dispose();
            File.Delete(partial);
            throw;
        }
    }

    private static byte[] DirectoryOf(ReadOnlySpan<byte> key, IReadOnlyList<(string Name, PackedMatrix Matrix)> matrices, out long[] places)
    {
        var directoryBytes = HeadBytes + KeyBytes + matrices.Sum(m => LeastEntryBytes - 1 + Encoding.UTF8.GetByteCount(m.Name));
        var directory = new byte[directoryBytes];
        places = new long[matrices.Count];
        var (at, end) = (HeadBytes, (long)directoryBytes);
        for (var i = 0; i < matrices.Count; i++)
        {
            var (name, matrix) = matrices[i];
            places[i] = (end + PageBytes - 1) / PageBytes * PageBytes;
            end = places[i] + matrix.PackedBytes;
            var length = Encoding.UTF8.GetBytes(name, directory.AsSpan(at + 2));
            BinaryPrimitives.WriteUInt16LittleEndian(directory.AsSpan(at), (ushort)length);
            var rest = directory.AsSpan(at + 2 + length);
            BinaryPrimitives.WriteUInt32LittleEndian(rest, (uint)matrix.Type);
            BinaryPrimitives.WriteInt32LittleEndian(rest[4..], matrix.Rows);
            BinaryPrimitives.WriteInt32LittleEndian(rest[8..], matrix.Columns);
            BinaryPrimitives.WriteInt64LittleEndian(rest[12..], places[i]);
            BinaryPrimitives.WriteInt64LittleEndian(rest[20..], matrix.PackedBytes);
            at += LeastEntryBytes - 1 + length;
        }
        Magic.CopyTo(directory);
        BinaryPrimitives.WriteUInt32LittleEndian(directory.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(directory.AsSpan(12), matrices.Count);
        BinaryPrimitives.WriteInt64LittleEndian(directory.AsSpan(16), directoryBytes);
        BinaryPrimitives.WriteInt64LittleEndian(directory.AsSpan(24), end);
        key.CopyTo(directory.AsSpan(32));
        SHA256.HashData(directory.AsSpan(..^KeyBytes), directory.AsSpan(^KeyBytes..));
        return directory;
    }

    /// <summary>
    /// What the file says it holds; null where it is not what was written for this key. Trusts nothing, not even what its own hash covers.
    /// </summary>
    private static Dictionary<string, Entry>? ReadDirectory(MappedFile file, ReadOnlySpan<byte> key)
    {
        if (file.Length < HeadBytes + KeyBytes)
            return null;
        var head = file.Span(0, HeadBytes);
        var count = BinaryPrimitives.ReadInt32LittleEndian(head[12..]);
        var directoryBytes = BinaryPrimitives.ReadInt64LittleEndian(head[16..]);
        if (!head.StartsWith(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(head[8..]) != Version || !head[32..].SequenceEqual(key)
            || BinaryPrimitives.ReadInt64LittleEndian(head[24..]) != file.Length
            || directoryBytes < HeadBytes + KeyBytes || directoryBytes > Math.Min(file.Length, MaxDirectoryBytes))
        {
            return null;
        }
        var directory = file.Span(0, (int)directoryBytes);
        var rest = directory[HeadBytes..^KeyBytes];
        if (!SHA256.HashData(directory[..^KeyBytes]).AsSpan().SequenceEqual(directory[^KeyBytes..]) || count < 0 || count > rest.Length / LeastEntryBytes)
            return null;
        var entries = new Dictionary<string, Entry>(count, StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            if (rest.Length < LeastEntryBytes)
                return null;
            var nameBytes = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            if (rest.Length - (LeastEntryBytes - 1) < nameBytes)
                return null;
            var numbers = rest[(2 + nameBytes)..];
            var entry = new Entry(
                (TensorType)BinaryPrimitives.ReadUInt32LittleEndian(numbers),
                BinaryPrimitives.ReadInt32LittleEndian(numbers[4..]),
                BinaryPrimitives.ReadInt32LittleEndian(numbers[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(numbers[12..]),
                BinaryPrimitives.ReadInt64LittleEndian(numbers[20..]));
            var isInside = entry.Bytes >= 0 && entry.Offset >= directoryBytes && entry.Offset % PageBytes == 0
                && entry.Offset <= file.Length && entry.Bytes <= file.Length - entry.Offset;
            if (!isInside || !entries.TryAdd(Encoding.UTF8.GetString(rest.Slice(2, nameBytes)), entry))
                return null;
            rest = numbers[(LeastEntryBytes - 3)..];
        }
        return entries;
    }

    private readonly record struct Entry(TensorType Type, int Rows, int Columns, long Offset, long Bytes);
}
