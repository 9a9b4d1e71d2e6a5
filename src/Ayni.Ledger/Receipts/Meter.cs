namespace Ayni.Ledger;

/// <summary>Turns usage into receipts.</summary>
internal sealed class Meter(Identifiers identifiers)
{
    /// <summary>What no transaction is needed to refuse.</summary>
    public static void Check(Usage usage)
    {
        Text.Demand(usage.RequestId, "request's id");
        if (usage.Adapter is { } adapter)
            Text.Demand(adapter.Name, "adapter's name");
        if (!usage.Counts.AreValid)
            throw new LedgerRefusedException(
                Refusal.InvalidUsage, $"{usage.Counts} of request '{usage.RequestId}': a count lies between 0 and {TokenCounts.Largest}.");
        if (!Enum.IsDefined(usage.Outcome))
            throw new LedgerRefusedException(Refusal.InvalidUsage, $"Request '{usage.RequestId}' has no known outcome.");
    }

    /// <summary>
    /// Posts a checked usage: the receipt with the next number of its key's chain, and the entry that charges the customer. A request
    /// posted before gives its first receipt. A receipt whose period is closed is posted in the first one after it that is not.
    /// </summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="usage">What was used.</param>
    /// <param name="beside">Postings beside those of the charge, by what it is.</param>
    public Receipt Post(Transaction transaction, Usage usage, Func<Amount, IEnumerable<Posting>>? beside = null)
    {
        var admission = usage.Admission;
        if (transaction.ReceiptOf(usage.RequestId) is { } first)
            return IsOf(first, usage)
                ? first
                : throw new LedgerRefusedException(
                    Refusal.RequestIdReused,
                    $"Request '{usage.RequestId}' was posted with other usage as {first.Id}; every request needs an id of its own.");
        if (usage.Kept is { } toKeep)
            Idempotency.DemandBegun(transaction, toKeep, usage.RequestId);

        // From here on nothing is refused.
        var price = admission.Price;
        var before = price.Plan.CountsUse
            ? transaction.Count(admission.CustomerId, price.Scope, admission.Period, usage.Counts)
            : default;
        var charge = price.Charge(usage.Counts, usage.Adapter?.Name, before);
        var head = transaction.HeadOf(admission.KeyId, usage.MeterId);
        var receipt = new Receipt
        {
            Id = identifiers.NewReceipt(admission.AdmittedAt),
            RequestId = usage.RequestId,
            KeyId = admission.KeyId,
            KeyNumber = head.Number + 1,
            PreviousHash = head.Hash,
            AdmittedAt = admission.AdmittedAt,
            Period = admission.Period,
            MeterId = usage.MeterId,
            Model = admission.Model,
            ModelDigest = usage.ModelDigest,
            Adapter = usage.Adapter,
            AppId = admission.AppId,
            CustomerId = admission.CustomerId,
            Counts = usage.Counts,
            Outcome = usage.Outcome,
            PriceVersion = admission.Price.Version,
            AgreementVersion = admission.AgreementVersion,
            Charge = charge,
        };
        var service = admission.Period;
        var period = transaction.FirstOpen(service);
        var entry = transaction.Post(
            period, service, EntryKind.Charge, receipt.Id,
            [new(Account.Receivable(receipt.CustomerId), charge), new(Account.Revenue(period, receipt.Model), -charge), .. beside?.Invoke(charge) ?? []]);
        transaction.Store(receipt, entry);
        if (usage.Kept is { Content: { } content } kept)
            IdempotencyRows.Keep(transaction.Session, kept.Request, content);
        Reservations.Spend(transaction, admission, charge);
        if (admission.Reservation is { } reservation)
            Reservations.Release(transaction, reservation, usage.Counts.Prompt + usage.Counts.Cached + usage.Counts.Generated);
        return receipt;
    }

    private static bool IsOf(Receipt receipt, Usage usage) =>
        receipt.KeyId == usage.Admission.KeyId && receipt.Model == usage.Admission.Model && receipt.ModelDigest == usage.ModelDigest
        && receipt.Counts == usage.Counts && receipt.Outcome == usage.Outcome && receipt.Adapter == usage.Adapter
        && receipt.MeterId == usage.MeterId && receipt.AdmittedAt == usage.Admission.AdmittedAt;
}
