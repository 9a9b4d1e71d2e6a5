using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>Sums what customers owe for a period in other currencies than their own, and converts it.</summary>
internal sealed class ForeignCharges
{
    private readonly Session _session;
    private readonly Period _period;
    private readonly DateTimeOffset _last;
    private readonly Dictionary<string, Currency> _currencies;
    private readonly Dictionary<(string CustomerId, Currency From), Amount> _owed = [];

    public ForeignCharges(Session session, Period period, LedgerZone zone)
    {
        _session = session;
        _period = period;
        _last = zone.StartOf(period.Next).AddMicroseconds(-1);
        Any = RateRows.Any(session);
        _currencies = Any
            ? RegistryRows.Customers(session).ToDictionary(customer => customer.Id, customer => customer.Currency, StringComparer.Ordinal)
            : [];
    }

    /// <summary>Whether there may be any: without a rate nobody is let in at a price in another currency.</summary>
    public bool Any { get; }

    public void Add(string customerId, Amount amount)
    {
        if (!Any || _currencies[customerId] == amount.Currency)
            return;
        var key = (customerId, amount.Currency);
        _owed[key] = _owed.GetValueOrDefault(key, Amount.Zero(amount.Currency)) + amount;
    }

    /// <summary>Each customer's sum at the rate in force at the period's end, in ordinal order of customer and currency.</summary>
    public ImmutableArray<Conversion> Convert() =>
    [
        .. _owed.Where(owed => owed.Value.Sign != 0).OrderBy(owed => owed.Key.CustomerId, StringComparer.Ordinal)
            .ThenBy(owed => owed.Key.From.Code, StringComparer.Ordinal)
            .Select(owed =>
            {
                var rate = RateRows.InForce(_session, owed.Key.From, _currencies[owed.Key.CustomerId], _last)
                    ?? throw Rows.Damaged($"charges of {owed.Key.CustomerId} in {owed.Key.From} without a rate");
                return new Conversion(owed.Key.CustomerId, _period, owed.Value, rate.Convert(owed.Value), rate.Version);
            }),
    ];
}
