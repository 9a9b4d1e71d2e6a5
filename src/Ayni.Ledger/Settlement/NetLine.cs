using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>A line of revenue with what is taken off it.</summary>
/// <param name="Line">The revenue.</param>
/// <param name="DeveloperId">Who earns a developer's share of it; null without an app, and for what an app's developer uses itself.</param>
/// <param name="Collected">What customers paid in the period for revenue of this kind, whenever it was charged.</param>
/// <param name="Deductions">Its part of the period's deductions, by <see cref="DeductionType"/>.</param>
/// <param name="Returned">The part of them that has left the revenue accounts, so that it can't be shared.</param>
public sealed record NetLine(
    RevenueLine Line, string? DeveloperId, Amount Collected, ImmutableArray<Amount> Deductions, Amount Returned)
{
    /// <summary>What there is to share.</summary>
    public Amount Distributable => Line.Gross - Returned;

    /// <summary>The currency of all amounts.</summary>
    public Currency Currency => Line.Group.Currency;

    /// <summary>
    /// Takes deductions off the lines they are about: each is divided in proportion to the gross of the period's own lines that have its
    /// currency, model and app, by largest remainder, ties in the lines' order. Where there are none, a line without revenue is added. A
    /// deduction about every model in a month without revenue is left out: there is no base that it could lessen. Collections are
    /// divided alike; those that say what revenue was paid, among lines of the same kind only.
    /// </summary>
    /// <param name="period">The period that is settled.</param>
    /// <param name="lines">Its revenue.</param>
    /// <param name="deductions">The deductions that count in it.</param>
    /// <param name="collections">The payments that count in it.</param>
    /// <param name="developerOf">The developer of a line's app, or null.</param>
    /// <param name="agreementOf">The agreement in force for a model at the end of the period; null if there is none.</param>
    /// <returns>The lines in their order, then those added.</returns>
    public static IReadOnlyList<NetLine> Allocate(
        Period period, IReadOnlyList<RevenueLine> lines, IReadOnlyList<Deduction> deductions, IReadOnlyList<CollectedRevenue> collections,
        Func<RevenueGroup, string?> developerOf, Func<string, long?> agreementOf)
    {
        var net = lines.Select(line => Open(line, developerOf)).ToList();
        foreach (var deduction in deductions)
        {
            var type = (int)deduction.Type;
            var isReturned = deduction.Entry is not null;
            Divide(deduction.Amount, deduction.Model, deduction.AppId, deduction.IsOfNoApp, null, (line, part) => line with
            {
                Deductions = line.Deductions.SetItem(type, line.Deductions[type] + part),
                Returned = isReturned ? line.Returned + part : line.Returned,
            });
        }
        foreach (var collection in collections)
        {
            Divide(
                collection.Amount, collection.Model, collection.AppId, collection.IsOfNoApp, collection.Of,
                (line, part) => line with { Collected = line.Collected + part });
        }
        return net;

        void Divide(
            Amount amount, string? model, string? appId, bool isOfNoApp, RevenueGroup? of, Func<NetLine, Amount, NetLine> take)
        {
            var matching = Enumerable.Range(0, net.Count).Where(i => Matches(net[i].Line.Group)).ToList();
            if (matching.Count == 0)
            {
                if (model is null || agreementOf(model) is not { } agreement)
                    return;
                var group = of is null
                    ? new(amount.Currency, model, appId, agreement, period)
                    : of with { AgreementVersion = agreement, ServicePeriod = period };
                net.Add(Open(new(group, 0, default, Amount.Zero(amount.Currency)), developerOf));
                matching.Add(net.Count - 1);
            }
            var parts = amount.SplitInProportion([.. matching.Select(i => net[i].Line.Gross)]);
            for (var i = 0; i < matching.Count; i++)
                net[matching[i]] = take(net[matching[i]], parts[i]);

            bool Matches(RevenueGroup group) =>
                group.Currency == amount.Currency && group.ServicePeriod == period && (model is null || group.Model == model)
                && (appId is null ? !isOfNoApp || group.AppId is null : group.AppId == appId)
                && (of is null || group with { AgreementVersion = of.AgreementVersion, ServicePeriod = of.ServicePeriod } == of);
        }
    }

    private static NetLine Open(RevenueLine line, Func<RevenueGroup, string?> developerOf)
    {
        var zero = Amount.Zero(line.Group.Currency);
        return new(line, developerOf(line.Group), zero, [.. Enumerable.Repeat(zero, Enum.GetValues<DeductionType>().Length)], zero);
    }
}
