using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// Divides flat revenue among models, apps, adapters and agreements in proportion to what their use is worth by the list of its price plan, by
/// largest remainder. So it reaches everyone whose work was used, and nobody can move it out of another's base; use that is worth nothing
/// bears nothing.
/// </summary>
internal sealed class FlatRevenue(Currency currency)
{
    private readonly SortedDictionary<AdjustmentShare, Amount> _values = new(Comparer<AdjustmentShare>.Create(Compare));

    public static AdjustmentShare ShareOf(Receipt receipt) =>
        new(receipt.Model, receipt.AppId, receipt.Adapter?.Name, receipt.AgreementVersion);

    /// <summary>Adds what a receipt is worth by its plan's list.</summary>
    public void Add(Receipt receipt, PricePlan plan)
    {
        var share = ShareOf(receipt);
        _values[share] = _values.GetValueOrDefault(share, Amount.Zero(currency)) + plan.ListValue(receipt.Counts, receipt.Adapter?.Name);
    }

    /// <summary>Divides an amount, whose parts are in order of model, app, adapter and agreement.</summary>
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
        return order != 0 ? order : left.AgreementVersion.CompareTo(right.AgreementVersion);
    }
}
