using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ayni.Ledger;

/// <summary>
/// Runs a period's settlement again from what its receipts say, the facts, and the agreements in force: nothing of the result is taken from
/// the host. Pure.
/// </summary>
internal sealed class SettlementVerifier(PeriodRecord record, ImmutableArray<IReadOnlyList<byte[]>> lists, ProofChecks checks)
{
    /// <summary>Facts beside the receipts.</summary>
    public PeriodFacts Facts { get; } = PeriodFacts.Read(Read(lists, PeriodListName.Facts, ProofItems.Default.FactItem));

    /// <summary>The agreements that take effect before the period ends.</summary>
    public IReadOnlyList<AgreementItem> Agreements { get; } = Read(lists, PeriodListName.Agreements, ProofItems.Default.AgreementItem);

    /// <summary>What lessens revenue.</summary>
    public IReadOnlyList<Deduction> Deductions { get; } = Read(lists, PeriodListName.Deductions, ProofItems.Default.Deduction);

    /// <summary>What earlier closes carry for shares.</summary>
    public IReadOnlyList<CarriedItem> Carried { get; } = Read(lists, PeriodListName.Carried, ProofItems.Default.CarriedItem);

    /// <summary>Demands that shares and sums are those that receipts and agreements give. Returns the settlement.</summary>
    public Settlement Demand(BundleLeaves leaves)
    {
        checks.Demand(
            ProofCheck.Totals, record.End == Facts.Zone.StartOf(record.Period.Next),
            $"{record.Period} ends at another instant in {Facts.Zone} than was signed.");
        var lines = Read(PeriodListName.Gross, ProofItems.Default.NetLine);
        var totals = Read(PeriodListName.Totals, ProofItems.Default.PartyTotal);
        ProofChecks.All.Demand(
            ProofCheck.Format,
            AreDistinct(Agreements, item => item.Version) && AreDistinct(lines, line => line.Line.Group)
            && AreDistinct(totals, total => (total.PartyId, total.Currency)),
            "An item is in a list twice.");
        var agreements = Agreements.ToDictionary(item => item.Version, item => item.ToAgreement());
        checks.Demand(
            ProofCheck.Split, agreements.Values.All(agreement => agreement.EffectiveFrom < record.End),
            "An agreement takes effect after the month.");
        DemandSums(lines, leaves);
        var net = NetLine.Allocate(
            record.Period, RevenueOf(lines, leaves), Deductions, Read(PeriodListName.Collections, ProofItems.Default.CollectedRevenue),
            group => group.AppId is { } app && !group.IsOwnUse ? Facts.DeveloperOf(app) : null,
            model => SettlementInput.AgreementAt(agreements.Values, model, record.Period, Facts.Zone));
        checks.Demand(
            ProofCheck.Totals, net.Select(Encode).SequenceEqual(lines.Select(Encode), StringComparer.Ordinal),
            "The receipts and facts, less deductions and collections, give other revenue than was signed.");
        checks.Demand(
            ProofCheck.Split, lines.All(line => agreements.ContainsKey(line.Line.Group.AgreementVersion)),
            "An agreement that shares revenue is missing.");
        var history = new ShareHistory();
        foreach (var item in Carried)
            history.Add(item.Key, item.Month, item.Carry);
        var inForce = SettlementInput.InForceIn(agreements.Values, record.Period, Facts.Zone);
        var settlement = Settlement.Of(
            record.Period, PeriodStatus.Closed, new(lines, Deductions, agreements, inForce, history),
            totals.ToDictionary(total => (total.PartyId, total.Currency), total => total.CarryIn));
        checks.Demand(
            ProofCheck.Split,
            Same(PeriodLists.Splits(settlement), lists[(int)PeriodListName.Splits])
            && Same(PeriodLists.Totals(settlement), lists[(int)PeriodListName.Totals]),
            "The agreements in force, run again, give other shares than were signed.");
        return settlement;
    }

