using System.Numerics;

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
    /// Splits an amount in proportion to others by the method of the largest remainder, equal remainders in the order given. Amounts that
    /// are not positive weigh nothing; where none is positive, the first gets all. The parts add up to the amount.
    /// </summary>
    internal static IReadOnlyList<Amount> SplitInProportion(this Amount amount, IReadOnlyList<Amount> weights)
    {
        // Money times money takes up to 256 bits.
        var parts = weights.Select(weight => weight.Sign > 0 ? (BigInteger)weight.Units : BigInteger.Zero).ToArray();
        var total = parts.Aggregate(BigInteger.Zero, (sum, part) => sum + part);
        var units = new Int128[parts.Length];
        if (total.IsZero)
        {
            units[0] = amount.Units;
            return Array.ConvertAll(units, unit => new Amount(unit, amount.Currency));
        }
        var whole = BigInteger.Abs((BigInteger)amount.Units);
        var remainders = new BigInteger[parts.Length];
        var left = whole;
        for (var i = 0; i < parts.Length; i++)
        {
            var share = BigInteger.DivRem(whole * parts[i], total, out remainders[i]);
            units[i] = (Int128)share;
            left -= share;
        }
        foreach (var i in Enumerable.Range(0, parts.Length).OrderByDescending(i => remainders[i]).Take((int)left))
            units[i]++;
        return Array.ConvertAll(units, unit => new Amount(amount.Sign < 0 ? -unit : unit, amount.Currency));
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
