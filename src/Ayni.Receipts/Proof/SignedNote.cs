using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Ayni.Receipts;

/// <summary>One signature under a note: whose it says it is, and its bytes.</summary>
internal readonly record struct NoteSignature(string Name, uint KeyId, byte[] Bytes);

/// <summary>
/// A text signed by one or more keys, as C2SP's signed-note writes it: the text, an empty line, and a line for each signature with an em
/// dash, the key's name and, in base64, the key's id and the signature. Immutable.
/// </summary>
internal sealed record SignedNote(string Text, ImmutableArray<NoteSignature> Signatures)
{
    /// <summary>Bytes of the longest note, and its most signatures.</summary>
    public const int MostBytes = 64 << 10, MostSignatures = 64;

    private const string Dash = "— ";

    /// <summary>Reads a note. Throws <see cref="ProofException"/> for what is none.</summary>
    public static SignedNote Parse(ReadOnlySpan<byte> bytes, int most = MostBytes)
    {
        Require(bytes.Length <= most, "it is too long");
        string note;
        try
        {
            note = CanonicalWriter.StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new ProofException(ProofCheck.Format, "This is no signed note: it is not in UTF-8.");
        }
        Require(!note.Any(character => character < ' ' && character != '\n'), "it holds control characters");
        var end = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        Require(end > 0 && note.EndsWith('\n') && end + 2 < note.Length, "it has no signatures after an empty line");
        var lines = note[(end + 2)..^1].Split('\n');
        Require(lines.Length <= MostSignatures, "it has too many signatures");
        return new(note[..(end + 1)], [.. lines.Select(ParseSignature)]);
    }

    /// <summary>Signs a text, which must end in a line feed.</summary>
    public static SignedNote Sign(string text, PublicKey name, Sign sign) =>
        new(text, [new(name.Name, name.Id, sign(Encoding.UTF8.GetBytes(text)))]);

    /// <summary>
    /// Demands that a key has signed the text. Signatures of other keys count for nothing; a wrong one by this key spoils the note.
    /// </summary>
    public void Demand(PublicKey key, ProofChecks checks)
    {
        var own = Signatures.Where(signature => signature.Name == key.Name && signature.KeyId == key.Id).ToArray();
        checks.Demand(
            ProofCheck.Signature,
            own.Length > 0 && own.All(signature => key.Verify(Encoding.UTF8.GetBytes(Text), signature.Bytes)),
            $"The note is not signed by {key.Name}.");
    }

    /// <summary>The same note with another signature, in place of an earlier one by the same key.</summary>
    public SignedNote With(NoteSignature signature) => this with
    {
        Signatures = [.. Signatures.Where(other => other.Name != signature.Name || other.KeyId != signature.KeyId), signature],
    };

    /// <summary>The bytes of the note.</summary>
    public byte[] Encode()
    {
        var note = new StringBuilder(Text).Append('\n');
        foreach (var signature in Signatures)
        {
            var bytes = new byte[4 + signature.Bytes.Length];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, signature.KeyId);
            signature.Bytes.CopyTo(bytes, 4);
            note.Append(Dash).Append(signature.Name).Append(' ').Append(Convert.ToBase64String(bytes)).Append('\n');
        }
        return Encoding.UTF8.GetBytes(note.ToString());
    }

    /// <summary>Two notes are equal if their bytes are.</summary>
    public bool Equals(SignedNote? other) => other is not null && Encode().AsSpan().SequenceEqual(other.Encode());

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    private static NoteSignature ParseSignature(string line)
    {
        var parts = line.StartsWith(Dash, StringComparison.Ordinal) ? line[Dash.Length..].Split(' ') : [];
        Require(parts.Length == 2 && PublicKey.IsName(parts[0]), "a line under it is no signature");
        var bytes = new byte[parts[1].Length];
        Require(
            Convert.TryFromBase64String(parts[1], bytes, out var count) && count > 4 && Convert.ToBase64String(bytes, 0, count) == parts[1],
            "a signature is not in base64");
        return new(parts[0], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes[4..count]);
    }

    private static void Require(bool holds, string problem) =>
        ProofChecks.All.Demand(ProofCheck.Format, holds, $"This is no signed note: {problem}.");
}
