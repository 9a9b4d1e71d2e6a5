using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>What is to be invoiced to one customer, or to ourselves in one party's name, for a month.</summary>
/// <param name="Subject">The customer's or party's id.</param>
/// <param name="Currency">The currency of the lines.</param>
/// <param name="Lines">In order of kind, model, app (none first), month and reference.</param>
internal sealed record InvoiceDraft(string Subject, Currency Currency, ImmutableArray<InvoiceLine> Lines);

/// <summary>Collects what a closed month is to be invoiced for; the month never changes, so the drafts are the same each time.</summary>
internal static class InvoiceDrafts
{
    /// <summary>
    /// For each customer everything the month's entries charged it with: usage by model, app and month of use, and each adjustment. They
    /// add up to what its receivable moved by, entry for entry.
    /// </summary>
    public static IReadOnlyList<InvoiceDraft> OfCustomers(Session session, Period period) => Invoiced(ChargesOf(session, period));

    /// <summary>
    /// The same with those that come to nothing, such as charges in a currency that were converted to the customer's own.
    /// </summary>
    public static IEnumerable<InvoiceDraft> ChargesOf(Session session, Period period)
    {
        var usage = new Dictionary<(string Customer, Currency Currency, string Model, string? App, Period Service), InvoiceLine>();
        PeriodRows.ForEachReceipt(session, period, receipt =>
        {
            // Rejected drafts are nobody's to pay.
            var counts = receipt.Counts with { SpeculativeRejected = 0 };
            var key = (receipt.CustomerId, receipt.Currency, receipt.Model, receipt.AppId, receipt.Period);
            usage[key] = usage.TryGetValue(key, out var line)
                ? line with { Receipts = line.Receipts + 1, Counts = line.Counts + counts, Amount = line.Amount + receipt.Charge }
                : new("usage", null, receipt.Model, receipt.AppId, receipt.Period, 1, counts, receipt.Charge);
        });
        var lines = usage.Select(pair => (pair.Key.Customer, Line: pair.Value)).Concat(InvoiceRows.Adjustments(session, period));
        return Drafts(lines);
    }

    /// <summary>For each party and currency what the month's close made payable.</summary>
    public static IReadOnlyList<InvoiceDraft> OfParties(Session session, Period period) =>
        Invoiced(Drafts(InvoiceRows.Payables(session, period)));

    private static IEnumerable<InvoiceDraft> Drafts(IEnumerable<(string Subject, InvoiceLine Line)> lines) =>
        lines.GroupBy(pair => (pair.Subject, pair.Line.Amount.Currency))
            .OrderBy(group => group.Key.Subject, StringComparer.Ordinal).ThenBy(group => group.Key.Currency.Code, StringComparer.Ordinal)
            .Select(group => new InvoiceDraft(
                group.Key.Subject, group.Key.Currency,
                [
                    .. group.Select(pair => pair.Line).OrderBy(line => line.Kind == "usage" ? "" : line.Kind, StringComparer.Ordinal)
                        .ThenBy(line => line.Model, StringComparer.Ordinal).ThenBy(line => line.AppId, StringComparer.Ordinal)
                        .ThenBy(line => line.ServicePeriod).ThenBy(line => line.Reference, StringComparer.Ordinal),
                ]));

    private static List<InvoiceDraft> Invoiced(IEnumerable<InvoiceDraft> drafts) =>
    [
        // Fake money takes no number of a series that tax authorities read.
        .. drafts.Where(draft => !draft.Currency.IsTest
            && draft.Lines.Aggregate(Amount.Zero(draft.Currency), (sum, line) => sum + line.Amount).Sign != 0),
    ];
}
