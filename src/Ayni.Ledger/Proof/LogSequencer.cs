namespace Ayni.Ledger;

/// <summary>Puts what belongs into the log and is not there yet into it. A job of the writer.</summary>
internal static class LogSequencer
{
    /// <summary>Batches that one entry holds, so that a receipt's path within it stays short.</summary>
    public const int MostBatches = 1 << 16;

    /// <summary>
    /// Appends signing keys, revocations, versions of agreements, batches and closed periods. Returns how many entries the log has then.
    /// </summary>
    public static long Append(Transaction transaction)
    {
        var session = transaction.Session;
        foreach (var key in ProofRows.SigningKeys(session))
        {
            LogRows.Append(session, new LogEntry.Key(key.Certificate));
            if (key.Revoked is not null)
                LogRows.Append(session, new LogEntry.Revocation(key.Certificate.KeyId));
        }
        var agreements = TermRows.Agreements(session);
        if (agreements.Count > LogRows.AgreementCount(session))
        {
            foreach (var agreement in agreements)
                LogRows.Append(session, new LogEntry.AgreementVersion(agreement.Version, Digest.Of(AgreementItem.Of(agreement).Encode())));
        }
        AppendBatches(session);
        foreach (var (period, canonical) in LogRows.UnloggedPeriods(session))
            LogRows.Append(session, new LogEntry.ClosedPeriod(period, Digest.Of(canonical)));
        return LogRows.Count(session);
    }

    /// <summary>Whether <see cref="Append"/> would append anything but agreements, or the log has more than was published.</summary>
    public static bool IsBehind(Session session, long published) =>
        ProofRows.LastBatch(session) > LogRows.LastBatch(session) || LogRows.Count(session) != published
        || LogRows.UnloggedPeriods(session).Count > 0 || TermRows.AgreementCount(session) > LogRows.AgreementCount(session);

    private static void AppendBatches(Session session)
    {
        var (logged, last) = (LogRows.LastBatch(session), ProofRows.LastBatch(session));
        while (logged < last)
        {
            var upTo = Math.Min(last, logged + MostBatches);
            var hashes = ProofRows.BatchHashes(session, logged + 1, upTo);
            LogRows.Append(session, new LogEntry.Batches(logged + 1, hashes.Count, MerkleTree.Root([.. hashes])));
            logged = upTo;
        }
    }
}
