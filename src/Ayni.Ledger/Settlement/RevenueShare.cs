namespace Ayni.Ledger;

/// <summary>What one party earns of one line of revenue.</summary>
/// <param name="PartyId">The party.</param>
/// <param name="PartsPerMillion">All its shares together.</param>
/// <param name="Amount">What they come to.</param>
public sealed record PartyShare(string PartyId, int PartsPerMillion, Amount Amount);

/// <summary>The split of revenue by an agreement: a pure function of its arguments.</summary>
public static class RevenueShare
{
    /// <summary>
    /// Splits a line's gross among the parties of its agreement. A developer's share goes to the developer of the app, and to the host
    /// where there is no app. Several shares of one party count as one. The parts, in ordinal order of the party ids, add up to the gross.
    /// </summary>
    /// <param name="line">The revenue.</param>
    /// <param name="agreement">The agreement its receipts name.</param>
    /// <param name="developerId">The developer of the line's app; null if it has no app.</param>
    public static IReadOnlyList<PartyShare> Compute(RevenueLine line, Agreement agreement, string? developerId)
    {
        var parts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var share in agreement.Shares)
        {
            var partyId = share.PartyId ?? developerId ?? agreement.WithoutAppPartyId
                ?? throw new ArgumentException($"Agreement {agreement.Version} has a developer's share and no host.", nameof(agreement));
            parts[partyId] = parts.GetValueOrDefault(partyId) + share.PartsPerMillion;
        }
        var weights = parts.Select(part => new Weight(part.Key, part.Value)).ToArray();
        var amounts = line.Gross.Split(weights);
        return [.. weights.Select((weight, i) => new PartyShare(weight.PartyId, (int)weight.Parts, amounts[i]))];
    }
}
