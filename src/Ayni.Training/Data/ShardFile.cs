using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>
/// Tokenized documents in a file mapped into memory. The file: the magic <c>AYNISHRD</c> and a version; tokens as 32-bit numbers, each
/// the id or, where the token is not to be learned, the id's complement; where each document starts and the last one ends, as 64-bit
/// numbers from a multiple of 8 on; SHA-256 of each document's normal form; a JSON header; and at the very end where
/// the header lies, SHA-256 of all before it, and the magic again, so that a file that was cut or changed is known. Little-endian. Safe
/// for use by many threads at once.
/// </summary>
public sealed class ShardFile : IDisposable
{
    internal const uint Version = 3;
    internal const int PrefixBytes = 16;
    private const int PlaceBytes = 16;
    private const int TrailerBytes = PlaceBytes + SHA256.HashSizeInBytes + 8;
    private const int MostHeaderBytes = 16 << 20;
    private const int HashedAtOnce = 16 << 20;

    private readonly MappedFile _file;
    private readonly long[] _starts;
    private readonly long _digestsAt;

    private ShardFile(MappedFile file, ShardHeader header, long[] starts, long digestsAt) =>
        (_file, Header, _starts, _digestsAt) = (file, header, starts, digestsAt);

    internal static ReadOnlySpan<byte> Magic => "AYNISHRD"u8;

    /// <summary>What it says of itself.</summary>
    public ShardHeader Header { get; }

    /// <summary>Documents in all.</summary>
    public int DocumentCount => _starts.Length - 1;

    /// <summary>Opens a shard and checks every byte of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="progress">Told the share that is checked; null tells nobody.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="DataException">It is none, of another version, or was cut or damaged.</exception>
    public static ShardFile Open(string path, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Shards are little-endian, and this processor is big-endian.");
        MappedFile file;
        try
        {
            file = MappedFile.Open(path);
        }
        catch (EndOfStreamException error)
        {
            throw new DataException($"{path}: the shard is empty; delete it, and it is made again.", error);
        }
        try
        {
            return Read(file, progress, cancellationToken);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Where a document starts, in tokens, and how many it has.</summary>
    public (long Start, int Length) Document(int number) => (_starts[number], (int)(_starts[number + 1] - _starts[number]));

    /// <summary>SHA-256 of a document's normal form.</summary>
    internal DocumentDigest Digest(int number) =>
        DocumentDigest.Read(_file.Span(_digestsAt + (long)number * DocumentDigest.Bytes, DocumentDigest.Bytes));

    /// <summary>Reads tokens: their ids, and labels as a <see cref="TrainingBatch"/> takes them.</summary>
    public (int[] Ids, int[] Labels) Read(long start, int length)
    {
        var stored = MemoryMarshal.Cast<byte, int>(_file.Span(PrefixBytes + start * sizeof(int), checked(length * sizeof(int))));
        var (ids, labels) = (new int[length], new int[length]);
        for (var i = 0; i < length; i++)
        {
            ids[i] = stored[i] < 0 ? ~stored[i] : stored[i];
            labels[i] = stored[i] < 0 ? TrainingBatch.Masked : stored[i];
        }
        return (ids, labels);
    }

    /// <summary>How many tokens of a range are to be learned.</summary>
    public int CountLearned(long start, int length)
    {
        var count = 0;
        foreach (var token in MemoryMarshal.Cast<byte, int>(_file.Span(PrefixBytes + start * sizeof(int), checked(length * sizeof(int)))))
            count += token < 0 ? 0 : 1;
        return count;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static ShardFile Read(MappedFile file, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        if (file.Length < PrefixBytes + TrailerBytes || !file.Span(0, 8).SequenceEqual(Magic))
            throw Damaged(file, "this is no shard of Ayni's");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(file.Span(8, 4));
        if (version != Version)
            throw Damaged(file, $"version {version}, where {Version} is read");
        var trailer = file.Span(file.Length - TrailerBytes, TrailerBytes);
        if (!trailer[(PlaceBytes + SHA256.HashSizeInBytes)..].SequenceEqual(Magic))
            throw Damaged(file, "the file was cut short");
        if (!ComputeDigest(file, progress, cancellationToken).AsSpan().SequenceEqual(trailer.Slice(PlaceBytes, SHA256.HashSizeInBytes)))
            throw Damaged(file, "the shard is damaged: its SHA-256 is not what it was when it was written");
        var headerStart = BinaryPrimitives.ReadInt64LittleEndian(trailer);
        var headerLength = BinaryPrimitives.ReadInt64LittleEndian(trailer[8..]);
        if (headerLength is < 2 or > MostHeaderBytes || headerStart < PrefixBytes
            || headerStart != file.Length - TrailerBytes - headerLength)
            throw Damaged(file, "its header lies nowhere");
        ShardHeader header;
        try
        {
            header = JsonSerializer.Deserialize(file.Span(headerStart, (int)headerLength), ShardJson.Default.ShardHeader)
                ?? throw Damaged(file, "its header is empty");
        }
        catch (JsonException error)
        {
            throw Damaged(file, $"its header can't be read ({error.Path})");
        }
        var starts = ReadStarts(file, header, headerStart);
        return new ShardFile(file, header, starts, headerStart - (starts.LongLength - 1) * DocumentDigest.Bytes);
    }

    private static byte[] ComputeDigest(MappedFile file, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var end = file.Length - TrailerBytes + PlaceBytes;
        for (var at = 0L; at < end; at += HashedAtOnce)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(file.Span(at, (int)Math.Min(HashedAtOnce, end - at)));
            progress?.Report(Math.Min(1, (at + HashedAtOnce) / (double)end));
        }
        return hash.GetHashAndReset();
    }

    private static long[] ReadStarts(MappedFile file, ShardHeader header, long headerStart)
    {
        var (documents, tokens) = (0L, 0L);
        foreach (var source in header.Sources)
        {
            if (source is null || source.Documents < 0 || source.Tokens < 0 || source.Documents > headerStart
                || source.Tokens > headerStart)
                throw Damaged(file, "its header counts impossibly");
            documents += source.Documents;
            tokens += source.Tokens;
            if (documents > headerStart || tokens > headerStart)
                throw Damaged(file, "its header counts more than the file holds");
        }
        var startsAt = (PrefixBytes + tokens * sizeof(int) + 7) / 8 * 8;
        if (startsAt + (documents + 1) * sizeof(long) + documents * DocumentDigest.Bytes != headerStart || documents >= Array.MaxLength)
            throw Damaged(file, "its length is not what its header says");
        var starts = new long[documents + 1];
        for (var i = 0; i < starts.Length; i++)
        {
            starts[i] = BinaryPrimitives.ReadInt64LittleEndian(file.Span(startsAt + (long)i * sizeof(long), sizeof(long)));
            var length = i == 0 ? starts[0] : starts[i] - starts[i - 1];
            if (i == 0 ? length != 0 : length is < 1 or > int.MaxValue / sizeof(int))
                throw Damaged(file, $"document {i} starts at {starts[i]}, which can't be");
        }
        return starts[^1] == tokens ? starts : throw Damaged(file, "its documents don't end where its tokens do");
    }

    private static DataException Damaged(MappedFile file, string problem) =>
        new($"{file.Path}: {problem}; delete it, and it is made again from the sources.");
}
