namespace Ayni.Ledger;

// What people look at while a month runs.
public sealed partial class Books
{
    /// <summary>The months from the first that has anything to close to the present one, and how far they are.</summary>
    public IReadOnlyList<PeriodState> ListPeriods()
    {
        var now = _clock.GetUtcNow();
        return _readers.Read<IReadOnlyList<PeriodState>>(session =>
        {
            var zone = LedgerRows.Zone(session);
            var (states, last, present) = (new List<PeriodState>(), PeriodRows.Last(session), zone.PeriodOf(now));
            Period?[] firsts = [PeriodRows.FirstBefore(session, present.Next), SettlementInput.FirstPromisedBefore(session, present.Next)];
            if (firsts.Min() is not { } first)
                return states;
            for (var period = first; period <= present; period = period.Next)
                states.Add(new(period, last.StatusOf(period), zone.StartOf(period.Next)));
            return states;
        });
    }

    /// <summary>What a customer used in a month, this one unless given, and what is left of its limit.</summary>
    public CustomerUsage UsageOf(string customerId, Period? period = null)
    {
        var now = _clock.GetUtcNow();
        return _readers.Read(session =>
        {
            var customer = RegistryRows.Customer(session, customerId)
                ?? throw Registry.Unknown(Refusal.UnknownCustomer, "customer", customerId);
            return CustomerUsage.Of(session, customer, period ?? LedgerRows.Zone(session).PeriodOf(now), now);
        });
    }

    /// <summary>
    /// What a party earns, the newest month first: open ones as estimates. At most so many months, and none before the first entry.
    /// </summary>
    public PartyEarnings EarningsOf(string partyId, int months, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(months, 1);
        var periods = ListPeriods().Select(state => state.Period).Reverse().Take(months);
        return new(
            partyId,
            [.. periods.Select(period =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                var statement = Statement(period, partyId);
                return new MonthEarnings(statement.Period, statement.Status, statement.Totals);
            })]);
    }
}
