using System.Buffers.Binary;
using System.Numerics;

namespace Ayni.Receipts;

/// <summary>
/// Reads a log by its files, wherever they are, and computes any proof from its tiles. What it reads is not trusted: callers compare what
/// comes of it with a checkpoint. Not thread-safe.
/// </summary>
/// <param name="fetch">
/// Gets a file of the log by its name, or null if it is not there. Must not give more bytes than <see cref="MostBytes"/> says.
/// </param>
public sealed class LogReader(Func<string, byte[]?> fetch)
{
    /// <summary>The name of the checkpoint's file.</summary>
    public const string CheckpointName = "checkpoint";

    /// <summary>The name of the file with the last checkpoint that witnesses have cosigned.</summary>
    public const string CosignedName = "cosigned";

    private readonly Dictionary<TilePath, Digest[]> _tiles = [];

    /// <summary>Whether a log has files of such a name: its checkpoints, tiles and bundles of entries, and nothing else.</summary>
    public static bool IsFile(string name) => name is CheckpointName or CosignedName || TilePath.TryParse(name, out _);

    /// <summary>Bytes of the longest file of a name.</summary>
    public static int MostBytes(string name) => name is CheckpointName or CosignedName ? SignedNote.MostBytes
        : TilePath.TryParse(name, out var tile) && tile.Level is not null ? TilePath.Full * Digest.Size
        : TilePath.Full * (sizeof(ushort) + LogEntry.MostBytes);

