namespace Ayni.Ledger;

/// <summary>
/// What is collected: found from invoices, payments and credits, and recorded where others collect. Recording is a job of the writer: it
/// refuses, or it writes.
/// </summary>
internal static class CollectionList
{
    /// <summary>Everything that counts in a period: what was recorded in order of evidence, model and app, then what was found.</summary>
    public static IReadOnlyList<CollectedRevenue> Of(Session session, Period period) =>
        [.. AgreementRows.Collections(session, period), .. CollectedPayments.Of(session, period)];

    /// <summary>Records a collection in the first open month from its own on. The same one recorded again gives the first.</summary>
    public static CollectedRevenue Record(Transaction transaction, CollectedRevenue collection)
    {
        Text.Demand(collection.EvidenceId, "collection's evidence");
        Text.Demand(collection.Model, "model's name");
        DeductionList.DemandPast(transaction, collection.Period);
        if (collection.AppId is { } appId && RegistryRows.App(transaction.Session, appId) is null)
            throw Registry.Unknown(Refusal.UnknownApp, "app", appId);
        if (AgreementRows.Find(transaction.Session, collection) is { } first)
            return first.Amount == collection.Amount
                ? first
                : throw new LedgerRefusedException(
                    Refusal.EvidenceReused,
                    $"'{collection.EvidenceId}' was recorded with {first.Amount} before; "
                    + "take it back by a negative one with evidence of its own.");
        collection = collection with { Period = transaction.FirstOpen(collection.Period) };
        AgreementRows.Insert(transaction.Session, collection, transaction.Now);
        transaction.Note("record_collection", collection.EvidenceId, null, collection, LedgerJson.Default.CollectedRevenue);
        return collection;
    }
}
