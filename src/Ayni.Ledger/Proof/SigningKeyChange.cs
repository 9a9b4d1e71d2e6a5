namespace Ayni.Ledger;

/// <summary>A key that receipts were or are signed with.</summary>
/// <param name="Id"><c>sig_…</c></param>
/// <param name="Host">What its host is called; null where its certificate is of the first version.</param>
/// <param name="PromiseMinutes">How many minutes it may take until the log holds what it signs.</param>
/// <param name="Certified">Since when it is one of the log's.</param>
/// <param name="Retired">Since when it signs no more.</param>
/// <param name="Revoked">Since when nothing that it signed is to be believed that the log did not hold before.</param>
public sealed record SigningKeyState(
    string Id, string? Host, long PromiseMinutes, DateTimeOffset Certified, DateTimeOffset? Retired, DateTimeOffset? Revoked);

/// <summary>Certifies, replaces and revokes hosts' signing keys. A job of the writer.</summary>
internal static class SigningKeyChange
{
    /// <summary>Enters a host's key that the log's has certified; once.</summary>
    public static SigningKeyState Certify(Transaction transaction, KeyCertificate certificate)
    {
        if (ProofRows.SigningKey(transaction.Session, certificate.KeyId) is { } known)
            return known.ToState();
        ProofRows.Insert(transaction.Session, certificate);
        LogSequencer.Append(transaction);
        var state = new SigningKeyRow(certificate, null, null).ToState();
        transaction.Note("certify_signing_key", state.Id, null, state, LedgerJson.Default.SigningKeyState);
        return state;
    }

    /// <summary>Enters the key that is to follow, and retires the one before. Its file takes the other's place afterwards.</summary>
    public static SigningKeyState Replace(Transaction transaction, KeyCertificate next, SigningKey old, bool revokes)
    {
        var state = Certify(transaction, next);
        End(transaction, KeyCertificate.IdOf(old.PublicBytes), revokes);
        return state;
    }

    /// <summary>Revokes a key of whatever host. It signs no more.</summary>
    public static SigningKeyState Revoke(Transaction transaction, string id)
    {
        if (ProofRows.SigningKey(transaction.Session, id) is null)
            throw Registry.Unknown(Refusal.UnknownKey, "signing key", id);
        End(transaction, id, revokes: true);
        return ProofRows.SigningKey(transaction.Session, id)!.ToState();
    }

    private static void End(Transaction transaction, string id, bool revokes)
    {
        var before = ProofRows.SigningKey(transaction.Session, id)?.ToState();
        ProofRows.Retire(transaction.Session, id, transaction.Now);
        if (revokes && before?.Revoked is null)
            ProofRows.Revoke(transaction.Session, id, transaction.Now);
        LogSequencer.Append(transaction);
        transaction.Note(
            revokes ? "revoke_signing_key" : "retire_signing_key", id, before, ProofRows.SigningKey(transaction.Session, id)?.ToState(),
            LedgerJson.Default.SigningKeyState);
    }
}
