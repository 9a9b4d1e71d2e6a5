namespace Ayni.Ledger;

/// <summary>A key that receipts were or are signed with.</summary>
/// <param name="Id"><c>sig_…</c></param>
/// <param name="Certified">Since when it is one of the log's.</param>
/// <param name="Retired">Since when another one signs.</param>
/// <param name="Revoked">Since when nothing that it signed is to be believed that the log did not hold before.</param>
public sealed record SigningKeyState(string Id, DateTimeOffset Certified, DateTimeOffset? Retired, DateTimeOffset? Revoked);

/// <summary>Replaces this host's signing key. A job of the writer.</summary>
internal static class SigningKeyChange
{
    /// <summary>Certifies the key that is to follow, and retires the one before. Its file takes the other's place afterwards.</summary>
    public static SigningKeyState Replace(
        Transaction transaction, LogIdentity identity, SigningKey logKey, SigningKey old, SigningKey next, bool revokes)
    {
        var oldId = KeyCertificate.IdOf(old.PublicBytes);
        var certificate = KeyCertificate.Create(identity.Origin, logKey, next.PublicBytes, transaction.Now);
        ProofRows.Insert(transaction.Session, certificate);
        ProofRows.Retire(transaction.Session, oldId, transaction.Now);
        if (revokes)
            ProofRows.Revoke(transaction.Session, oldId, transaction.Now);
        LogSequencer.Append(transaction);
        var state = new SigningKeyState(certificate.KeyId, transaction.Now, null, null);
        transaction.Note(revokes ? "revoke_signing_key" : "rotate_signing_key", oldId, null, state, LedgerJson.Default.SigningKeyState);
        return state;
    }
}
