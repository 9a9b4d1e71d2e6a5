namespace Ayni.Ledger;

/// <summary>
/// Lets a named request be answered once. A run that ended before it posted gives its requests up; one that was only thought to have ended
/// can't post any more what another has begun anew, so nothing is charged twice.
/// </summary>
internal static class Idempotency
{
    /// <summary>Begins a named request under a request id, or says how it stands.</summary>
    public static IdempotencyStatus Begin(Transaction transaction, IdempotentRequest request, string requestId, HostLease lease)
    {
        var session = transaction.Session;
        if (IdempotencyRows.Find(session, request) is not { } found)
        {
            transaction.LeaseOf(lease);
            IdempotencyRows.Insert(session, request, requestId, lease.Id, transaction.Now);
            return new(IdempotencyState.Begun);
        }
        var receipt = ReceiptRows.FindByRequest(session, found.RequestId);
        if (found.KeyId != request.KeyId)
            return new(IdempotencyState.OtherKey, receipt);
        if (found.BodyHash != request.BodyHash)
            return new(IdempotencyState.OtherBody, receipt);
        if (receipt is not null)
        {
            return found.Content is { } content && transaction.Now - found.Begun < IdempotentRequest.KeptFor
                ? new(IdempotencyState.Answered, receipt, content)
                : new(IdempotencyState.NotKept, receipt);
        }
        if (BudgetRows.IsInForce(session, found.LeaseId, transaction.Now))
            return new(IdempotencyState.InProgress);
        transaction.LeaseOf(lease);
        IdempotencyRows.Delete(session, request, found.RequestId);
        IdempotencyRows.Insert(session, request, requestId, lease.Id, transaction.Now);
        return new(IdempotencyState.Begun);
    }

    /// <summary>Forgets a request that was begun and used nothing, so that it may be sent again.</summary>
    public static void Abandon(Transaction transaction, IdempotentRequest request, string requestId)
    {
        if (ReceiptRows.FindByRequest(transaction.Session, requestId) is null)
            IdempotencyRows.Delete(transaction.Session, request, requestId);
    }

    /// <summary>Refuses to post a request that another has begun anew.</summary>
    public static void DemandBegun(Transaction transaction, KeptAnswer kept, string requestId)
    {
        if (IdempotencyRows.Find(transaction.Session, kept.Request)?.RequestId != requestId)
            throw new LedgerRefusedException(
                Refusal.RequestBegunAnew, $"Request '{requestId}' took longer than its host's lease and was begun anew; it is not charged.");
    }
}
