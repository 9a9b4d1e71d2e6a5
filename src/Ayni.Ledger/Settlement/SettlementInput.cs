namespace Ayni.Ledger;

/// <summary>Everything a period's settlement is computed from, read from one snapshot: nothing else goes into it.</summary>
/// <param name="Lines">The period's revenue with its deductions.</param>
/// <param name="Deductions">The deductions that count in it, whether or not an agreement takes them off.</param>
/// <param name="Agreements">Every version of every agreement.</param>
/// <param name="InForce">The versions with a document that are in force in it.</param>
/// <param name="History">What earlier closes carry; evaluations add to it as they go.</param>
internal sealed record SettlementInput(
    IReadOnlyList<NetLine> Lines, IReadOnlyList<Deduction> Deductions, IReadOnlyDictionary<long, Agreement> Agreements,
    IReadOnlySet<long> InForce, ShareHistory History)
{
    public static SettlementInput Read(Session session, Period period)
    {
        var agreements = TermRows.Agreements(session).ToDictionary(agreement => agreement.Version);
        var developers = RegistryRows.Apps(session).ToDictionary(app => app.Id, app => app.DeveloperId, StringComparer.Ordinal);
        var facts = FactRows.Revenue(session);
        var lines = RevenueLine.Collect(
            each => PeriodRows.ForEachReceipt(session, period, receipt =>
            {
                // Fake money is shared out to nobody.
                if (!receipt.Currency.IsTest)
                    each(receipt);
            }),
            PeriodAdjustments.Revenue(session, period).Where(revenue => !revenue.Amount.Currency.IsTest), facts, developers);
        var deductions = DeductionRows.Of(session, period);
        var zone = LedgerRows.Zone(session);
        var net = NetLine.Allocate(
            period, lines, deductions, CollectionList.Of(session, period),
            group => group.AppId is { } appId && !group.IsOwnUse ? developers[appId] : null,
            model => AgreementAt(agreements.Values, model, period, zone));
        return new(net, deductions, agreements, InForceIn(agreements.Values, period, zone), AgreementRows.HistoryBefore(session, period));
    }

    /// <summary>
    /// The agreement in force for a model at the end of a month: its own before the one for every model. Where there is none any more, the
    /// one that it had last: what is returned later is returned from its shares.
    /// </summary>
    public static long? AgreementAt(IEnumerable<Agreement> agreements, string model, Period month, LedgerZone zone)
    {
        var end = zone.StartOf(month.Next);
        var last = agreements.Where(agreement => (agreement.Model == model || agreement.Model is null) && agreement.EffectiveFrom < end)
            .GroupBy(agreement => agreement.Model is not null)
            .Select(versions => versions.MaxBy(agreement => (agreement.EffectiveFrom, agreement.Version))!)
            .OrderByDescending(agreement => agreement.Model is not null).ToList();
        return (last.Find(agreement => !(agreement.Document?.Terms.Until < month)) ?? last.FirstOrDefault())?.Version;
    }

    /// <summary>The documents in force in a month: for each model, and for every other, the version that took effect last.</summary>
    public static IReadOnlySet<long> InForceIn(IEnumerable<Agreement> agreements, Period month, LedgerZone zone)
    {
        var end = zone.StartOf(month.Next);
        return agreements.Where(agreement => agreement.EffectiveFrom < end).GroupBy(agreement => agreement.Model)
            .Select(versions => versions.MaxBy(agreement => (agreement.EffectiveFrom, agreement.Version))!)
            .Where(agreement => agreement is { IsSplit: false, Document.Terms: var terms } && !(terms.Until < month))
            .Select(agreement => agreement.Version).ToHashSet();
    }

    /// <summary>The first month after those closed and before a period in which a document promises money whatever the revenue.</summary>
    public static Period? FirstPromisedBefore(Session session, Period period)
    {
        var zone = LedgerRows.Zone(session);
        var promising = TermRows.Agreements(session)
            .Where(agreement => agreement.Document?.Terms.Shares.Any(
                share => (share.Fixed ?? share.Guarantee?.Amount ?? share.Advance?.Amount) is not null) == true)
            .ToList();
        if (promising.Count == 0)
            return null;
        var agreements = TermRows.Agreements(session);
        var first = zone.PeriodOf(promising.Min(agreement => agreement.EffectiveFrom));
        if (PeriodRows.Last(session) is { } last && first <= last.Period)
            first = last.Period.Next;
        for (var month = first; month < period; month = month.Next)
        {
            if (InForceIn(agreements, month, zone).Overlaps(promising.Select(agreement => agreement.Version)))
                return month;
        }
        return null;
    }
}
