using System.Text;

namespace Ayni.Receipts;

/// <summary>The text by which a party's key endorses the next: a first line, and that key.</summary>
internal static class PartyKeyNote
{
    private const string Header = "ayni/party-key/v1\n";

    /// <summary>The text that is signed.</summary>
    public static string TextOf(PublicKey next) => $"{Header}{next}\n";

    /// <summary>Reads a verifier key, or a note that endorses one. Throws <see cref="ProofException"/> for anything else.</summary>
    public static (PublicKey Key, SignedNote? Endorsement) Parse(string text)
    {
        if (!text.StartsWith(Header, StringComparison.Ordinal))
            return (Plain(text.Trim()), null);
        var note = SignedNote.Parse(Encoding.UTF8.GetBytes(text));
        var key = Plain(note.Text[Header.Length..^1]);
        return (key, note);

        static PublicKey Plain(string key) => PublicKey.Parse(key) is { Type: PublicKey.NoteType } parsed
            ? parsed
            : throw new ProofException(ProofCheck.Format, "The key is a witness's; a party signs with one that 'ayni party key new' makes.");
    }

    /// <summary>A key's signature in a note that endorses the next; null if there is none, or a wrong one.</summary>
    public static byte[]? EndorsementBy(PublicKey current, SignedNote note)
    {
        var signature = note.Signatures.FirstOrDefault(one => one.Name == current.Name && one.KeyId == current.Id).Bytes;
        return signature is not null && current.Verify(Encoding.UTF8.GetBytes(note.Text), signature) ? signature : null;
    }
}
