namespace Ayni.Ledger;

/// <summary>Lists of shares as documents, and who has a role.</summary>
internal static class AgreementList
{
    /// <summary>
    /// The document that splits each charge by shares. What collects is the host that it names, or the only one there is, or else who is
    /// named first; it has the developer's part of what came from no app, and only a host may.
    /// </summary>
    public static AgreementTerms TermsOf(
        IReadOnlyList<Party> parties, string? model, IReadOnlyList<Share> shares, DateTimeOffset? effectiveFrom)
    {
        if (model is not null)
            Text.Demand(model, "model's name");
        DemandWhole(shares);
        var resolved = shares.Select(share => Resolve(share, parties)).ToArray();
        var hosts = resolved.Where(share => share.Role == Role.Host).Select(share => share.PartyId).Distinct().ToArray();
        if (hosts is not [{ } collector])
        {
            collector = resolved.Any(share => share.PartyId is null) || parties.Count(IsHost) == 1
                ? OnlyParty(Role.Host, parties)
                : resolved[0].PartyId!;
        }
        return new()
        {
            Name = model is null ? "shares" : $"shares of {model}",
            Model = model,
            CollectorId = collector,
            At = effectiveFrom,
            Shares = [],
            Split = [.. resolved],
        };

        static bool IsHost(Party party) => party is { Role: Role.Host, Revoked: null };
    }

    /// <summary>The one party in force that has a role.</summary>
    public static string OnlyParty(Role role, IReadOnlyList<Party> parties)
    {
        var candidates = parties.Where(party => party.Role == role && party.Revoked is null).ToArray();
        return candidates switch
        {
            [var only] => only.Id,
            [] => throw new LedgerRefusedException(Refusal.NoPartyInRole, $"No party is a {role.Name()}; create one first."),
            _ => throw new LedgerRefusedException(
                Refusal.SeveralPartiesInRole,
                $"{candidates.Length} parties are a {role.Name()}; name one of {string.Join(", ", candidates.Select(party => party.Id))}."),
        };
    }

    private static void DemandWhole(IReadOnlyList<Share> shares)
    {
        long total = 0;
        foreach (var share in shares)
        {
            if (share.PartsPerMillion is < 1 or > Share.Whole)
                throw new LedgerRefusedException(
                    Refusal.InvalidShares,
                    $"A share of {share.PartsPerMillion} parts lies outside 1 to {Share.Whole}; leave out who earns nothing.");
            if (share.Role is null && share.PartyId is null)
                throw new LedgerRefusedException(Refusal.InvalidShares, "A share names a role or a party.");
            total += share.PartsPerMillion;
        }
        if (total != Share.Whole)
            throw new LedgerRefusedException(
                Refusal.InvalidShares, $"The shares add up to {total} parts; they must add up to {Share.Whole} (a percent is 10,000).");
    }

    private static Share Resolve(Share share, IReadOnlyList<Party> parties) =>
        share.PartyId is { } partyId ? share with { Role = parties.FirstOrDefault(party => party.Id == partyId)?.Role }
        : share.Role == Role.Developer ? share
        : share with { PartyId = OnlyParty(share.Role!.Value, parties) };
}
