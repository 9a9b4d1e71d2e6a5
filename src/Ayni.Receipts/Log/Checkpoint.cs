using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Ayni.Receipts;

/// <summary>
/// What a log is at some time, as C2SP's tlog-checkpoint writes it: a signed note of the log's name, its size and its root. Immutable.
/// </summary>
internal sealed record Checkpoint(string Origin, long Size, Digest Root, SignedNote Note)
{
    private const string CosignatureHeader = "cosignature/v1\ntime ";

    /// <summary>Signs what a log is.</summary>
    public static Checkpoint Sign(PublicKey name, long size, Digest root, Sign sign)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{name.Name}\n{size}\n{Convert.ToBase64String(root.ToBytes())}\n");
        return new(name.Name, size, root, SignedNote.Sign(text, name, sign));
    }

    /// <summary>Reads a checkpoint without trusting it. Throws <see cref="ProofException"/> for what is none.</summary>
    public static Checkpoint Parse(ReadOnlySpan<byte> bytes)
    {
        var note = SignedNote.Parse(bytes);
        var lines = note.Text[..^1].Split('\n');
        Require(lines.Length >= 3 && lines.All(line => line.Length > 0), "it has no name, size and root");
        Require(
            long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            && size.ToString(CultureInfo.InvariantCulture) == lines[1],
            "its size is no number");
        return new(lines[0], size, ReadRoot(lines[2]), note);
    }

    /// <summary>Demands that a log's key has signed it as that log's.</summary>
    public void Demand(PublicKey logKey, ProofChecks checks)
    {
        checks.Demand(ProofCheck.Signature, Origin == logKey.Name, $"The checkpoint is of {Origin}, not of {logKey.Name}.");
        Note.Demand(logKey, checks);
    }

    /// <summary>
    /// The same checkpoint with a witness's cosignature (C2SP's tlog-cosignature, Ed25519): its time, and a signature over that and the
    /// text.
    /// </summary>
    public Checkpoint Cosign(PublicKey name, Sign sign, DateTimeOffset now)
    {
        var bytes = new byte[8 + 64];
        BinaryPrimitives.WriteInt64BigEndian(bytes, now.ToUnixTimeSeconds());
        sign(CosignedMessage(now.ToUnixTimeSeconds())).CopyTo(bytes, 8);
        return With(new NoteSignature(name.Name, name.Id, bytes));
    }

    /// <summary>The same checkpoint with another signature, in place of an earlier one by the same key.</summary>
    public Checkpoint With(NoteSignature signature) => this with { Note = Note.With(signature) };

    /// <summary>When a witness cosigned it; null if it did not, or not rightly.</summary>
    public DateTimeOffset? CosignedBy(PublicKey witness)
    {
        foreach (var signature in Note.Signatures)
        {
            if (signature.Name != witness.Name || signature.KeyId != witness.Id || signature.Bytes.Length != 8 + 64)
                continue;
            var seconds = BinaryPrimitives.ReadInt64BigEndian(signature.Bytes);
            if (seconds is >= 0 and < 250_000_000_000 && witness.Verify(CosignedMessage(seconds), signature.Bytes.AsSpan(8)))
                return DateTimeOffset.FromUnixTimeSeconds(seconds);
        }
        return null;
    }

    public byte[] Encode() => Note.Encode();

    private byte[] CosignedMessage(long seconds) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{CosignatureHeader}{seconds}\n{Note.Text}"));

    private static Digest ReadRoot(string line)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        Require(
            Convert.TryFromBase64String(line, bytes, out var count) && count == Digest.Size && Convert.ToBase64String(bytes) == line,
            "its root is no SHA-256 in base64");
        return Digest.FromBytes(bytes);
    }

    private static void Require(bool holds, string problem) =>
        ProofChecks.All.Demand(ProofCheck.Format, holds, $"This is no checkpoint: {problem}.");
}
