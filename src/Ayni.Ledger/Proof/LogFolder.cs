using System.Buffers.Binary;

namespace Ayni.Ledger;

/// <summary>
/// The files of a ledger's log, <c>log/</c> beside it: tiles, bundles of entries and the checkpoint, as any web server can hand them out.
/// They are written from the ledger's rows, tiles before the checkpoint, so that whatever ends it the checkpoint speaks of tiles that are
/// there.
/// </summary>
internal sealed class LogFolder(string folder)
{
    /// <summary>The folder within the ledger's.</summary>
    public static string PathIn(string ledgerFolder) => Path.Combine(ledgerFolder, "log");

    private LogReader Reader => LogReader.Of(folder);

    /// <summary>What was published last; null before the first time.</summary>
    public Checkpoint? ReadCheckpoint() => Reader.ReadCheckpoint();

    /// <summary>Proves that an entry is in the log that was published last; null if it is not published yet.</summary>
    public LogProof? Prove(long position) =>
        ReadCheckpoint() is { } checkpoint && position < checkpoint.Size
            ? new(position, Reader.Inclusion(position, checkpoint.Size), checkpoint)
            : null;

    /// <summary>
    /// Writes what is new since the last checkpoint, and a new checkpoint. Throws <see cref="ProofException"/> if the ledger does not
    /// contain what was published before: such a checkpoint is never signed.
    /// </summary>
    /// <param name="size">How many entries the ledger has.</param>
    /// <param name="readEntries">Reads entries from one place up to another.</param>
    /// <param name="name">The log's name and public key.</param>
    /// <param name="key">Its private key.</param>
    /// <param name="cancellationToken">Gives up the wait for whoever else writes.</param>
    public Checkpoint Publish(
        long size, Func<long, long, IReadOnlyList<byte[]>> readEntries, PublicKey name, SigningKey key, CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(folder);
        using var turn = FileTurn.Take(Path.Combine(folder, ".lock"), cancellationToken: cancellationToken);
        var before = ReadCheckpoint();
        before?.Demand(name, ProofChecks.All);
        ProofChecks.All.Demand(
            ProofCheck.Growth, before is null || before.Size <= size,
            $"The log was published with {before?.Size} entries and the ledger has {size}: was it restored from an older backup? Nothing was signed.");
        if (before?.Size == size)
            return before;
        var from = before?.Size ?? 0;
        WriteLeaves(from, size, readEntries);
        for (var level = 1; size >> (8 * level) > 0; level++)
            WriteNodes(level, from, size);
        var reader = Reader;
        if (before is not null)
            ProofChecks.All.Demand(
                ProofCheck.Growth, reader.Root(from, size) == before.Root,
                $"The ledger's first {from} log entries are not those that were published. Nothing was signed.");
        var checkpoint = Checkpoint.Sign(name, size, reader.Root(size, size), key.Sign);
        WriteWhole(Path.Combine(folder, LogReader.CheckpointName), checkpoint.Encode());
        return checkpoint;
    }

    /// <summary>
    /// Keeps a witness's cosignature where everybody reads it. Throws <see cref="ProofException"/> if it is not the witness's, or of a
    /// checkpoint that this log never signed.
    /// </summary>
    public Checkpoint AddCosignature(
        ReadOnlySpan<byte> note, PublicKey witness, PublicKey name, CancellationToken cancellationToken = default)
    {
        var checkpoint = Checkpoint.Parse(note);
        checkpoint.Demand(name, ProofChecks.All);
        ProofChecks.All.Demand(
            ProofCheck.Signature, checkpoint.CosignedBy(witness) is not null, $"The checkpoint is not cosigned by {witness.Name}.");
        using var turn = FileTurn.Take(Path.Combine(folder, ".lock"), cancellationToken: cancellationToken);
        var now = ReadCheckpoint();
        ProofChecks.All.Demand(
            ProofCheck.Growth, now is not null && checkpoint.Size <= now.Size && Reader.Root(checkpoint.Size, now.Size) == checkpoint.Root,
            "The checkpoint is not one of this log's.");
        var before = Reader.ReadCosigned();
        ProofChecks.All.Demand(
            ProofCheck.Growth, before is null || before.Size <= checkpoint.Size, $"Witnesses have cosigned a later checkpoint already.");
        var cosignature = checkpoint.Note.Signatures.Last(signature => signature.Name == witness.Name && signature.KeyId == witness.Id);
        var kept = before?.Note.Text == checkpoint.Note.Text ? before.With(cosignature) : checkpoint;
        WriteWhole(Path.Combine(folder, LogReader.CosignedName), kept.Encode());
        return kept;
    }

    /// <summary>Writes a file under another name first, so that it is there whole or as it was.</summary>
    public static void WriteWhole(string path, ReadOnlySpan<byte> bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var partial = $"{path}.{Environment.ProcessId}.partial";
        try
        {
            using (var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private void WriteLeaves(long from, long size, Func<long, long, IReadOnlyList<byte[]>> readEntries)
    {
        Span<byte> length = stackalloc byte[sizeof(ushort)];
        foreach (var tile in TilePath.Of(0, from, size))
        {
            var entries = readEntries(tile.Index * TilePath.Full, tile.Index * TilePath.Full + tile.Width);
            using var bundle = new MemoryStream();
            foreach (var entry in entries)
            {
                BinaryPrimitives.WriteUInt16BigEndian(length, checked((ushort)entry.Length));
                bundle.Write(length);
                bundle.Write(entry);
            }
            Write(tile with { Level = null }, bundle.ToArray());
            Write(tile, ProofFormat.Bytes([.. entries.Select(entry => MerkleTree.Leaf(entry))]));
        }
    }

    private void WriteNodes(int level, long from, long size)
    {
        foreach (var tile in TilePath.Of(level, from, size))
        {
            var hashes = new List<Digest>(tile.Width);
            for (var i = 0; i < tile.Width; i++)
            {
                var below = new TilePath(level - 1, tile.Index * TilePath.Full + i, TilePath.Full);
                hashes.Add(MerkleTree.Root(LogReader.ParseTile(File.ReadAllBytes(Path.Combine(folder, below.ToString())), TilePath.Full)));
            }
            Write(tile, ProofFormat.Bytes(hashes));
        }
    }

    private void Write(TilePath tile, byte[] bytes)
    {
        var path = Path.Combine(folder, tile.ToString());
        WriteWhole(path, bytes);
        // A full tile takes the place of the partial ones before it.
        if (tile.Width == TilePath.Full && Directory.Exists(path + ".p"))
            Directory.Delete(path + ".p", recursive: true);
    }
}
