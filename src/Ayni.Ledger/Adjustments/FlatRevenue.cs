using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// Divides flat revenue among models, apps, adapters, agreements and hosts in proportion to what their use weighs by its price plan: what
/// it is worth by the list, or was charged. By largest remainder. So it reaches everyone whose work was used, and nobody can move it out of
/// another's base; use that weighs nothing bears nothing.
/// </summary>
internal sealed class FlatRevenue(Currency currency, RevenueFacts facts)
{
    private readonly SortedDictionary<AdjustmentShare, Amount> _values = new(Comparer<AdjustmentShare>.Create(Compare));

    public AdjustmentShare ShareOf(Receipt receipt) => new(
        receipt.Model, receipt.AppId, receipt.Adapter?.Name, facts.AgreementOf(receipt), facts.HostOf(receipt.MeterId, receipt.AdmittedAt));

    /// <summary>Adds what a receipt weighs by its plan.</summary>
    public void Add(Receipt receipt, PricePlan plan)
    {
        var share = ShareOf(receipt);
        _values[share] = _values.GetValueOrDefault(share, Amount.Zero(currency)) + plan.Weight(receipt);
    }

    /// <summary>Divides an amount, whose parts are in order of model, app, adapter, agreement and host.</summary>
    /// <param name="amount">The amount, positive or negative.</param>
    /// <param name="withoutUse">What revenue it is if nothing of any worth was used.</param>
    public ImmutableArray<AdjustmentPart> Divide(Amount amount, Func<AdjustmentShare> withoutUse)
    {
        var valued = _values.Where(value => value.Value.Sign > 0).ToArray();
        if (valued.Length == 0)
            return [new(withoutUse(), amount)];
        var parts = amount.SplitInProportion([.. valued.Select(value => value.Value)]);
        return [.. valued.Select((value, i) => new AdjustmentPart(value.Key, parts[i])).Where(part => part.Amount.Sign != 0)];
    }

    public static int Compare(AdjustmentShare left, AdjustmentShare right)
    {
        var order = string.CompareOrdinal(left.Model, right.Model);
        if (order == 0)
            order = string.CompareOrdinal(left.AppId, right.AppId);
        if (order == 0)
            order = string.CompareOrdinal(left.Adapter, right.Adapter);
        if (order == 0)
            order = left.AgreementVersion.CompareTo(right.AgreementVersion);
        return order != 0 ? order : string.CompareOrdinal(left.HostId, right.HostId);
    }
}
