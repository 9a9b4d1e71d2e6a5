using System.Collections.Immutable;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>Makes agreements. A job of the writer: it refuses, or it writes.</summary>
internal static class AgreementList
{
    /// <summary>Stores the next version, with every role but the developer's resolved to the party that has it now.</summary>
    public static Agreement Set(Transaction transaction, string? model, IReadOnlyList<Share> shares, DateTimeOffset? effectiveFrom)
    {
        if (model is not null)
            Text.Demand(model, "model's name");
        DemandWhole(shares);
        var effective = PriceList.DemandFuture(transaction, effectiveFrom);
        AgreementDocuments.DemandWholeMonth(transaction, model, effective);
        var parties = RegistryRows.Parties(transaction.Session);
        var resolved = shares.Select(share => Resolve(transaction, share, parties)).ToImmutableArray();
        var withoutApp = resolved.Any(share => share.PartyId is null) ? HostOf(resolved, parties) : null;
        var signers = PartyKeyRows.Signers(transaction.Session);
        if (resolved.Select(share => share.PartyId).Append(withoutApp).FirstOrDefault(id => id is not null && signers.Contains(id)) is { } signer)
            throw new LedgerRefusedException(
                Refusal.SignatureNeeded, $"{signer} signs its agreements: enter a document ('ayni agreement set --file') and let every party sign it.");
        var agreement = TermRows.Insert(transaction.Session, new Agreement(0, model, resolved, withoutApp, effective), null, null);
        transaction.Note(
            "set_agreement", agreement.Version.ToString(CultureInfo.InvariantCulture), null, agreement, LedgerJson.Default.Agreement);
        return agreement;
    }

    /// <summary>All of it in words, for whoever approves it.</summary>
    public static string TermsOf(string? model, IReadOnlyList<Share> shares, DateTimeOffset? effectiveFrom) => string.Create(
        CultureInfo.InvariantCulture,
        $"agreement for {model ?? "every model without one"} from {PriceList.FromOf(effectiveFrom)}: ")
        + string.Join(", ", shares.Select(share => string.Create(
            CultureInfo.InvariantCulture, $"{share.PartyId ?? share.Role?.Name()} {share.PartsPerMillion} of {Share.Whole} parts")));

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

    private static Share Resolve(Transaction transaction, Share share, IReadOnlyList<Party> parties)
    {
        if (share.PartyId is { } partyId)
            return share with { Role = Registry.DemandParty(transaction, partyId).Role };
        return share.Role == Role.Developer ? share : share with { PartyId = OnlyParty(share.Role!.Value, parties) };
    }

    /// <summary>The host an agreement names, or else the only one there is.</summary>
    private static string HostOf(ImmutableArray<Share> shares, IReadOnlyList<Party> parties) =>
        shares.Where(share => share.Role == Role.Host).Select(share => share.PartyId).Distinct().ToArray() is [{ } host]
            ? host
            : OnlyParty(Role.Host, parties);

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
}
