namespace Ayni.Ledger;

/// <summary>
/// Watches others' logs and cosigns what it has seen to only grow, as C2SP's tlog-cosignature has it. What it has seen of a log is in a
/// file of its own, on disk before a cosignature is given away, so that it never vouches for two histories. One process at a time.
/// </summary>
public sealed class Witness
{
    private readonly string _folder;
    private readonly SigningKey _key;

    /// <summary>Opens a witness's folder, making it and the witness's key where they are not there yet.</summary>
    /// <param name="folder">Where its key and what it has seen are.</param>
    /// <param name="name">What it is called.</param>
    public Witness(string folder, string name)
    {
        Directory.CreateDirectory(folder);
        _folder = folder;
        _key = SigningKey.ReadOrCreate(Path.Combine(folder, "witness.key"));
        Key = _key.ForCosignatures(name);
    }

    /// <summary>The witness's public key, for whoever verifies.</summary>
    public PublicKey Key { get; }

    /// <summary>
    /// Reads a log's checkpoint, checks that it contains the one seen before, keeps it and returns it cosigned. Throws
    /// <see cref="ProofException"/> for a log that was rolled back, shows another history or is signed by somebody else: then nothing is
    /// kept or signed.
    /// </summary>
    public byte[] Cosign(LogReader log, PublicKey logKey, DateTimeOffset now) => Cosign(log, logKey, now, ProofChecks.All);

    internal byte[] Cosign(LogReader log, PublicKey logKey, DateTimeOffset now, ProofChecks checks)
    {
        using var turn = new FileStream(Path.Combine(_folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var checkpoint = log.ReadCheckpoint() ?? throw new ProofException(ProofCheck.Inclusion, "The log has no checkpoint yet.");
        checkpoint.Demand(logKey, checks);
        checks.Demand(
            ProofCheck.Inclusion, log.Root(checkpoint.Size, checkpoint.Size) == checkpoint.Root, "The log's tiles are not those of its checkpoint.");
        var seenAt = Path.Combine(_folder, $"{Digest.Of(System.Text.Encoding.UTF8.GetBytes(logKey.ToString()))}.checkpoint");
        if (File.Exists(seenAt))
        {
            var seen = Checkpoint.Parse(File.ReadAllBytes(seenAt));
            checks.Demand(
                ProofCheck.Growth, checkpoint.Size >= seen.Size,
                $"{seen.Origin} had {seen.Size} entries and shows {checkpoint.Size} now: it was rolled back. What was seen is in {seenAt}.");
            checks.Demand(
                ProofCheck.SingleView, checkpoint.Size != seen.Size || checkpoint.Root == seen.Root,
                $"{seen.Origin} shows two histories of {seen.Size} entries. What was seen is in {seenAt}.");
            checks.Demand(
                ProofCheck.Growth,
                checkpoint.Size <= seen.Size || MerkleTree.IsConsistent(
                    seen.Size, seen.Root, checkpoint.Size, checkpoint.Root, log.Consistency(seen.Size, checkpoint.Size)),
                $"{seen.Origin} has changed what it had before. What was seen is in {seenAt}.");
        }
        var cosigned = checkpoint.Cosign(Key, _key.Sign, now).Encode();
        LogFolder.WriteWhole(seenAt, cosigned);
        return cosigned;
    }
}
