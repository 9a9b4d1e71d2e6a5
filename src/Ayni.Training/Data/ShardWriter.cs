using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Ayni.Training;

/// <summary>Tokenizes sources once into a shard.</summary>
internal static class ShardWriter
{
    /// <summary>
    /// Opens the shard of some sources, and writes it first unless there is one of just these contents. It gets its name when it is
    /// complete.
    /// </summary>
    /// <param name="path">The shard.</param>
    /// <param name="sources">The sources.</param>
    /// <param name="tokenizer">The vocabulary.</param>
    /// <param name="cancellationToken">Ends the writing; nothing is left behind.</param>
    /// <exception cref="DataException">A source can't be read, or has nothing to learn.</exception>
    public static ShardFile OpenOrWrite(
        string path, IReadOnlyList<SourceFiles> sources, TrainingTokenizer tokenizer, CancellationToken cancellationToken)
    {
        string[] digests = [.. sources.Select(source => source.ComputeDigest(cancellationToken))];
        if (File.Exists(path))
        {
            var there = ShardFile.Open(path);
            if (there.Header.Tokenizer == tokenizer.Digest
                && there.Header.Sources.Select(source => (source.Name, source.Digest))
                    .SequenceEqual(sources.Zip(digests, (source, digest) => (source.Source.Name, digest))))
                return there;
            there.Dispose();
        }
        var partial = path + ".partial";
        try
        {
            Write(partial, sources, digests, tokenizer, cancellationToken);
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
        return ShardFile.Open(path);
    }

    private static void Write(
        string path, IReadOnlyList<SourceFiles> sources, string[] digests, TrainingTokenizer tokenizer, CancellationToken cancellationToken)
    {
        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        stream.Write(ShardFile.Magic);
        WriteNumber(stream, ShardFile.Version);
        var starts = new List<long> { 0 };
        var headers = new List<ShardSource>();
        var reader = new DocumentReader<TokenizedDocument>(tokenizer.Encode, tokenizer.Encode);
        foreach (var (source, digest) in sources.Zip(digests))
        {
            var (documents, tokens, learned) = (starts.Count, starts[^1], 0L);
            foreach (var document in source.Files.SelectMany(file => reader.Read(source.Source.Format, file)))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (document.Ids.Length == 0)
                    continue;
                learned += WriteTokens(stream, document);
                starts.Add(starts[^1] + document.Ids.Length);
            }
            if (learned == 0)
                throw new DataException($"source '{source.Source.Name}' is empty: nothing in {source.Source.Path} is to be learned.");
            headers.Add(new ShardSource(
                source.Source.Name, digest, source.Files.Count, starts.Count - documents, starts[^1] - tokens, learned));
        }
        while (stream.Position % sizeof(long) != 0)
            stream.WriteByte(0);
        foreach (var start in starts)
            WriteNumber(stream, start);
        var header = JsonSerializer.SerializeToUtf8Bytes(new ShardHeader(tokenizer.Digest, headers), ShardJson.Default.ShardHeader);
        var headerStart = stream.Position;
        stream.Write(header);
        WriteNumber(stream, headerStart);
        WriteNumber(stream, header.Length);
        stream.Write(ShardFile.Magic);
        stream.Flush(flushToDisk: true);
    }

    private static int WriteTokens(FileStream stream, TokenizedDocument document)
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

    private static void WriteNumber(FileStream stream, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        stream.Write(bytes);
    }
}
