using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// Finds what a period comes to beside its receipts' charges: a pure function of what was recorded, the same each time it is asked. Reads
/// only.
/// </summary>
internal sealed class Adjustments
{
    private readonly Session _session;
    private readonly Period _period;
    private readonly LedgerZone _zone;
    private readonly IReadOnlyList<Price> _prices;
    private readonly HashSet<string> _scopes;
    private readonly RevenueFacts _facts;
    private readonly CreditAccounts _credits;
    private readonly ForeignCharges _foreign;
    private readonly Dictionary<(string CustomerId, string Scope, Period Month, Currency Currency), MonthAccount> _months = [];

    private Adjustments(Session session, Period period)
    {
        _session = session;
        _period = period;
        _zone = LedgerRows.Zone(session);
        _prices = TermRows.Prices(session);
        _scopes = [.. _prices.Where(price => price.Plan.AdjustsAtClose).Select(price => price.Scope)];
        _facts = FactRows.Revenue(session);
        _credits = CreditAccounts.Open(session, period, _zone);
        _foreign = new(session, period, _zone);
    }

    /// <summary>
    /// The adjustments of a period in ordinal order of customer, subject, month and type, then what credits paid. Until the period is
    /// closing more receipts may come.
    /// </summary>
    public static PeriodAdjustments Of(Session session, Period period) => new Adjustments(session, period).Find();

    private PeriodAdjustments Find()
    {
        var subscriptions = SubscriptionRows.InForce(_session, _period);
        if (subscriptions.Count == 0 && !_credits.Any && !_foreign.Any && _scopes.Count == 0)
            return PeriodAdjustments.None;
        var late = ReadPeriod();
        foreach (var (customerId, month) in late)
            ReadMonth(customerId, month);
        var subscribed = new Dictionary<(string CustomerId, string Scope), SubscribedMonth>();
        foreach (var subscription in subscriptions)
        {
            var month = SubscribedMonth.Of(subscription, PlanOf(subscription), _period, _zone);
            var scope = Price.ScopeOf(subscription.PlanName, "");
            subscribed.Add((subscription.CustomerId, scope), month);
            Account(subscription.CustomerId, scope, _period, month.Plan.Currency);
        }
        var adjustments = ImmutableArray.CreateBuilder<Adjustment>();
        foreach (var account in _months.Values.OrderBy(month => month.CustomerId, StringComparer.Ordinal)
            .ThenBy(month => month.Scope, StringComparer.Ordinal).ThenBy(month => month.Month))
        {
            var earlier = account.Month < _period ? AdjustmentRows.Earlier(_session, account, _period) : [];
            var month = account.Month == _period ? subscribed.GetValueOrDefault((account.CustomerId, account.Scope)) : null;
            adjustments.AddRange(account.Adjust(
                _period, earlier, month, () => WithoutUse((month?.Plan ?? account.Plan)!.Models[0], account.Month)));
        }
        _credits.Pay(adjustments);
        foreach (var adjustment in adjustments)
            _foreign.Add(adjustment.CustomerId, adjustment.Amount);
        adjustments.AddRange(_credits.Expire(UseOf, model => WithoutUse(model, _period)));
        return new(adjustments.ToImmutable(), _credits.Uses, _foreign.Convert());
    }

    /// <summary>Reads the period's receipts, and names the customers and earlier months that some of them are about.</summary>
    private HashSet<(string CustomerId, Period Month)> ReadPeriod()
    {
        var late = new HashSet<(string, Period)>();
        var replay = new PriceReplay(_prices);
        PeriodRows.ForEachReceipt(_session, _period, receipt =>
        {
            _credits.Pay(receipt);
            _foreign.Add(receipt.CustomerId, receipt.Charge);
            var (price, before) = replay.Next(receipt);
            if (!_scopes.Contains(price.Scope))
                return;
            if (receipt.Period == _period)
                Account(receipt.CustomerId, price.Scope, _period, receipt.Currency).Add(receipt, price, before);
            else
                late.Add((receipt.CustomerId, receipt.Period));
        });
        return late;
    }

    /// <summary>Reads a customer's earlier month again as a whole, with what was posted after its close.</summary>
    private void ReadMonth(string customerId, Period month)
    {
        var replay = new PriceReplay(_prices);
        ReceiptRows.ForEachOfMonth(_session, customerId, month, _period, receipt =>
        {
            var (price, before) = replay.Next(receipt);
            if (_scopes.Contains(price.Scope))
                Account(customerId, price.Scope, month, receipt.Currency).Add(receipt, price, before);
        });
    }

