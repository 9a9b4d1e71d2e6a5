namespace Ayni.Ledger;

/// <summary>How many parts of a whole a party has.</summary>
/// <param name="PartyId">The party; it also decides ties.</param>
/// <param name="Parts">Zero or more.</param>
public readonly record struct Weight(string PartyId, long Parts);

/// <summary>Divides an amount so that nothing is lost.</summary>
public static class AmountSplit
{
    /// <summary>
    /// Splits an amount in proportion to weights by the method of the largest remainder: each party gets its exact part rounded toward
    /// zero, and the units left over go one each to the largest remainders, equal ones in ordinal order of the party ids. The parts,
    /// returned in the weights' order, add up to the amount; who gets what does not depend on that order. Throws <see
    /// cref="ArgumentException"/> without parties, with a party named twice, a negative weight or weights that add up to nothing.
    /// </summary>
    public static IReadOnlyList<Amount> Split(this Amount amount, IReadOnlyList<Weight> weights)
    {
        var total = Total(weights);
        var sign = amount.Units < 0 ? -1 : 1;
        // Dividing first keeps every product below total², whatever the amount.
        var (perPart, rest) = Int128.DivRem(Int128.Abs(amount.Units), total);
        var units = new Int128[weights.Count];
        var remainders = new Int128[weights.Count];
        var left = rest;
        for (var i = 0; i < units.Length; i++)
        {
            var (share, remainder) = Int128.DivRem(rest * weights[i].Parts, total);
            units[i] = perPart * weights[i].Parts + share;
            remainders[i] = remainder;
            left -= share;
        }
        var byRemainder = Enumerable.Range(0, units.Length)
            .OrderByDescending(i => remainders[i])
            .ThenBy(i => weights[i].PartyId, StringComparer.Ordinal);
        foreach (var i in byRemainder.Take((int)left))
            units[i]++;
        return Array.ConvertAll(units, unit => new Amount(unit * sign, amount.Currency));
    }

    /// <summary>
    /// Splits an amount in proportion to others of its currency, which are more than nothing or count as nothing; the parts add up to the
    /// amount. Throws <see cref="ArgumentException"/> if all of them count as nothing.
    /// </summary>
    internal static IReadOnlyList<Amount> InProportionTo(this Amount amount, IReadOnlyList<Amount> others)
    {
        // Scaled down together until their sum is a number of parts that Split takes.
        var largest = others.Aggregate(Int128.Zero, (sum, other) => sum + Int128.Max(other.Units, 0));
        var scale = largest / (1L << 40) + 1;
        return amount.Split([.. others.Select((other, i) => new Weight(
            i.ToString("D9", System.Globalization.CultureInfo.InvariantCulture), (long)((Int128.Max(other.Units, 0) + scale - 1) / scale)))]);
    }

    private static long Total(IReadOnlyList<Weight> weights)
    {
        var parties = new HashSet<string>(StringComparer.Ordinal);
        long total = 0;
        foreach (var (partyId, parts) in weights)
        {
            if (parts < 0)
                throw new ArgumentException($"The weight of {partyId} is negative.", nameof(weights));
            if (!parties.Add(partyId))
                throw new ArgumentException($"{partyId} has two weights.", nameof(weights));
            total = checked(total + parts);
        }
        return total > 0 ? total : throw new ArgumentException("The weights add up to nothing.", nameof(weights));
    }
}
