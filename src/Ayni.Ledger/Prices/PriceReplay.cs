namespace Ayni.Ledger;

/// <summary>Finds again, of receipts in posting order, by what price and at what place in its month each was charged.</summary>
internal sealed class PriceReplay(IReadOnlyList<Price> prices)
{
    private readonly Dictionary<long, Price> _prices = prices.ToDictionary(price => price.Version);
    private readonly Dictionary<(string CustomerId, string Scope, Period Period), MonthUse> _uses = [];

    /// <summary>What customers have used by now in each month, under plans that count it.</summary>
    public IReadOnlyDictionary<(string CustomerId, string Scope, Period Period), MonthUse> Uses => _uses;

    /// <summary>The price of the next receipt, and its customer's month before it.</summary>
    public (Price Price, MonthUse Before) Next(Receipt receipt)
    {
        if (!_prices.TryGetValue(receipt.PriceVersion, out var price))
            throw Rows.Damaged($"receipt {receipt.Id} by price version {receipt.PriceVersion}");
        if (!price.Plan.CountsUse)
            return (price, default);
        var key = (receipt.CustomerId, price.Scope, receipt.Period);
        var before = _uses.GetValueOrDefault(key);
        _uses[key] = before + MonthUse.Of(receipt.Counts);
        return (price, before);
    }
}
