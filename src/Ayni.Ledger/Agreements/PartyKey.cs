namespace Ayni.Ledger;

/// <summary>A key by which a party signs agreements, or a customer deductions.</summary>
/// <param name="Id"><c>sig_…</c></param>
/// <param name="PartyId">Whose it is: a party's or customer's id.</param>
/// <param name="Key">The public key as a verifier key, under the party's id.</param>
/// <param name="Registered">Since when.</param>
/// <param name="IsEndorsed">Whether the party's key before signed that this one follows it.</param>
/// <param name="Revoked">Since when nothing new is signed with it.</param>
public sealed record PartyKey(string Id, string PartyId, string Key, DateTimeOffset Registered, bool IsEndorsed, DateTimeOffset? Revoked);

/// <summary>
/// Registers and revokes parties' and customers' keys. A job of the writer. Each has one key in force at most, and a party that had one
/// accepts agreements by signature alone. Each change stands in the log in its place among the agreements' versions.
/// </summary>
internal static class PartyKeys
{
    /// <summary>Registers a key; where the party has one in force, that must endorse it and is revoked.</summary>
    public static PartyKey Register(Transaction transaction, PublicKey key, SignedNote? endorsement)
    {
        var session = transaction.Session;
        var isCustomers = RegistryRows.Customer(session, key.Name) is not null;
        var holderId = isCustomers ? key.Name : Registry.DemandParty(transaction, key.Name).Id;
        if (PartyKeyRows.Find(session, KeyCertificate.IdOf(key.Bytes)) is { } known)
        {
            return known.PartyId == holderId && known.Revoked is null
                ? known
                : throw new LedgerRefusedException(Refusal.InvalidPartyKey, $"The key {known.Id} was registered before; make a new one.");
        }
        byte[]? signature = null;
        if (PartyKeyRows.InForce(session, holderId) is { } before)
        {
            signature = endorsement is null ? null : PartyKeyNote.EndorsementBy(PublicKey.Parse(before.Key), endorsement);
            if (signature is null)
                throw new LedgerRefusedException(
                    Refusal.InvalidPartyKey,
                    $"{holderId} has the key {before.Id}: let it endorse the new one ('ayni party key endorse'), or revoke it first.");
        }
        // What was agreed before stands before the key in the log.
        LogSequencer.Append(transaction);
        if (signature is not null)
            Revoke(transaction, holderId);
        PartyKeyRows.Insert(session, key, signature, transaction.Now, isCustomers);
        LogRows.Append(session, new LogEntry.PartyKey(holderId, key.Bytes.ToArray(), signature));
        var registered = PartyKeyRows.Find(session, KeyCertificate.IdOf(key.Bytes))!;
        transaction.Note("register_party_key", holderId, null, registered, LedgerJson.Default.PartyKey);
        return registered;
    }

    /// <summary>Revokes the key that a party has in force.</summary>
    public static PartyKey Revoke(Transaction transaction, string partyId)
    {
        var session = transaction.Session;
        var key = PartyKeyRows.InForce(session, partyId)
            ?? throw new LedgerRefusedException(Refusal.UnknownPartyKey, $"'{partyId}' has no key in force.");
        LogSequencer.Append(transaction);
        PartyKeyRows.Revoke(session, key.Id, transaction.Now);
        LogRows.Append(session, new LogEntry.Revocation(key.Id));
        var revoked = key with { Revoked = transaction.Now };
        transaction.Note("revoke_party_key", partyId, key, revoked, LedgerJson.Default.PartyKey);
        return revoked;
    }
}
