namespace Ayni.Ledger;

public sealed partial class Books
{
    /// <summary>Adjustments posted in one transaction, so that no request waits long for a close.</summary>
    private const int AdjustmentBatch = 200;

    // Subscriptions, credits and adjustments.

    /// <summary>Subscribes a customer to a named price plan for whole months, from this one on unless given.</summary>
    public Task<Subscription> StartSubscriptionAsync(
        string customerId, string planName, Period? first = null, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(
            transaction => new SubscriptionList(_identifiers).Start(transaction, customerId, planName, first), cancellationToken);

    /// <summary>Ends a subscription after a month, this one unless given.</summary>
    public Task<Subscription> StopSubscriptionAsync(
        string subscriptionId, Period? last = null, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => SubscriptionList.Stop(transaction, subscriptionId, last), cancellationToken);

    /// <summary>Every subscription, oldest first.</summary>
    public IReadOnlyList<Subscription> ListSubscriptions(string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => SubscriptionRows.All(session, after, limit));

    /// <summary>
    /// Sells a customer a credit. It is owed like a charge, and pays charges of requests admitted until it expires; what is left then is
    /// revenue of what was used while it was valid, or of <paramref name="model"/> if that was nothing. Asked again by the same reference,
    /// it gives the first.
    /// </summary>
    public Task<Credit> BuyCreditAsync(
        string customerId, Amount amount, string model, DateTimeOffset? expires = null, int priority = 0, string? reference = null,
        CancellationToken cancellationToken = default) =>
        _writer.RunAsync(
            transaction => CallersReference.Once(
                transaction, "sell_credit", reference, FormattableString.Invariant($"{customerId}\n{amount}\n{model}\n{expires?.UtcTicks}\n{priority}"),
                () => new CreditList(_identifiers).Buy(transaction, customerId, amount, model, expires, priority),
                credit => credit.Id, id => CreditRows.OfCustomer(transaction.Session, customerId).First(credit => credit.Id == id)),
            cancellationToken);

    /// <summary>Every credit, oldest first, with what closed months left of it.</summary>
    public IReadOnlyList<Credit> ListCredits(string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => CreditRows.List(session, after, limit));

    /// <summary>
    /// The adjustments of a period: as they would be now while it is open, then as they were posted. At most so many, after the one of a
    /// key. An estimate is of the whole period, however few of it are asked for: there is nothing of it in the database.
    /// </summary>
    public IReadOnlyList<Adjustment> ListAdjustments(Period period, string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => PeriodRows.Last(session).StatusOf(period) == PeriodStatus.Open
            ? Cut(Adjustments.Of(session, period).Charges, adjustment => adjustment.Key, after, limit)
            : AdjustmentRows.Of(session, period, after, limit));

    /// <summary>
    /// What credits pay of a period's charges: as it would be now while it is open, then as it was posted. At most so many, after that of a
    /// credit.
    /// </summary>
    public IReadOnlyList<CreditUse> ListCreditUses(Period period, string after = "", int limit = int.MaxValue) => _readers.Read(session =>
        PeriodRows.Last(session).StatusOf(period) == PeriodStatus.Open
            ? Cut(Adjustments.Of(session, period).CreditUses, use => use.CreditId, after, limit)
            : CreditRows.Uses(session, period, after, limit));

    // Customers' currencies.

    /// <summary>
    /// Says what one unit of a price's currency is in a customer's, from an instant on, now unless given. From then on customers without a
    /// spending limit who are charged in the one may use models priced in the other.
    /// </summary>
    public Task<ExchangeRate> SetRateAsync(
        Currency from, Amount perUnit, string source, DateTimeOffset? effectiveFrom = null, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => RateList.Set(transaction, from, perUnit, source, effectiveFrom), cancellationToken);

    /// <summary>Every version of every rate, oldest first.</summary>
    public IReadOnlyList<ExchangeRate> ListRates(long after = 0, int limit = int.MaxValue) =>
        _readers.Read(session => RateRows.All(session, after, limit));

    /// <summary>
    /// What a period converts: as it would be now while it is open, then as it was posted. At most so much, after that of a customer and a
    /// currency (<c>CUSTOMER/CURRENCY</c>, or nothing).
    /// </summary>
    public IReadOnlyList<Conversion> ListConversions(Period period, string after = "", int limit = int.MaxValue) => _readers.Read(session =>
        PeriodRows.Last(session).StatusOf(period) == PeriodStatus.Open
            ? Cut(
                Adjustments.Of(session, period).Conversions, conversion => $"{conversion.CustomerId}/{conversion.Owed.Currency}", after, limit)
            : RateRows.Conversions(session, period, after, limit));

    /// <summary>
    /// Records that a bank exchanged money that customers paid in their currency for money in the prices'; what it got beyond what had been
    /// converted is gain. The same one recorded again changes nothing.
    /// </summary>
    public Task<BankExchange> RecordExchangeAsync(
        string evidenceId, Amount sold, Amount bought, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => RateList.Exchange(transaction, evidenceId, sold, bought), cancellationToken);

    private static IReadOnlyList<T> Cut<T>(IReadOnlyList<T> estimated, Func<T, string> key, string after, int limit)
    {
        if (after.Length == 0)
            return [.. estimated.Take(limit)];
        var rest = estimated.SkipWhile(one => key(one) != after).ToList();
        return rest.Count > 0 ? [.. rest.Skip(1).Take(limit)] : throw PagedQuery.Unknown(after);
    }

    /// <summary>
    /// The second step of a close: posts the period's adjustments, some at a time. Its receipts stand still, so each time it finds the same
    /// ones, and posts those that are not there yet.
    /// </summary>
    private async Task AdjustAsync(Period period, CancellationToken cancellationToken)
    {
        var adjustments = await Task.Run(
            () => _readers.Read(session => PeriodRows.Last(session).StatusOf(period) == PeriodStatus.Closed
                ? PeriodAdjustments.None
                : Adjustments.Of(session, period)),
            cancellationToken).ConfigureAwait(false);
        foreach (var batch in adjustments.Charges.Chunk(AdjustmentBatch))
            await _writer.RunAsync(transaction => AdjustmentPosting.Post(transaction, batch), cancellationToken).ConfigureAwait(false);
        foreach (var batch in adjustments.CreditUses.Chunk(AdjustmentBatch))
            await _writer.RunAsync(transaction => AdjustmentPosting.Post(transaction, batch), cancellationToken).ConfigureAwait(false);
        foreach (var batch in adjustments.Conversions.Chunk(AdjustmentBatch))
            await _writer.RunAsync(transaction => AdjustmentPosting.Post(transaction, batch), cancellationToken).ConfigureAwait(false);
    }
}
