using System.Globalization;
using System.Text;

namespace Ayni.Ledger;

/// <summary>What a party does with its key, on a machine of its own and without a ledger. Pure.</summary>
public static class PartySigner
{
    /// <summary>The text by which a party's key says which one follows it, signed; a ledger registers that one then.</summary>
    public static byte[] Endorse(PublicKey next, SigningKey current) =>
        SignedNote.Sign(PartyKeyNote.TextOf(next), current.ForNotes(next.Name), current.Sign).Encode();

    /// <summary>
    /// Signs an agreement's document as the host hands it out, whether others have signed it already or not. Throws
    /// <see cref="ProofException"/> for anything else, and for a document that does not name the party.
    /// </summary>
    public static byte[] Sign(ReadOnlySpan<byte> document, string partyId, SigningKey key)
    {
        var note = AgreementNote.ReadNote(document);
        var agreement = AgreementNote.Parse(note.Text);
        ProofChecks.All.Demand(
            ProofCheck.Acceptance, agreement.ReadTerms().PartyIds.Contains(partyId),
            $"The agreement does not name {partyId}; it names {string.Join(", ", agreement.ReadTerms().PartyIds)}.");
        return note.With(SignedNote.Sign(note.Text, key.ForNotes(partyId), key.Sign).Signatures[0]).Encode();
    }

    /// <summary>
    /// Signs a deduction as the host hands it out. Throws <see cref="ProofException"/> for anything else, and for one of another customer.
    /// </summary>
    public static byte[] SignDeduction(ReadOnlySpan<byte> text, string customerId, SigningKey key)
    {
        var deduction = ParseDeduction(text);
        ProofChecks.All.Demand(
            ProofCheck.Evidence, deduction.CustomerId == customerId, $"The deduction is about {deduction.CustomerId}, not {customerId}.");
        return SignedNote.Sign(deduction.Text, key.ForNotes(customerId), key.Sign).Encode();
    }

    /// <summary>What a deduction says, in plain English. Throws <see cref="ProofException"/> for what is none.</summary>
    public static string DescribeDeduction(ReadOnlySpan<byte> text) => ParseDeduction(text).Describe();

    private static DeductionNote ParseDeduction(ReadOnlySpan<byte> text)
    {
        ProofChecks.All.Demand(
            ProofCheck.Format, text.Length <= SignedNote.MostBytes && System.Text.Unicode.Utf8.IsValid(text),
            "This is no deduction: it is too long, or not in UTF-8.");
        return DeductionNote.Parse(Encoding.UTF8.GetString(text));
    }

    /// <summary>What a document says, in plain English. Throws <see cref="ProofException"/> for what is none.</summary>
    public static IReadOnlyList<string> Describe(ReadOnlySpan<byte> document) =>
        new TermsProse(AgreementNote.Parse(AgreementNote.ReadNote(document).Text).ReadTerms(), id => id, TermsWords.English).Write();
}


/// <summary>
/// An agreement's document as parties sign it, a note (C2SP's signed-note) of:
/// <code>
/// ayni/agreement/v1
/// ORIGIN                the log's name
/// document NUMBER
/// (an empty line)
/// the document's canonical text
/// </code>
/// The number keeps a document that was agreed to once from being in force again.
/// </summary>
internal sealed record AgreementNote(string Origin, long Document, string Terms)
{
    /// <summary>Bytes of the longest note: pools may have many members.</summary>
    public const int MostBytes = 16 << 20;

    private const string Header = "ayni/agreement/v1\n", Number = "document ";

    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Header}{Origin}\n{Number}{Document}\n\n{Terms}");

    /// <summary>Reads a note, also one that nobody has signed yet.</summary>
    public static SignedNote ReadNote(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IndexOf("\n\n— "u8) >= 0)
            return SignedNote.Parse(bytes, MostBytes);
        ProofChecks.All.Demand(
            ProofCheck.Format, bytes.Length <= MostBytes && System.Text.Unicode.Utf8.IsValid(bytes), "This is no agreement: it is too long, or not in UTF-8.");
        return new(Encoding.UTF8.GetString(bytes), []);
    }

    /// <summary>Takes a note's text apart. Throws <see cref="ProofException"/> for what is none.</summary>
    public static AgreementNote Parse(string text)
    {
        var lines = text.Split('\n', 5);
        if (text.StartsWith(Header, StringComparison.Ordinal) && lines.Length == 5 && lines[2].StartsWith(Number, StringComparison.Ordinal)
            && long.TryParse(lines[2].AsSpan(Number.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var document)
            && new AgreementNote(lines[1], document, lines[4]) is var note && note.Text == text)
            return note;
        throw new ProofException(
            ProofCheck.Format, "This is no agreement to sign; 'ayni agreement show NUMBER --document --to-sign' prints one.");
    }

    /// <summary>What is agreed. Throws <see cref="ProofException"/> for a text that makes no agreement.</summary>
    public AgreementTerms ReadTerms()
    {
        try
        {
            return TermsReader.Read("agreement", Terms);
        }
        catch (DocumentException error)
        {
            throw new ProofException(ProofCheck.Format, error.Message);
        }
    }

    /// <summary>Whether a key has signed the note.</summary>
    public bool IsSignedBy(PublicKey key, ReadOnlySpan<byte> signature) => key.Verify(Encoding.UTF8.GetBytes(Text), signature);
}
