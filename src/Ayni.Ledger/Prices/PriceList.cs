using System.Collections.Immutable;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>Sets prices. A job of the writer: it refuses, or it writes.</summary>
internal static class PriceList
{
    /// <summary>Stores a model's flat price as the next version; without an instant it takes effect now.</summary>
    public static Price Set(Transaction transaction, Price price, Currency currency, DateTimeOffset? effectiveFrom)
    {
        Text.Demand(price.Model, "model's name");
        DemandRate(price.Plan.Input, currency);
        DemandRate(price.Plan.Cached, currency);
        DemandRate(price.Plan.Output, currency);
        return Insert(transaction, price with { EffectiveFrom = DemandFuture(transaction, effectiveFrom) });
    }

    /// <summary>Stores a plan as the next version of each of its models' prices; without an instant it takes effect now.</summary>
    public static ImmutableArray<Price> Set(Transaction transaction, PricePlan plan, DateTimeOffset? effectiveFrom)
    {
        var instant = DemandFuture(transaction, effectiveFrom);
        if (plan.Name == PricePlan.TestName && !plan.Currency.IsTest)
            throw new LedgerRefusedException(
                Refusal.InvalidPrice, $"The plan '{PricePlan.TestName}' is in fake money ({Currency.Test}); give one in {plan.Currency} another name.");
        return [.. plan.Models.Select(model => Insert(transaction, new Price(0, model, plan, instant)))];
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

    /// <summary>All of it in words, for whoever approves it.</summary>
    public static string TermsOf(PricePlan plan, DateTimeOffset? effectiveFrom) => $"price from {FromOf(effectiveFrom)}: {PlanText.Write(plan)}";

    /// <summary>An instant in words.</summary>
    public static string FromOf(DateTimeOffset? effectiveFrom) => effectiveFrom is { } from
        ? from.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture)
        : "now";

    /// <summary>Whether an amount may be a rate or price.</summary>
    public static bool IsAcceptable(Amount rate) => IsAcceptable(rate, 1, 1);

    /// <summary>Whether a price of some units may be a price, where a rate is for so many units.</summary>
    public static bool IsAcceptable(Amount price, long size, long rateUnits) =>
        price.Sign >= 0 && price.Units * rateUnits <= (Int128)PricePlan.Largest * 1_000_000_000_000 * size;

    /// <summary>A price in fake money takes a name of its own, so that it never becomes what real customers pay.</summary>
    private static Price Insert(Transaction transaction, Price price)
    {
        if (price.Currency.IsTest && price.Plan.Name is null)
            price = price with { Plan = price.Plan with { Name = PricePlan.TestName } };
        var inserted = TermRows.Insert(transaction.Session, price);
        transaction.Note("set_price", inserted.Version.ToString(CultureInfo.InvariantCulture), null, inserted, LedgerJson.Default.Price);
        return inserted;
    }

    private static void DemandRate(Amount rate, Currency currency)
    {
        if (rate.Currency != currency)
            throw new LedgerRefusedException(Refusal.InvalidPrice, $"A price is in one currency, not in {currency} and {rate.Currency}.");
        if (!IsAcceptable(rate))
            throw new LedgerRefusedException(
                Refusal.InvalidPrice, $"{rate} for a million tokens lies outside 0 to {PricePlan.Largest} {currency}.");
    }
}
