using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/api/prices</c> and <c>/api/agreements</c>: what things cost, who earns what of it, and who agreed.</summary>
internal static class TermEndpoints
{
    private const string Json = "application/json", Html = "text/html";

    /// <summary>How messages call the body of a document.</summary>
    private const string Body = "body";

    public static void Map(OperationCatalog api)
    {
        api.Get(
            "listPrices", "/api/prices", "Every version of every price, by model and version.",
            [.. OperationCatalog.Readers, KeyRole.Party, KeyRole.Customer])
            .AnswersPage(LedgerJson.Default.Price, call => call.Read(call.Books.ListPrices, price => price.Version));
        api.Post("setPrice", "/api/prices", "Set a model's price, from an instant on. Requests admitted before keep theirs.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewPrice, LedgerJson.Default.Price, (call, body) =>
            {
                var currency = BodyValues.Currency("currency", body.Currency);
                return call.Books.SetPriceAsync(
                    body.Model, currency, BodyValues.Amount("input_per_million", body.InputPerMillion, currency),
                    BodyValues.Amount("output_per_million", body.OutputPerMillion, currency),
                    BodyValues.Instant("effective_from", body.EffectiveFrom, call.Books.Zone),
                    BodyValues.AmountOrNull("cached_per_million", body.CachedPerMillion, currency), call.Ended);
            });

        api.Get(
            "listAgreements", "/api/agreements", "Every version of every agreement; a party's key sees those it may earn by.",
            [.. OperationCatalog.Readers, KeyRole.Party])
            .AnswersPage(LedgerJson.Default.Agreement, call => call.Read(
                call.Books.ListAgreements, agreement => agreement.Version, agreement => IsSeenBy(call, agreement)));
        api.Post(
            "setAgreement", "/api/agreements",
            "Agree how a model's charges are split, from an instant on. It is in force when every party named in it has accepted it.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewAgreement, LedgerJson.Default.AgreementDocument, (call, body) => call.Books.SetAgreementAsync(
                body.Model, [.. body.Shares.Select(Share)], BodyValues.Instant("effective_from", body.EffectiveFrom, call.Books.Zone),
                (body.AcceptedBy, body.Evidence) switch
                {
                    (null, null) => null,
                    ({ } parties, { } evidence) => new(parties, evidence),
                    _ => throw ApiException.BadField("evidence", "goes with 'accepted_by'."),
                },
                call.Ended));
        MapDocuments(api);
    }

    private static void MapDocuments(OperationCatalog api)
    {
        api.Get(
            "listAgreementDocuments", "/api/agreements/documents", "Agreements' documents and who has accepted them; a party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Party])
            .AnswersPage(LedgerJson.Default.AgreementDocument, call => call.Read(
                call.Books.ListAgreementDocuments, document => document.Id, document => IsSeenBy(call, document.Terms)));
        api.Get(
            "describeAgreementDocument", "/api/agreements/documents/{id}/description",
            "An agreement's document in plain words, and its clauses that are worse for the smaller party than the standard terms, in JSON or HTML.",
            [.. OperationCatalog.Readers, KeyRole.Party])
            .Query("format", "json or html; JSON if not given.")
            .Query("language", $"{string.Join(", ", StatementLanguage.All.Select(language => language.Code))}; English if not given.")
            .Or(Html)
            .Handles(new(Json, LedgerJson.Default.AgreementDescription), DescribeAsync);
        api.Post(
            "enterAgreementDocument", "/api/agreements/documents",
            "Enter an agreement's document. It is the agreement's next version when the last party has accepted it.",
            KeyRole.Operator)
            .Takes(Document("An agreement, as agreement files say it (docs/ledger.md); it may name no files."))
            .Answers(LedgerJson.Default.AgreementDocument, async call => await call.Books.EnterAgreementAsync(
                Body, await call.ReadTextAsync().ConfigureAwait(false), cancellationToken: call.Ended).ConfigureAwait(false));
        api.Post(
            "simulateAgreement", "/api/agreements/simulate/{period}",
            "What a month comes to under other terms, step by step; posts nothing. A party's key sees it for the revenue of its own statements.",
            KeyRole.Operator, KeyRole.Finance, KeyRole.Party)
            .Takes(Document("An agreement, as agreement files say it (docs/ledger.md); it may name no files."))
            .Answers(LedgerJson.Default.IReadOnlyListAgreementResult, async call => call.Books.Simulate(
                call.PathPeriod(), Body, await call.ReadTextAsync().ConfigureAwait(false),
                partyId: call.Key.Role == KeyRole.Party ? call.Key.PartyId : null));
        api.Post(
            "acceptAgreementDocument", "/api/agreements/documents/{id}/accept", "Accept an agreement's document as the key's own party.",
            KeyRole.Party)
            .Answers(LedgerJson.Default.AgreementDocument, call =>
            {
                return call.Books.AcceptAgreementAsync(OwnDocument(call).Id, call.Key.PartyId, $"by key {call.Key.Id}", call.Ended);
            });
        api.Post(
            "recordAcceptance", "/api/agreements/documents/{id}/acceptances",
            "Record that a party without a key has accepted an agreement's document, and how that is known.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewAcceptance, LedgerJson.Default.AgreementDocument, (call, body) =>
                call.Books.AcceptAgreementAsync(OwnDocument(call).Id, body.Party, body.Evidence, call.Ended));
        api.Get(
            "getAgreementToSign", "/api/agreements/documents/{id}/to-sign",
            "An agreement's document as its parties sign it, with the signatures that it has (docs/proof.md).", [.. OperationCatalog.Readers, KeyRole.Party])
            .Handles(new("text/plain", null), call => call.WriteTextAsync(
                Encoding.UTF8.GetString(call.Books.AgreementToSign(OwnDocument(call).Id)), "text/plain"));
        api.Post(
            "signAgreementDocument", "/api/agreements/documents/{id}/sign",
            "Record parties' signatures under an agreement's document, which are their acceptance.", KeyRole.Operator, KeyRole.Party)
            .Answers(RequestJson.Default.SignedDocument, LedgerJson.Default.AgreementDocument, (call, body) =>
            {
                OwnDocument(call);
                return call.Books.SignAgreementAsync(Encoding.UTF8.GetBytes(body.Note), call.Ended);
            });
    }

    /// <summary>The document that the path names; to a party's key others' are not there.</summary>
    private static AgreementDocument OwnDocument(ApiCall call) =>
        Document(call, document => call.Key.HolderId is not { } own || document.Terms.PartyIds.Contains(own));

    private static AgreementDocument Document(ApiCall call, Func<AgreementDocument, bool> isSeen) =>
        call.PathNumber("id") is { } id && call.Books.FindAgreementDocument(id) is { } document && isSeen(document)
            ? document
            : throw ApiException.Unknown("document", call.Path("id"));

    private static Task DescribeAsync(ApiCall call)
    {
        var document = Document(call, document => IsSeenBy(call, document.Terms));
        var code = call.Query("language") ?? StatementLanguage.English.Code;
        var language = StatementLanguage.Find(code)
            ?? throw ApiException.BadField("language", $"must be one of {string.Join(", ", StatementLanguage.All.Select(known => known.Code))}.");
        var description = call.Books.Describe($"agreement '{document.Name}'", document.Text, language);
        switch (call.Query("format") ?? "json")
        {
            case "json":
                return call.WriteAsync(description, LedgerJson.Default.AgreementDescription);
            case "html":
                // It needs its own style and nothing else, whatever its names hold.
                call.Context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
                return call.WriteTextAsync(description.ToHtml(), Html);
            default:
                throw ApiException.BadField("format", "must be json or html.");
        }
    }

    private static JsonObject Document(string description) => new() { ["type"] = "object", ["description"] = description };

    /// <summary>A party sees the agreements that name it, and a developer those with a share for whoever's app asked.</summary>
    private static bool IsSeenBy(ApiCall call, Agreement agreement)
    {
        if (call.Key.Role != KeyRole.Party)
            return true;
        if (agreement.Document is { } document)
            return IsSeenBy(call, document.Terms);
        var own = call.Key.PartyId;
        return agreement.WithoutAppPartyId == own || agreement.Shares.Any(share => share.PartyId == own)
            || (agreement.Shares.Any(share => share.PartyId is null) && IsDeveloper(call));
    }

    private static bool IsSeenBy(ApiCall call, AgreementTerms terms) => call.Key.Role != KeyRole.Party
        || terms.PartyIds.Contains(call.Key.PartyId) || (terms.Shares.Any(share => share.IsEachDeveloper) && IsDeveloper(call));

    private static bool IsDeveloper(ApiCall call) =>
        call.Books.FindParty(call.Key.PartyId)!.Role == Role.Developer;

    private static Share Share(NewShare share, int index) =>
        new(share.Role is { } role ? BodyValues.Role($"shares[{index.ToString(CultureInfo.InvariantCulture)}].role", role) : null,
            share.PartyId, share.PartsPerMillion);
}
