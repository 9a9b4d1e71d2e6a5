using System.Collections.Immutable;

namespace Ayni.Ledger;

public sealed partial class Books
{
    // Prices.

    /// <summary>
    /// Sets a model's price from an instant on, now unless given. Amounts are for a million tokens; cached input costs what input does
    /// unless given.
    /// </summary>
    public Task<Price> SetPriceAsync(
        string model, Currency currency, Amount inputPerMillion, Amount outputPerMillion, DateTimeOffset? effectiveFrom = null,
        Amount? cachedPerMillion = null, CancellationToken cancellationToken = default)
    {
        var price = new Price(0, model, inputPerMillion, cachedPerMillion ?? inputPerMillion, outputPerMillion, default);
        return GuardedAsync(
            ProposedAction.Price, PriceList.TermsOf(price.Plan, effectiveFrom), _ => false,
            transaction => PriceList.Set(transaction, price, currency, effectiveFrom), cancellationToken);
    }

    /// <summary>
    /// Sets what a plan's models cost from an instant on, now unless given: the next version of each one's price, everybody's or, if the
    /// plan has a name, its subscribers'.
    /// </summary>
    public Task<ImmutableArray<Price>> SetPriceAsync(
        PricePlan plan, DateTimeOffset? effectiveFrom = null, CancellationToken cancellationToken = default) =>
        GuardedAsync(
            ProposedAction.Price, PriceList.TermsOf(plan, effectiveFrom), _ => false,
            transaction => PriceList.Set(transaction, plan, effectiveFrom), cancellationToken);

    /// <summary>Every version of every price, by model and version.</summary>
    public IReadOnlyList<Price> ListPrices(long after = 0, int limit = int.MaxValue) =>
        _readers.Read(session => TermRows.Prices(session, after, limit));

    /// <summary>
    /// The price in force for a model at an instant, now unless given: everybody's, or that of a named plan.
    /// </summary>
    public Price? FindPrice(string model, DateTimeOffset? at = null, string? planName = null)
    {
        var instant = at ?? _clock.GetUtcNow();
        return _readers.Read(session => TermRows.PriceInForce(session, model, instant, planName));
    }

    /// <summary>
    /// Why a receipt was charged what it was, found anew; null if there is no such receipt. Reads its customer's month where the charge
    /// depends on it.
    /// </summary>
    /// <param name="receiptOrRequestId">The receipt's own id or its request's.</param>
    public ChargeExplanation? ExplainCharge(string receiptOrRequestId) => _readers.Read(session =>
        (ReceiptRows.FindById(session, receiptOrRequestId) ?? ReceiptRows.FindByRequest(session, receiptOrRequestId)) is { } receipt
            ? ChargeExplanation.Of(session, receipt)
            : null);

    /// <summary>The version of a price with a number.</summary>
    public Price? FindPrice(long version) => _readers.Read(session => TermRows.Price(session, version));
}
