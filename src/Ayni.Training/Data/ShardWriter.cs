using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>Tokenizes sources once into a shard, without duplicates and with personal data masked.</summary>
internal static class ShardWriter
{
    /// <summary>
    /// Opens the shard of some sources, and writes it first unless there is one of just these contents. It gets its name when it is
    /// complete. Beside it <c>duplicates.jsonl</c> says what was left out.
    /// </summary>
    /// <param name="path">The shard.</param>
    /// <param name="sources">The sources.</param>
    /// <param name="duplicates">Which duplicates are left out.</param>
    /// <param name="tokenizer">The vocabulary.</param>
    /// <param name="progress">Told the share of the sources that is read, or of the shard that is checked; null tells nobody.</param>
    /// <param name="cancellationToken">Ends the writing; nothing is left behind.</param>
    /// <exception cref="DataException">A source can't be read, or has nothing to learn; or there is a shard that is damaged.</exception>
    public static ShardFile OpenOrWrite(
        string path, IReadOnlyList<SourceFiles> sources, DuplicatePolicy duplicates, TrainingTokenizer tokenizer,
        IProgress<double>? progress, CancellationToken cancellationToken)
    {
        (string, string, string)[] wanted =
        [
            .. sources.Select(source => (
                source.Source.Name, source.ComputeDigest(cancellationToken), PreparedDocuments.Describe(source.Source, duplicates))),
        ];
        if (File.Exists(path))
        {
            var there = ShardFile.Open(path, progress, cancellationToken);
            if (there.Header.Tokenizer == tokenizer.Digest
                && there.Header.Sources.Select(source => (source.Name, source.Digest, source.Reading)).SequenceEqual(wanted))
                return there;
            there.Dispose();
        }
        var partial = path + ".partial";
        try
        {
            using (var report = new DuplicateReport(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "duplicates.jsonl")))
            {
                var prepared = new PreparedDocuments(duplicates, report);
                Write(partial, sources, [.. wanted.Select(source => source.Item2)], prepared, tokenizer, progress, cancellationToken);
                report.Commit();
            }
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
        return ShardFile.Open(path, progress: null, cancellationToken);
    }

    private static void Write(
        string path, IReadOnlyList<SourceFiles> sources, string[] digests, PreparedDocuments prepared, TrainingTokenizer tokenizer,
        IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var reading = new ReadingProgress(sources, progress);
        using var stream = new HashedFile(path);
        stream.Write(ShardFile.Magic);
        WriteNumber(stream, ShardFile.Version);
        var starts = new List<long> { 0 };
        var documents = new List<DocumentDigest>();
        var headers = new List<ShardSource>();
        foreach (var (source, digest) in sources.Zip(digests))
        {
            var (before, tokens, learned) = (documents.Count, starts[^1], 0L);
            foreach (var document in prepared.Read(source, cancellationToken))
            {
                reading.Report(document.Placed);
                var encoded = Encode(document, tokenizer);
                if (encoded.Ids.Length == 0)
                    continue;
                learned += WriteTokens(stream, encoded);
                starts.Add(starts[^1] + encoded.Ids.Length);
                documents.Add(document.Digest);
            }
            var counts = prepared.Counts;
            if (learned == 0)
            {
                var left = counts.Exact + counts.Near;
                throw new DataException(
                    $"source '{source.Source.Name}' is empty: nothing in {source.Source.Path} is to be learned"
                    + (left > 0 ? $"; {left} documents say what others before them say (duplicates.jsonl)." : "."));
            }
            headers.Add(new ShardSource(
                source.Source.Name, digest, PreparedDocuments.Describe(source.Source, prepared.Policy), source.Files.Count,
                documents.Count - before, starts[^1] - tokens, learned, counts.Exact, counts.Near, counts.Masked));
        }
        stream.Write(new byte[(8 - stream.Length % 8) % 8]);
        foreach (var start in starts)
            WriteNumber(stream, start);
        foreach (var digest in documents)
            stream.Write(digest.ToBytes());
        var header = JsonSerializer.SerializeToUtf8Bytes(new ShardHeader(tokenizer.Digest, headers), ShardJson.Default.ShardHeader);
        var headerStart = stream.Length;
        stream.Write(header);
        WriteNumber(stream, headerStart);
        WriteNumber(stream, header.Length);
        stream.WriteDigest();
        stream.Write(ShardFile.Magic);
        stream.Flush();
    }

    private static TokenizedDocument Encode(PreparedDocument document, TrainingTokenizer tokenizer)
    {
        try
        {
            return document.Document.Encode(tokenizer);
        }
        catch (Exception error) when (error is ChatFormatException or ArgumentException)
        {
            throw new DataException($"{document.Placed.Place}: {error.Message.TrimEnd('.')}.", error);
        }
    }

    private static int WriteTokens(HashedFile stream, TokenizedDocument document)
    {
        var learned = 0;
        var stored = new int[document.Ids.Length];
        for (var i = 0; i < stored.Length; i++)
        {
            var isLearned = document.IsLearned?[i] ?? true;
            stored[i] = isLearned ? document.Ids[i] : ~document.Ids[i];
            learned += isLearned ? 1 : 0;
        }
        stream.Write(MemoryMarshal.AsBytes(stored.AsSpan()));
        return learned;
    }

    private static void WriteNumber(HashedFile stream, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        stream.Write(bytes);
    }

    /// <summary>A file that knows SHA-256 of what was written to it.</summary>
    private sealed class HashedFile(string path) : IDisposable
    {
        private readonly FileStream _stream = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public long Length => _stream.Position;

        public void Write(ReadOnlySpan<byte> bytes)
        {
            _stream.Write(bytes);
            _hash.AppendData(bytes);
        }

        public void WriteDigest() => _stream.Write(_hash.GetCurrentHash());

        public void Flush() => _stream.Flush(flushToDisk: true);

        public void Dispose()
        {
            _stream.Dispose();
            _hash.Dispose();
        }
    }
}
