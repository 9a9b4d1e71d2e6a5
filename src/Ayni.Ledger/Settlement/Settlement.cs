using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// Everything a period comes to, computed from its receipts, its agreements and what was carried over: the one source of estimates, of the
/// close's entries and of statements.
/// </summary>
internal sealed class Settlement
{
    private readonly List<(NetLine Line, PartyShare Share)> _shares = [];
    private readonly List<AgreementResult> _results = [];

    private Settlement(Period period, PeriodStatus status, SettlementInput input)
    {
        Period = period;
        Status = status;
        Input = input;
    }

    public Period Period { get; }

    public PeriodStatus Status { get; }

    /// <summary>What it is computed from.</summary>
    public SettlementInput Input { get; }

    /// <summary>The period's revenue with its deductions: in the groups' order, then what is about no revenue of the period.</summary>
    public IReadOnlyList<NetLine> Lines => Input.Lines;

    /// <summary>What agreements with documents came to, those of older versions first.</summary>
    public IReadOnlyList<AgreementResult> Results => _results;

    /// <summary>For each party and currency with anything earned or carried, in ordinal order of both.</summary>
    public ImmutableArray<PartyTotal> Totals { get; private set; }

    /// <summary>Each party's share of each line that is shared by parts of a million.</summary>
    public IReadOnlyList<(NetLine Line, PartyShare Share)> Shares => _shares;

    /// <summary>Reads a period from one snapshot and computes it.</summary>
    public static Settlement Of(Session session, Period period)
    {
        return Of(period, PeriodRows.Last(session).StatusOf(period), SettlementInput.Read(session, period), PeriodRows.CarriesBefore(session, period));
    }

    /// <summary>Computes a period: a pure function.</summary>
    public static Settlement Of(
        Period period, PeriodStatus status, SettlementInput input, IReadOnlyDictionary<(string PartyId, Currency Currency), Amount> carries)
    {
        var settlement = new Settlement(period, status, input);
        foreach (var line in input.Lines)
        {
            var agreement = input.Agreements[line.Line.Group.AgreementVersion];
            if (!agreement.IsSplit)
                continue;
            foreach (var share in RevenueShare.Compute(line.Line with { Gross = line.Distributable }, agreement, line.DeveloperId))
                settlement._shares.Add((line, share));
        }
        settlement.Evaluate();
        settlement.Totals = Total(
            settlement._shares.Select(pair => pair.Share).Concat(settlement._results.SelectMany(PartShares)), carries);
        return settlement;
    }

    /// <summary>What everyone has of an agreement's result, the collector's rest included.</summary>
    public static IEnumerable<PartyShare> PartShares(AgreementResult result) => result.Shares.SelectMany(share => share.Parts)
        .Select(part => new PartyShare(part.PartyId, 0, part.Amount)).Append(new(result.CollectorId, 0, result.Rest));

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
    public Statement StatementOf(Party party, BillingDetails? billing, LedgerZone zone) => new(
        Period,
        Status == PeriodStatus.Closed ? StatementStatus.Final : StatementStatus.Estimate,
        party.Id,
        party.Name,
        party.Role,
        [
            .. _shares.Where(pair => pair.Share.PartyId == party.Id)
                .Select(pair => StatementLine.Of(pair.Line, pair.Share.PartsPerMillion, pair.Share.Amount)),
            .. Lines.Where(line => IsOpenTo(line, party.Id)).Select(line => StatementLine.Of(line, null, null)),
        ],
        [.. Totals.Where(total => total.PartyId == party.Id)])
    {
        Zone = zone == LedgerZone.Utc ? null : zone.Id,
        LegalName = billing?.LegalName,
        TaxId = billing?.TaxId,
        Address = billing is { Address.Length: > 0 } ? billing.Address : null,
        Country = billing is { Country.Length: > 0 } ? billing.Country : null,
        Shares = [.. _results.SelectMany(result => SharesOf(result, party.Id))],
    };

    /// <summary>
    /// The lines that a party's statement shows: those it has a part of, and those in the scope of a document's share of its own.
    /// </summary>
    public IReadOnlyList<NetLine> LinesOpenTo(string partyId)
    {
        var own = _shares.Where(pair => pair.Share.PartyId == partyId).Select(pair => pair.Line).ToHashSet(ReferenceEqualityComparer.Instance);
        return [.. Lines.Where(line => own.Contains(line) || IsOpenTo(line, partyId))];
    }

    /// <summary>Evaluates each document that is in force in the period or has late receipts in it, older versions first.</summary>
    private void Evaluate()
    {
        var byVersion = Lines.Where(line => !Input.Agreements[line.Line.Group.AgreementVersion].IsSplit)
            .ToLookup(line => (line.Line.Group.AgreementVersion, line.Currency));
        var wanted = byVersion.Select(group => group.Key).ToHashSet();
        foreach (var version in Input.InForce)
        {
            if (Input.Agreements[version].Document!.Terms.Currency is { } currency)
                wanted.Add((version, currency));
        }
        foreach (var (version, currency) in wanted.OrderBy(key => key.Item1).ThenBy(key => key.Item2.Code, StringComparer.Ordinal))
        {
            var result = AgreementEvaluation.Evaluate(
                version, Input.Agreements[version].Document!.Terms, Input.InForce.Contains(version), Period, currency,
                [.. byVersion[(version, currency)]], Input.History);
            Input.History.Add(result);
            _results.Add(result);
        }
    }

    /// <summary>Whether a line shared by a document is a party's to see: the collector's, or in the scope of a share of its own.</summary>
    private bool IsOpenTo(NetLine line, string partyId)
    {
        if (Input.Agreements[line.Line.Group.AgreementVersion] is not { IsSplit: false, Document.Terms: var terms })
            return false;
        return terms.CollectorId == partyId || terms.MarketplaceFee?.PayeeId == partyId || terms.Shares.Any(share =>
            share.Covers(line.Line.Group) && (share.IsEachDeveloper ? line.DeveloperId == partyId : share.PayeeIds.Contains(partyId)));
    }

    private static IEnumerable<StatementShare> SharesOf(AgreementResult result, string partyId)
    {
        foreach (var share in result.Shares)
        {
            foreach (var part in share.Parts.Where(part => part.PartyId == partyId))
            {
                var steps = part.Detail is null ? share.Steps : share.Steps.Add(new(StepKind.Part, part.Detail, part.Amount, part.Amount));
                yield return new(result.Name, result.Agreement, share.Key.Share, steps, part.Amount);
            }
        }
        if (result.CollectorId == partyId)
            yield return new(result.Name, result.Agreement, null, result.CollectorSteps, result.Rest);
    }

    private static PartyTotal Total(string partyId, Amount carryIn, Amount earned)
    {
        var due = carryIn + earned;
        var payable = due.Sign > 0 ? due.FloorToMinorUnit() : Amount.Zero(due.Currency);
        return new(partyId, carryIn, earned, payable, due - payable);
    }
}
