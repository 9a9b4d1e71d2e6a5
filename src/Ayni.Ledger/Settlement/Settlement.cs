using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// Everything a period comes to, computed from its receipts, its agreements and what was carried over: the one source of estimates, of the
/// close's entries and of statements.
/// </summary>
internal sealed class Settlement
{
    private readonly List<(RevenueLine Line, PartyShare Share)> _shares = [];

    private Settlement(Period period, PeriodStatus status, IReadOnlyList<RevenueLine> lines)
    {
        Period = period;
        Status = status;
        Lines = lines;
    }

    public Period Period { get; }

    public PeriodStatus Status { get; }

    /// <summary>The period's revenue in the groups' order.</summary>
    public IReadOnlyList<RevenueLine> Lines { get; }

    /// <summary>For each party and currency with anything earned or carried, in ordinal order of both.</summary>
    public ImmutableArray<PartyTotal> Totals { get; private set; }

    /// <summary>Each party's share of each line.</summary>
    public IReadOnlyList<(RevenueLine Line, PartyShare Share)> Shares => _shares;

    /// <summary>Reads a period from one snapshot and computes it.</summary>
    public static Settlement Of(Session session, Period period)
    {
        var status = PeriodRows.Last(session).StatusOf(period);
        var lines = RevenueLine.Collect(
            each => PeriodRows.ForEachReceipt(session, period, each), PeriodAdjustments.Revenue(session, period, status));
        var agreements = TermRows.Agreements(session).ToDictionary(agreement => agreement.Version);
        var developers = RegistryRows.Apps(session).ToDictionary(app => app.Id, app => app.DeveloperId, StringComparer.Ordinal);
        var settlement = new Settlement(period, status, lines);
        foreach (var line in lines)
        {
            var developerId = line.Group.AppId is { } appId ? developers[appId] : null;
            foreach (var share in RevenueShare.Compute(line, agreements[line.Group.AgreementVersion], developerId))
                settlement._shares.Add((line, share));
        }
        settlement.Totals = Total(settlement._shares.Select(pair => pair.Share), PeriodRows.CarriesBefore(session, period));
        return settlement;
    }

    /// <summary>
    /// Adds up what each party earned and makes whole coins of it payable: the sum of what was carried in and earned, rounded down to the
    /// currency's minor unit, or nothing while that sum is negative. The rest is carried on.
    /// </summary>
    public static ImmutableArray<PartyTotal> Total(
        IEnumerable<PartyShare> shares, IReadOnlyDictionary<(string PartyId, Currency Currency), Amount> carries)
    {
        var earned = carries.Where(carry => carry.Value.Sign != 0)
            .ToDictionary(carry => carry.Key, carry => Amount.Zero(carry.Key.Currency));
        foreach (var share in shares)
        {
            var key = (share.PartyId, share.Amount.Currency);
            earned[key] = earned.GetValueOrDefault(key, Amount.Zero(share.Amount.Currency)) + share.Amount;
        }
        return
        [
            .. earned.OrderBy(item => item.Key.PartyId, StringComparer.Ordinal)
                .ThenBy(item => item.Key.Currency.Code, StringComparer.Ordinal)
                .Select(item => Total(item.Key.PartyId, carries.GetValueOrDefault(item.Key, Amount.Zero(item.Key.Currency)), item.Value)),
        ];
    }

    /// <summary>The settlement as its reader sees it.</summary>
    public PeriodSettlement ToView() => new(Period, Status, Totals);

    /// <summary>One party's statement.</summary>
    public Statement StatementOf(Party party) => new(
        Period,
        Status == PeriodStatus.Closed ? StatementStatus.Final : StatementStatus.Estimate,
        party.Id,
        party.Name,
        party.Role,
        [
            .. _shares.Where(pair => pair.Share.PartyId == party.Id).Select(pair => new StatementLine(
                pair.Line.Group.Model, pair.Line.Group.AppId, pair.Line.Group.AgreementVersion, pair.Line.Group.ServicePeriod,
                pair.Line.Receipts, pair.Line.Counts, pair.Line.Gross, pair.Share.PartsPerMillion, pair.Share.Amount)),
        ],
        [.. Totals.Where(total => total.PartyId == party.Id)]);

    private static PartyTotal Total(string partyId, Amount carryIn, Amount earned)
    {
        var due = carryIn + earned;
        var payable = due.Sign > 0 ? due.FloorToMinorUnit() : Amount.Zero(due.Currency);
        return new(partyId, carryIn, earned, payable, due - payable);
    }
}