    /// <summary>A log in a folder.</summary>
    public static LogReader Of(string folder) => new(name =>
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
            return null;
        if (new FileInfo(path).Length > MostBytes(name))
            throw new ProofException(ProofCheck.Format, $"The log's file '{name}' is too long.");
        return File.ReadAllBytes(path);
    });

    /// <summary>The log's checkpoint; null before its first.</summary>
    internal Checkpoint? ReadCheckpoint() => fetch(CheckpointName) is { } bytes ? Checkpoint.Parse(bytes) : null;

    /// <summary>The last checkpoint that witnesses have cosigned; null if none has.</summary>
    internal Checkpoint? ReadCosigned() => fetch(CosignedName) is { } bytes ? Checkpoint.Parse(bytes) : null;

    /// <summary>The root of the log as it was at a size.</summary>
    internal Digest Root(long size, long treeSize) => size == 0 ? MerkleTree.Empty : Hash(0, size, treeSize);

    /// <summary>What beside an entry leads to the root of a size, from the leaf upwards (RFC 6962, section 2.1.1).</summary>
    internal Digest[] Inclusion(long index, long treeSize)
    {
        var path = new List<Digest>();
        var (start, end) = (0L, treeSize);
        while (end - start > 1)
        {
            var middle = start + MerkleTree.Split(end - start);
            path.Add(index < middle ? Hash(middle, end, treeSize) : Hash(start, middle, treeSize));
            (start, end) = index < middle ? (start, middle) : (middle, end);
        }
        path.Reverse();
        return [.. path];
    }

    /// <summary>What proves that the log of a size begins with the one of a smaller size (RFC 6962, section 2.1.2).</summary>
    internal Digest[] Consistency(long oldSize, long treeSize)
    {
        if (oldSize == 0 || oldSize == treeSize)
            return [];
        var path = new List<Digest>();
        var (start, end, isWhole) = (0L, treeSize, true);
        while (oldSize != end)
        {
            var middle = start + MerkleTree.Split(end - start);
            if (oldSize <= middle)
            {
                path.Add(Hash(middle, end, treeSize));
                end = middle;
            }
            else
            {
                path.Add(Hash(start, middle, treeSize));
                (start, isWhole) = (middle, false);
            }
        }
        if (!isWhole)
            path.Add(Hash(start, end, treeSize));
        path.Reverse();
        return [.. path];
    }

    /// <summary>
    /// The entries from one place up to another, each checked against its hash in the tiles, whose root the caller compares.
    /// </summary>
    internal IReadOnlyList<byte[]> Entries(long from, long to, long treeSize)
    {
        var entries = new List<byte[]>();
        for (var index = from / TilePath.Full; index * TilePath.Full < to; index++)
        {
            var (bytes, width) = Fetch(null, index, treeSize);
            var bundle = ParseBundle(bytes, width);
            var hashes = Tile(0, index, treeSize);
            for (var i = 0; i < bundle.Count; i++)
            {
                var place = index * TilePath.Full + i;
                if (place < from || place >= to)
                    continue;
                if (MerkleTree.Leaf(bundle[i]) != hashes[i])
                    throw new ProofException(ProofCheck.Inclusion, $"Entry {place} of the log is not the one that its tiles hash.");
                entries.Add(bundle[i]);
            }
        }
        return entries.Count == to - from ? entries : throw new ProofException(ProofCheck.Format, "The log lacks entries that its size promises.");
    }

    /// <summary>Takes a bundle of entries apart. Throws <see cref="ProofException"/> if it has not just as many.</summary>
    internal static IReadOnlyList<byte[]> ParseBundle(ReadOnlySpan<byte> bytes, int count)
    {
        var entries = new List<byte[]>();
        while (bytes.Length >= sizeof(ushort) && entries.Count < count)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(bytes);
            if (length > bytes.Length - sizeof(ushort))
                break;
            entries.Add(bytes.Slice(sizeof(ushort), length).ToArray());
            bytes = bytes[(sizeof(ushort) + length)..];
        }
        return entries.Count == count && bytes.IsEmpty
            ? entries
            : throw new ProofException(ProofCheck.Format, "A bundle of the log's entries is cut off or too long.");
    }

    /// <summary>Takes a tile apart. Throws <see cref="ProofException"/> if it has not just as many hashes.</summary>
    internal static Digest[] ParseTile(ReadOnlySpan<byte> bytes, int width)
    {
        if (bytes.Length != width * Digest.Size)
            throw new ProofException(ProofCheck.Format, $"A tile of the log has {bytes.Length} bytes, not {width * Digest.Size}.");
        var hashes = new Digest[width];
        for (var i = 0; i < width; i++)
            hashes[i] = Digest.FromBytes(bytes.Slice(i * Digest.Size, Digest.Size));
        return hashes;
    }

    /// <summary>The hash over some entries: a subtree that is full and in its place, or one that ends where the tree does.</summary>
    private Digest Hash(long start, long end, long treeSize)
    {
        var count = end - start;
        if (BitOperations.IsPow2(count) && start % count == 0)
        {
            var height = BitOperations.Log2((ulong)count);
            var (level, width) = (height / 8, 1 << (height % 8));
            var first = start >> (8 * level);
            var tile = Tile(level, first / TilePath.Full, treeSize);
            return MerkleTree.Root(tile.AsSpan((int)(first % TilePath.Full), width));
        }
        var middle = start + MerkleTree.Split(count);
        return MerkleTree.Join(
            Hash(start, middle, treeSize),
            Hash(middle, end, treeSize));
    }

    private Digest[] Tile(int level, long index, long treeSize)
    {
        var path = Place(level, index, treeSize);
        if (!_tiles.TryGetValue(path, out var tile))
        {
            var (bytes, width) = Fetch(level, index, treeSize);
            _tiles.Add(path, tile = ParseTile(bytes, width)[..path.Width]);
        }
        return tile;
    }

    /// <summary>A tile or bundle; if a partial one is gone, the full one that has taken its place.</summary>
    private (byte[] Bytes, int Width) Fetch(int? level, long index, long treeSize)
    {
        var path = Place(level, index, treeSize);
        foreach (var candidate in path.Width == TilePath.Full ? [path] : new[] { path, path with { Width = TilePath.Full } })
        {
            if (fetch(candidate.ToString()) is { } bytes)
                return (bytes, candidate.Width);
        }
        throw new ProofException(ProofCheck.Format, $"The log has no '{path}', which its size promises.");
    }

    private static TilePath Place(int? level, long index, long treeSize)
    {
        var count = (treeSize >> (8 * (level ?? 0))) - index * TilePath.Full;
        return count > 0
            ? new(level, index, (int)Math.Min(TilePath.Full, count))
            : throw new ProofException(ProofCheck.Format, "The log is asked for more than it has.");
    }
}
