namespace Ayni.Training;

/// <summary>The shares by which sources are paid: of all loss-bearing tokens, each source's times its weight.</summary>
internal static class SourceShares
{
    /// <summary>
    /// The shares, which add up to exactly 1: each is cut off after twelve places, and what is left goes in units of the last place to
    /// those that lost most by it, and among equals to the first.
    /// </summary>
    /// <param name="sources">Tokens in one pass, and the weight with six places; some have tokens.</param>
    public static string[] Of(IReadOnlyList<(long Tokens, string Weight)> sources)
    {
        UInt128[] units = [.. sources.Select(source =>
            (UInt128)source.Tokens * (UInt128)ExactDecimal.Read(source.Weight, ExactDecimal.MillionthPlaces)!.Value)];
        var all = units.Aggregate((a, b) => a + b);
        // At most 2⁵³ tokens times 2³⁰ millionths times 2⁴⁰ units of a share.
        (UInt128 Share, UInt128 Lost)[] parts = [.. units.Select(unit => UInt128.DivRem(unit * (UInt128)ExactDecimal.WholeShare, all))];
        var left = ExactDecimal.WholeShare - (long)parts.Aggregate(UInt128.Zero, (sum, part) => sum + part.Share);
        var shares = parts.Select(part => (long)part.Share).ToArray();
        foreach (var i in Enumerable.Range(0, parts.Length).OrderByDescending(i => parts[i].Lost).Take((int)left))
            shares[i]++;
        return [.. shares.Select(share => ExactDecimal.Write(share, ExactDecimal.SharePlaces))];
    }
}
