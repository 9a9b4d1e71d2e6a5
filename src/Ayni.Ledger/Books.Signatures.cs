using System.Text;

namespace Ayni.Ledger;

// Parties' keys, and their signatures under agreements.
public sealed partial class Books
{
    /// <summary>
    /// Registers a party's key: a verifier key under the party's id, or a note by which its key in force endorses the next
    /// (<see cref="PartySigner.Endorse"/>) and is revoked. Throws <see cref="ProofException"/> for a text that is neither.
    /// </summary>
    /// <param name="partyId">The party; null takes the one that the key names.</param>
    /// <param name="text">The key.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    public Task<PartyKey> RegisterPartyKeyAsync(string? partyId, string text, CancellationToken cancellationToken = default)
    {
        var (key, endorsement) = PartyKeyNote.Parse(text);
        if (partyId is not null && key.Name != partyId)
            throw new LedgerRefusedException(Refusal.InvalidPartyKey, $"The key is of '{key.Name}', not of {partyId}.");
        return _writer.RunAsync(transaction => PartyKeys.Register(transaction, key, endorsement), cancellationToken);
    }

    /// <summary>Revokes the key that a party has in force. It signs nothing new until it has another.</summary>
    public Task<PartyKey> RevokePartyKeyAsync(string partyId, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => PartyKeys.Revoke(transaction, partyId), cancellationToken);

    /// <summary>
    /// Keys to sign with, by holder and in the order of registration: every one, or a party's or customer's; at most so many, after
    /// another.
    /// </summary>
    public IReadOnlyList<PartyKey> ListPartyKeys(string? holderId = null, string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => PartyKeyRows.All(session, holderId, after, limit));

    /// <summary>An agreement's document as parties sign it (<see cref="PartySigner.Sign"/>), with the signatures that it has.</summary>
    public byte[] AgreementToSign(long documentId) => _readers.Read(session =>
    {
        var document = AgreementRows.Document(session, documentId);
        var note = new SignedNote(new AgreementNote(DemandIdentity(session).Origin, document.Id, document.Text).Text, []);
        foreach (var acceptance in document.Acceptances)
        {
            if (acceptance is { Key: { } key, Signature: { } signature })
                note = note.With(new(acceptance.PartyId, PublicKey.Parse(key).Id, Convert.FromBase64String(signature)));
        }
        return note.Signatures.IsEmpty ? Encoding.UTF8.GetBytes(note.Text) : note.Encode();
    });

    /// <summary>
    /// Records the signatures under an agreement's document, which are its parties' acceptance. With the last one that must, it becomes a
    /// version of its agreement. Throws <see cref="ProofException"/> for bytes that are no signed document.
    /// </summary>
    public Task<AgreementDocument> SignAgreementAsync(ReadOnlySpan<byte> document, CancellationToken cancellationToken = default)
    {
        var note = AgreementNote.ReadNote(document);
        var agreement = AgreementNote.Parse(note.Text);
        return _writer.RunAsync(
            transaction => AgreementDocuments.Sign(transaction, agreement, note.Signatures, DemandIdentity(transaction.Session).Origin),
            cancellationToken);
    }
}
