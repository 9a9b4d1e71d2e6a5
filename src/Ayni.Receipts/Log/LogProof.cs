using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ayni.Receipts;

/// <summary>
/// Proves that an entry is in a log, as C2SP's tlog-proof writes it: the entry's place, the hashes beside its way to the root, and a
/// checkpoint. The entry itself is not in it. Immutable.
/// </summary>
internal sealed record LogProof(long Index, Digest[] Path, Checkpoint Checkpoint)
{
    private const string Header = "c2sp.org/tlog-proof@v1\n";

    /// <summary>Reads a proof. Throws <see cref="ProofException"/> for what is none.</summary>
    public static LogProof Parse(string text)
    {
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        Require(text.Length <= SignedNote.MostBytes && text.StartsWith(Header, StringComparison.Ordinal) && end >= Header.Length, "it does not begin as one");
        var lines = text[Header.Length..end].Split('\n').AsSpan();
        if (lines[0].StartsWith("extra ", StringComparison.Ordinal))
            lines = lines[1..];
        Require(!lines.IsEmpty && lines[0].StartsWith("index ", StringComparison.Ordinal), "it has no index");
        Require(
            long.TryParse(lines[0].AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && index.ToString(CultureInfo.InvariantCulture) == lines[0][6..],
            "its index is no number");
        Require(lines.Length - 1 <= MerkleTree.MostLevels, "its path is too long");
        var path = new Digest[lines.Length - 1];
        Span<byte> hash = stackalloc byte[Digest.Size];
        for (var i = 0; i < path.Length; i++)
        {
            Require(
                Convert.TryFromBase64String(lines[i + 1], hash, out var count) && count == Digest.Size
                && Convert.ToBase64String(hash) == lines[i + 1],
                "its path holds what is no SHA-256 in base64");
            path[i] = Digest.FromBytes(hash);
        }
        return new(index, path, Checkpoint.Parse(Encoding.UTF8.GetBytes(text[(end + 2)..])));
    }

    /// <summary>Demands that an entry is where the proof says, in a checkpoint that the log has signed.</summary>
    public void Demand(byte[] entry, PublicKey? logKey, ProofChecks checks)
    {
        if (logKey is not null)
            Checkpoint.Demand(logKey, checks);
        var climbs = MerkleTree.TryClimb<Digest>(
            MerkleTree.Leaf(entry, checks), Index, Checkpoint.Size, Path, (left, right) => MerkleTree.Join(left, right, checks), out var root);
        checks.Demand(ProofCheck.Inclusion, climbs && root == Checkpoint.Root, "The entry is not in the log.");
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder(Header).Append(CultureInfo.InvariantCulture, $"index {Index}\n");
        foreach (var hash in Path)
            text.Append(Convert.ToBase64String(hash.ToBytes())).Append('\n');
        return text.Append('\n').Append(Encoding.UTF8.GetString(Checkpoint.Encode())).ToString();
    }

    private static void Require(bool holds, string problem) =>
        ProofChecks.All.Demand(ProofCheck.Format, holds, $"This is no proof of a log: {problem}.");
}

/// <summary>An entry of a log with the proof that it is there.</summary>
internal sealed record LoggedEntry(byte[] Entry, LogProof Proof)
{
    public static LoggedEntry Parse(JsonElement value) => new(value.BytesField("entry"), LogProof.Parse(value.TextField("tlog_proof")));

    public void WriteFields(Utf8JsonWriter writer)
    {
        writer.WriteBase64String("entry", Entry);
        writer.WriteString("tlog_proof", Proof.ToString());
    }
}

/// <summary>A batch's place in an entry of a log, and that entry.</summary>
internal sealed record LoggedBatch(LoggedEntry Entry, long Index, Digest[] Path)
{
    public static LoggedBatch Parse(JsonElement value) => new(LoggedEntry.Parse(value), value.NumberField("index"), value.HashesField("path"));

    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("log");
        Entry.WriteFields(writer);
        writer.WriteNumber("index", Index);
        writer.WriteBase64String("path", ProofFormat.Bytes(Path));
        writer.WriteEndObject();
    }

    /// <summary>Demands that the entry holds a batch, and the log the entry.</summary>
    public void Demand(Batch batch, byte[] canonical, PublicKey? logKey, ProofChecks checks)
    {
        Entry.Proof.Demand(Entry.Entry, logKey, checks);
        checks.Demand(ProofCheck.Inclusion, Entry.Proof.Checkpoint.Origin == batch.Origin, "The batch is of another log than the checkpoint.");
        var batches = LogEntry.Decode(Entry.Entry) as LogEntry.Batches;
        Digest root = default;
        var climbs = batches is not null && batches.First + Index == batch.Number && MerkleTree.TryClimb<Digest>(
            MerkleTree.Leaf(Digest.Of(canonical)), Index, batches.Count, Path, MerkleTree.Join, out root);
        checks.Demand(ProofCheck.Inclusion, climbs && root == batches?.Root, "The log's entry does not hold the batch.");
    }
}
