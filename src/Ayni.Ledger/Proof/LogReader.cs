using System.Buffers.Binary;
using System.Numerics;

namespace Ayni.Ledger;

/// <summary>
/// Reads a log by its files, wherever they are, and computes any proof from its tiles. What it reads is not trusted: callers compare what comes
/// of it with a checkpoint. Not thread-safe.
/// </summary>
/// <param name="fetch">
/// Gets a file of the log by its name, or null if it is not there. Must not give more bytes than <see cref="MostBytes"/> says.
/// </param>
internal sealed class LogReader(Func<string, CancellationToken, Task<byte[]?>> fetch)
{
    /// <summary>The name of the checkpoint's file.</summary>
    public const string CheckpointName = "checkpoint";

    private readonly Dictionary<TilePath, Digest[]> _tiles = [];

    /// <summary>Bytes of the longest file of a name.</summary>
    public static int MostBytes(string name) => name == CheckpointName ? SignedNote.MostBytes
        : TilePath.TryParse(name, out var tile) && tile.Level is not null ? TilePath.Full * Digest.Size
        : TilePath.Full * (sizeof(ushort) + LogEntry.MostBytes);

    /// <summary>A log in a folder.</summary>
    public static LogReader Of(string folder) => new(async (name, cancellationToken) =>
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
            return null;
        if (new FileInfo(path).Length > MostBytes(name))
            throw new ProofException(ProofCheck.Format, $"The log's file '{name}' is too long.");
        return await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
    });

    /// <summary>The log's checkpoint; null before its first.</summary>
    public async Task<Checkpoint?> ReadCheckpointAsync(CancellationToken cancellationToken) =>
        await fetch(CheckpointName, cancellationToken).ConfigureAwait(false) is { } bytes ? Checkpoint.Parse(bytes) : null;

    /// <summary>The root of the log as it was at a size.</summary>
    public Task<Digest> RootAsync(long size, long treeSize, CancellationToken cancellationToken) =>
        size == 0 ? Task.FromResult(MerkleTree.Empty) : HashAsync(0, size, treeSize, cancellationToken);

    /// <summary>What beside an entry leads to the root of a size, from the leaf upwards (RFC 6962, section 2.1.1).</summary>
    public async Task<Digest[]> InclusionAsync(long index, long treeSize, CancellationToken cancellationToken)
    {
        var path = new List<Digest>();
        var (start, end) = (0L, treeSize);
        while (end - start > 1)
        {
            var middle = start + MerkleTree.Split(end - start);
            path.Add(index < middle
                ? await HashAsync(middle, end, treeSize, cancellationToken).ConfigureAwait(false)
                : await HashAsync(start, middle, treeSize, cancellationToken).ConfigureAwait(false));
            (start, end) = index < middle ? (start, middle) : (middle, end);
        }
        path.Reverse();
        return [.. path];
    }

    /// <summary>What proves that the log of a size begins with the one of a smaller size (RFC 6962, section 2.1.2).</summary>
    public async Task<Digest[]> ConsistencyAsync(long oldSize, long treeSize, CancellationToken cancellationToken)
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
                path.Add(await HashAsync(middle, end, treeSize, cancellationToken).ConfigureAwait(false));
                end = middle;
            }
            else
            {
                path.Add(await HashAsync(start, middle, treeSize, cancellationToken).ConfigureAwait(false));
                (start, isWhole) = (middle, false);
            }
        }
        if (!isWhole)
            path.Add(await HashAsync(start, end, treeSize, cancellationToken).ConfigureAwait(false));
        path.Reverse();
        return [.. path];
    }

    /// <summary>
    /// The entries from one place up to another, each checked against its hash in the tiles, whose root the caller compares.
    /// </summary>
    public async Task<IReadOnlyList<byte[]>> EntriesAsync(long from, long to, long treeSize, CancellationToken cancellationToken)
    {
        var entries = new List<byte[]>();
        for (var index = from / TilePath.Full; index * TilePath.Full < to; index++)
        {
            var (bytes, width) = await FetchAsync(null, index, treeSize, cancellationToken).ConfigureAwait(false);
            var bundle = ParseBundle(bytes, width);
            var hashes = await TileAsync(0, index, treeSize, cancellationToken).ConfigureAwait(false);
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
    public static IReadOnlyList<byte[]> ParseBundle(ReadOnlySpan<byte> bytes, int count)
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
    public static Digest[] ParseTile(ReadOnlySpan<byte> bytes, int width)
    {
        if (bytes.Length != width * Digest.Size)
            throw new ProofException(ProofCheck.Format, $"A tile of the log has {bytes.Length} bytes, not {width * Digest.Size}.");
        var hashes = new Digest[width];
        for (var i = 0; i < width; i++)
            hashes[i] = Digest.FromBytes(bytes.Slice(i * Digest.Size, Digest.Size));
        return hashes;
    }

    /// <summary>The hash over some entries: a subtree that is full and in its place, or one that ends where the tree does.</summary>
    private async Task<Digest> HashAsync(long start, long end, long treeSize, CancellationToken cancellationToken)
    {
        var count = end - start;
        if (BitOperations.IsPow2(count) && start % count == 0)
        {
            var height = BitOperations.Log2((ulong)count);
            var (level, width) = (height / 8, 1 << (height % 8));
            var first = start >> (8 * level);
            var tile = await TileAsync(level, first / TilePath.Full, treeSize, cancellationToken).ConfigureAwait(false);
            return MerkleTree.Root(tile.AsSpan((int)(first % TilePath.Full), width));
        }
        var middle = start + MerkleTree.Split(count);
        return MerkleTree.Join(
            await HashAsync(start, middle, treeSize, cancellationToken).ConfigureAwait(false),
            await HashAsync(middle, end, treeSize, cancellationToken).ConfigureAwait(false));
    }

    private async Task<Digest[]> TileAsync(int level, long index, long treeSize, CancellationToken cancellationToken)
    {
        var path = Place(level, index, treeSize);
        if (!_tiles.TryGetValue(path, out var tile))
        {
            var (bytes, width) = await FetchAsync(level, index, treeSize, cancellationToken).ConfigureAwait(false);
            _tiles.Add(path, tile = ParseTile(bytes, width)[..path.Width]);
        }
        return tile;
    }

    /// <summary>A tile or bundle; if a partial one is gone, the full one that has taken its place.</summary>
    private async Task<(byte[] Bytes, int Width)> FetchAsync(int? level, long index, long treeSize, CancellationToken cancellationToken)
    {
        var path = Place(level, index, treeSize);
        foreach (var candidate in path.Width == TilePath.Full ? [path] : new[] { path, path with { Width = TilePath.Full } })
        {
            if (await fetch(candidate.ToString(), cancellationToken).ConfigureAwait(false) is { } bytes)
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
