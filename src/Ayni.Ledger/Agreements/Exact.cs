namespace Ayni.Ledger;

/// <summary>A share before it is rounded: whole units and millionths of one, 0 to 999,999.</summary>
internal readonly record struct Exact(Int128 Units, long Millionths)
{
    public static Exact operator +(Exact left, Exact right)
    {
        var millionths = left.Millionths + right.Millionths;
        return new(checked(left.Units + right.Units + millionths / Share.Whole), millionths % Share.Whole);
    }

    /// <summary>Some parts of a million of an amount that is not negative.</summary>
    public static Exact Part(Amount amount, int partsPerMillion)
    {
        // Dividing first keeps every product within 128 bits, whatever the amount.
        var (whole, rest) = Int128.DivRem(amount.Units, Share.Whole);
        var parts = (long)rest * partsPerMillion;
        return new(checked(whole * partsPerMillion + parts / Share.Whole), parts % Share.Whole);
    }

    /// <summary>
    /// Rounds shares of one whole, whose rest is the collector's, by the method of the largest remainder: each is cut off to whole units,
    /// and the units that are left over go one each to those who lost most by it, among equals by party id, then in the order given. So
    /// the shares and the rest add up to the whole.
    /// </summary>
    public static Int128[] Round(IReadOnlyList<(string PartyId, Exact Share)> shares, string collectorId)
    {
        var units = shares.Select(share => share.Share.Units).ToArray();
        var lost = shares.Sum(share => share.Share.Millionths);
        var over = (lost + Share.Whole - 1) / Share.Whole;
        var remainders = shares.Select((share, i) => (share.PartyId, share.Share.Millionths, Index: i))
            .Append((PartyId: collectorId, Millionths: over * Share.Whole - lost, Index: shares.Count));
        foreach (var (_, _, index) in remainders.OrderByDescending(item => item.Millionths)
            .ThenBy(item => item.PartyId, StringComparer.Ordinal).ThenBy(item => item.Index).Take((int)over))
        {
            if (index < units.Length)
                units[index]++;
        }
        return units;
    }
}
