using System.Globalization;
using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/api/prices</c> and <c>/api/agreements</c>: what things cost, and who earns what of it.</summary>
internal static class TermEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Get(
            "listPrices", "/api/prices", "Every version of every price, by model and version.",
            [.. OperationCatalog.Readers, KeyRole.Party, KeyRole.Customer])
            .AnswersPage(LedgerJson.Default.Price, call => call.Cut(call.Books.ListPrices(), price => Number(price.Version)));
        api.Post("setPrice", "/api/prices", "Set a model's price, from an instant on. Requests admitted before keep theirs.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewPrice, LedgerJson.Default.Price, (call, body) =>
            {
                var currency = BodyValues.Currency("currency", body.Currency);
                return call.Books.SetPriceAsync(
                    body.Model, currency, BodyValues.Amount("input_per_million", body.InputPerMillion, currency),
                    BodyValues.Amount("output_per_million", body.OutputPerMillion, currency),
                    BodyValues.Instant("effective_from", body.EffectiveFrom),
                    BodyValues.AmountOrNull("cached_per_million", body.CachedPerMillion, currency), call.Ended);
            });

        api.Get(
            "listAgreements", "/api/agreements", "Every version of every agreement; a party's key sees those it may earn by.",
            [.. OperationCatalog.Readers, KeyRole.Party])
            .AnswersPage(LedgerJson.Default.Agreement, call => call.Cut(
                call.Books.ListAgreements().Where(agreement => IsSeenBy(call, agreement)), agreement => Number(agreement.Version)));
        api.Post("setAgreement", "/api/agreements", "Agree how a model's revenue is shared, from an instant on.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewAgreement, LedgerJson.Default.Agreement, (call, body) => call.Books.SetAgreementAsync(
                body.Model, [.. body.Shares.Select(Share)], BodyValues.Instant("effective_from", body.EffectiveFrom), call.Ended));
    }

    /// <summary>A party sees the agreements that name it, and a developer those with a share for whoever's app asked.</summary>
    private static bool IsSeenBy(ApiCall call, Agreement agreement)
    {
        if (call.Key.Role != KeyRole.Party)
            return true;
        var own = call.Key.PartyId;
        return agreement.WithoutAppPartyId == own || agreement.Shares.Any(share => share.PartyId == own)
            || (agreement.Shares.Any(share => share.PartyId is null)
                && call.Books.ListParties().First(party => party.Id == own).Role == Role.Developer);
    }

    private static Share Share(NewShare share, int index) =>
        new(share.Role is { } role ? BodyValues.Role($"shares[{index.ToString(CultureInfo.InvariantCulture)}].role", role) : null,
            share.PartyId, share.PartsPerMillion);

    private static string Number(long version) => version.ToString(CultureInfo.InvariantCulture);
}
