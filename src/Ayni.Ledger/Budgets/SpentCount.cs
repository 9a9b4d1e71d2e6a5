namespace Ayni.Ledger;

/// <summary>What the requests of a key, customer or app cost in a day and its month, by their receipts up to an entry.</summary>
/// <param name="Day">The day.</param>
/// <param name="Month">Its month.</param>
/// <param name="OfDay">What the day's requests cost.</param>
/// <param name="OfMonth">What the month's requests cost.</param>
/// <param name="LastEntry">The last entry counted.</param>
internal sealed record SpentCount(DateOnly Day, Period Month, Amount OfDay, Amount OfMonth, long LastEntry)
{
    /// <summary>Counts what was spent at an instant; with a count of the same day before, only what was posted since.</summary>
    public static SpentCount Of(Session session, string subjectId, Currency currency, DateTimeOffset now, SpentCount? before = null)
    {
        var zone = LedgerRows.Zone(session);
        var (day, month) = (zone.DayOf(now), zone.PeriodOf(now));
        var (ofDay, ofMonth, entries) = (Amount.Zero(currency), Amount.Zero(currency), EntryRange.Of(session, month));
        if (before is not null && before.Day == day && before.OfDay.Currency == currency)
            (ofDay, ofMonth, entries) = (before.OfDay, before.OfMonth, entries.After(before.LastEntry));
        ReceiptBlocks.ForEach(session, ColumnOf(session, subjectId), subjectId, entries, new(Month: month), (_, canonical) =>
        {
            var receipt = ReceiptFormat.Decode(canonical);
            if (receipt.Currency != currency)
                return;
            ofMonth += receipt.Charge;
            if (zone.DayOf(receipt.AdmittedAt) == day)
                ofDay += receipt.Charge;
        });
        return new(day, month, ofDay, ofMonth, Math.Max(entries.Last, before?.LastEntry ?? 0));
    }

    private static KeyColumn ColumnOf(Session session, string subjectId) =>
        RegistryRows.Key(session, subjectId) is not null ? KeyColumn.Id
        : RegistryRows.Customer(session, subjectId) is not null ? KeyColumn.Customer
        : KeyColumn.App;
}