    /// <summary>What a credit's customer used while it was valid.</summary>
    private FlatRevenue UseOf(Credit credit)
    {
        var use = new FlatRevenue(credit.Currency, _facts);
        var replay = new PriceReplay(_prices);
        ReceiptRows.ForEachOfCustomer(_session, credit.CustomerId, _period, receipt =>
        {
            if (receipt.AdmittedAt >= credit.Purchased && receipt.AdmittedAt < credit.Expires && receipt.Currency == credit.Currency)
                use.Add(receipt, replay.Next(receipt).Price.Plan);
        });
        return use;
    }

    private MonthAccount Account(string customerId, string scope, Period month, Currency currency)
    {
        var key = (customerId, scope, month, currency);
        if (!_months.TryGetValue(key, out var account))
            _months.Add(key, account = new(customerId, scope, month, currency, _facts));
        return account;
    }

    /// <summary>The plan as it was when the month began, or when it was subscribed to within the month.</summary>
    private PricePlan PlanOf(Subscription subscription)
    {
        var start = _zone.StartOf(_period);
        var instant = subscription.Created > start ? subscription.Created : start;
        return _prices.Where(price => price.Plan.Name == subscription.PlanName && price.EffectiveFrom <= instant)
            .MaxBy(price => (price.EffectiveFrom, price.Version))?.Plan
            ?? throw Rows.Damaged($"subscription {subscription.Id} to a plan that was not there");
    }

    /// <summary>
    /// What revenue a month without use is: a model's, of no app, shared by the agreement in force at the month's end, or by the last
    /// before it.
    /// </summary>
    private AdjustmentShare WithoutUse(string model, Period month)
    {
        var end = _zone.StartOf(month.Next).AddMicroseconds(-1);
        var agreement = TermRows.AgreementInForce(_session, model, end)?.Version
            ?? TermRows.Agreements(_session)
                .Where(agreement => (agreement.Model is null || agreement.Model == model) && agreement.EffectiveFrom <= end)
                .MaxBy(agreement => (agreement.EffectiveFrom, agreement.Version))?.Version
            ?? throw Rows.Damaged($"flat revenue of {model} in {month}, in which it had no agreement");
        return new(model, null, null, agreement);
    }
}

/// <summary>What a period comes to beside its receipts' charges.</summary>
/// <param name="Charges">Adjustments that are revenue.</param>
/// <param name="CreditUses">What prepaid credits pay of charges.</param>
/// <param name="Conversions">What is owed in customers' own currencies for charges in others.</param>
internal sealed record PeriodAdjustments(
    ImmutableArray<Adjustment> Charges, ImmutableArray<CreditUse> CreditUses, ImmutableArray<Conversion> Conversions)
{
    public static PeriodAdjustments None { get; } = new([], [], []);

    /// <summary>What adjustments add to a period's revenue: as they would be now while it is open, then as they were posted.</summary>
    public static IEnumerable<AdjustedRevenue> Revenue(Session session, Period period)
    {
        var zone = LedgerRows.Zone(session);
        var adjustments = PeriodRows.Last(session).StatusOf(period) == PeriodStatus.Open
            ? Adjustments.Of(session, period).Charges
            : AdjustmentRows.Of(session, period);
        return adjustments.SelectMany(adjustment => Revenue(adjustment, zone));
    }

    /// <summary>What an adjustment adds to revenue.</summary>
    public static IEnumerable<AdjustedRevenue> Revenue(Adjustment adjustment, LedgerZone zone)
    {
        var end = zone.StartOf(adjustment.ServicePeriod.Next).AddMicroseconds(-1);
        return adjustment.Parts.Select(part => new AdjustedRevenue(adjustment.CustomerId, adjustment.ServicePeriod, end, part.Share, part.Amount));
    }
}

/// <summary>A part of an adjustment as revenue.</summary>
/// <param name="CustomerId">Whose.</param>
/// <param name="ServicePeriod">The month it is about.</param>
/// <param name="At">The end of that month, which decides what depends on time.</param>
/// <param name="Share">What revenue it is.</param>
/// <param name="Amount">How much.</param>
internal sealed record AdjustedRevenue(
    string CustomerId, Period ServicePeriod, DateTimeOffset At, AdjustmentShare Share, Amount Amount);