    /// <summary>Demands that revenue adds up to the trees, erased receipts included.</summary>
    private void DemandSums(IReadOnlyList<NetLine> lines, BundleLeaves leaves)
    {
        foreach (var currency in record.Trees.Select(tree => tree.Currency).Concat(lines.Select(line => line.Currency)).Distinct())
        {
            var own = lines.Where(line => line.Currency == currency).Select(line => line.Line).ToList();
            // Receipts in fake money are committed to like others, and shared out to nobody.
            if (currency.IsTest)
            {
                checks.Demand(ProofCheck.Totals, own.Count == 0, $"Fake money ({currency}) is among the revenue.");
                continue;
            }
            var receipts = record.Tree(currency, SumTreeKind.Receipts)?.Sums ?? default;
            var units = receipts.Units + (record.Tree(currency, SumTreeKind.Additions)?.Sums.Units ?? 0)
                - (record.Tree(currency, SumTreeKind.Reductions)?.Sums.Units ?? 0);
            checks.Demand(
                ProofCheck.Totals,
                own.Sum(line => line.Receipts) == receipts.Leaves
                && own.Aggregate(default(TokenCounts), (sum, line) => sum + line.Counts) == receipts.Tokens
                && own.Aggregate(Amount.Zero(currency), (sum, line) => sum + line.Gross).Units == units,
                $"The revenue in {currency} is not what the receipts and adjustments come to.");
            DemandErased(currency, own, leaves);
        }
    }

    /// <summary>Demands that no line has less than its open receipts and adjustments come to, but by erased reductions.</summary>
    private void DemandErased(Currency currency, IReadOnlyList<RevenueLine> lines, BundleLeaves leaves)
    {
        var shown = lines.ToDictionary(line => line.Group);
        var missing = Amount.Zero(currency);
        var isLess = false;
        foreach (var open in leaves.Lines.Where(line => line.Group.Currency == currency))
        {
            var line = shown.GetValueOrDefault(open.Group);
            isLess |= (line?.Receipts ?? 0) < open.Receipts;
            var difference = open.Gross - (line?.Gross ?? Amount.Zero(currency));
            if (difference.Sign > 0)
                missing += difference;
        }
        var reductions = leaves.Erased.Values.Where(leaf => leaf.Currency == currency && leaf.Kind == SumTreeKind.Reductions)
            .Aggregate((Int128)0, (sum, leaf) => checked(sum + leaf.Sums.Units));
        checks.Demand(
            ProofCheck.Totals, !isLess && missing.Units <= reductions,
            $"The revenue in {currency} leaves out what open receipts and adjustments come to.");
    }

    /// <summary>The revenue of open receipts and adjustments; where some can't be opened, what the host says it is with them.</summary>
    private static IReadOnlyList<RevenueLine> RevenueOf(IReadOnlyList<NetLine> lines, BundleLeaves leaves)
    {
        if (leaves.Erased.Count == 0)
            return leaves.Lines;
        var open = leaves.Lines.Select(line => line.Group).ToHashSet();
        return RevenueLine.InOrder(
            lines.Select(line => line.Line).Where(line => line.Receipts > 0 || line.Gross.Sign != 0 || open.Contains(line.Group)));
    }

    private IReadOnlyList<T> Read<T>(PeriodListName name, JsonTypeInfo<T> type) => Read(lists, name, type);

    private static IReadOnlyList<T> Read<T>(ImmutableArray<IReadOnlyList<byte[]>> lists, PeriodListName name, JsonTypeInfo<T> type) =>
        [.. lists[(int)name].Select(item => ProofItems.Read(item, type))];

    private static bool AreDistinct<T, TKey>(IReadOnlyList<T> items, Func<T, TKey> keyOf) => items.DistinctBy(keyOf).Count() == items.Count;

    private static string Encode(NetLine line) => JsonSerializer.Serialize(line, ProofItems.Default.NetLine);

    private static bool Same(IReadOnlyList<byte[]> left, IReadOnlyList<byte[]> right) =>
        left.Count == right.Count && left.Zip(right).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));
}
