using System.Globalization;

namespace Ayni.Ledger;

/// <summary>Sets prices. A job of the writer: it refuses, or it writes.</summary>
internal static class PriceList
{
    /// <summary>Stores a price as the next version; without an instant it takes effect now.</summary>
    public static Price Set(Transaction transaction, Price price, Currency currency, DateTimeOffset? effectiveFrom)
    {
        Text.Demand(price.Model, "model's name");
        DemandRate(price.InputPerMillion, currency);
        DemandRate(price.CachedPerMillion, currency);
        DemandRate(price.OutputPerMillion, currency);
        return TermRows.Insert(transaction.Session, price with { EffectiveFrom = DemandFuture(transaction, effectiveFrom) });
    }

    /// <summary>The instant terms take effect: never before now, because receipts may have used the terms in force.</summary>
    public static DateTimeOffset DemandFuture(Transaction transaction, DateTimeOffset? effectiveFrom)
    {
        var instant = effectiveFrom?.ToWholeMicroseconds() ?? transaction.Now;
        if (instant < transaction.Now)
            throw new LedgerRefusedException(
                Refusal.EffectiveInThePast,
                string.Create(CultureInfo.InvariantCulture, $"{instant:u} is past; prices and agreements take effect now or later."));
        return instant.ToUniversalTime();
    }

    private static void DemandRate(Amount rate, Currency currency)
    {
        if (rate.Currency != currency)
            throw new LedgerRefusedException(Refusal.InvalidPrice, $"A price is in one currency, not in {currency} and {rate.Currency}.");
        if (rate.Sign < 0 || rate.Units > (Int128)Price.LargestPerMillion * 1_000_000_000_000)
            throw new LedgerRefusedException(
                Refusal.InvalidPrice, $"{rate} for a million tokens lies outside 0 to {Price.LargestPerMillion} {currency}.");
    }
}
