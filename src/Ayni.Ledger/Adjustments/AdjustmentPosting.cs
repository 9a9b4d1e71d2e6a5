using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// Posts a closing period's adjustments: each once, however often a close is begun anew. Each method is a job of the writer.
/// </summary>
internal static class AdjustmentPosting
{
    /// <summary>Posts those of some adjustments that the period has not yet, each with the next number.</summary>
    public static bool Post(Transaction transaction, IReadOnlyList<Adjustment> adjustments)
    {
        var number = AdjustmentRows.LastNumber(transaction.Session);
        foreach (var adjustment in adjustments)
        {
            if (!IsClosing(transaction, adjustment.Period) || AdjustmentRows.Has(transaction.Session, adjustment))
                continue;
            var numbered = adjustment with { Number = ++number };
            var entry = transaction.Post(
                numbered.Period, numbered.ServicePeriod, numbered.Type.EntryKind(), $"adj_{numbered.Number}", Postings(numbered));
            AdjustmentRows.Insert(transaction.Session, numbered, entry);
        }
        return true;
    }

    /// <summary>Posts those of some credits' uses that the period has not yet.</summary>
    public static bool Post(Transaction transaction, IReadOnlyList<CreditUse> uses)
    {
        foreach (var use in uses)
        {
            if (!IsClosing(transaction, use.Period) || CreditRows.HasUse(transaction.Session, use.CreditId, use.Period))
                continue;
            var entry = transaction.Post(
                use.Period, use.Period, EntryKind.CreditUse, use.CreditId,
                [new(Account.Deferred(use.CustomerId), use.Amount), new(Account.Receivable(use.CustomerId), -use.Amount)]);
            CreditRows.InsertUse(transaction.Session, use, entry);
        }
        return true;
    }

    /// <summary>
    /// Posts those of some conversions that the period has not yet: balanced in each currency against a position that holds what the
    /// customers' currency is worth in the prices' until it is exchanged.
    /// </summary>
    public static bool Post(Transaction transaction, IReadOnlyList<Conversion> conversions)
    {
        foreach (var conversion in conversions)
        {
            if (!IsClosing(transaction, conversion.Period) || RateRows.HasConversion(transaction.Session, conversion))
                continue;
            var (owed, converted) = (conversion.Owed, conversion.Converted);
            var receivable = Account.Receivable(conversion.CustomerId);
            var position = Account.Position(owed.Currency, converted.Currency);
            var entry = transaction.Post(
                conversion.Period, conversion.Period, EntryKind.Conversion, conversion.Reference,
                [new(receivable, -owed), new(position, owed), new(receivable, converted), new(position, -converted)]);
            RateRows.Insert(transaction.Session, conversion, entry);
        }
        return true;
    }

    /// <summary>Like a charge: what the customer owes, or had paid in advance, against the models' revenue.</summary>
    private static ImmutableArray<Posting> Postings(Adjustment adjustment)
    {
        var debit = adjustment.Type == AdjustmentType.CreditExpiry
            ? Account.Deferred(adjustment.CustomerId)
            : Account.Receivable(adjustment.CustomerId);
        return
        [
            new(debit, adjustment.Amount),
            .. adjustment.Parts.GroupBy(part => part.Share.Model, StringComparer.Ordinal).Select(model => new Posting(
                Account.Revenue(adjustment.Period, model.Key),
                -model.Aggregate(Amount.Zero(adjustment.Currency), (sum, part) => sum + part.Amount))),
        ];
    }

    /// <summary>Another process may have finished the close in between.</summary>
    private static bool IsClosing(Transaction transaction, Period period) => transaction.LastPeriod.StatusOf(period) == PeriodStatus.Closing;
}
