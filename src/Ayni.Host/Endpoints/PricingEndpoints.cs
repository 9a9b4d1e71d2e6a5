using System.Text.Json.Nodes;
using Ayni.Ledger;

namespace Ayni.Host;

/// <summary>
/// <c>/api/price-plans</c>, <c>/api/adjustments</c>, <c>/api/subscriptions</c>, <c>/api/credits</c>, <c>/api/rates</c> and
/// <c>/api/exchanges</c>: what a month costs beside flat rates.
/// </summary>
internal static class PricingEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Post(
            "setPricePlan", "/api/price-plans",
            "Set what a plan's models cost, by its document in YAML or JSON as docs/ledger.md states it; an error names line and column.",
            KeyRole.Operator)
            .Takes(new JsonObject { ["type"] = "object", ["description"] = "A price plan, as docs/ledger.md states it." })
            .Answers(LedgerJson.Default.IReadOnlyListPrice, SetPlanAsync);
        api.Get(
            "explainCharge", "/api/receipts/{id}/why",
            "Why a request was charged what it was, line by line; a customer's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Customer])
            .Answers(LedgerJson.Default.ChargeExplanation, call =>
            {
                var receipt = call.Books.FindReceipt(RequestId.FromAnswerId(call.Path("id"))) ?? throw ApiException.UnknownReceipt();
                call.DemandOwn(receipt.CustomerId, ApiException.UnknownReceipt);
                return call.Books.ExplainCharge(receipt.Id) ?? throw ApiException.UnknownReceipt();
            });
        api.Get(
            "listAdjustments", "/api/adjustments/{period}",
            "What a month comes to beside its requests' charges; an estimate until it is closed.", OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.Adjustment, call =>
            {
                var period = call.PathPeriod();
                return call.Read((after, limit) => call.Books.ListAdjustments(period, after, limit), adjustment => adjustment.Key);
            });
        MapSubscriptions(api);
        MapCredits(api);
        MapRates(api);
    }

    private static void MapSubscriptions(OperationCatalog api)
    {
        api.Get("listSubscriptions", "/api/subscriptions", "Every subscription to a named price plan, oldest first.", OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.Subscription, call => call.Read(call.Books.ListSubscriptions, subscription => subscription.Id));
        api.Post("startSubscription", "/api/subscriptions", "Subscribe a customer to a named price plan for whole months.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewSubscription, LedgerJson.Default.Subscription, (call, body) => call.Books.StartSubscriptionAsync(
                body.CustomerId, body.Plan, BodyValues.Period("first", body.First), call.Ended));
        api.Post(
            "stopSubscription", "/api/subscriptions/{id}/stop", "End a subscription after a month, this one unless given. A month that has begun is due.",
            KeyRole.Operator)
            .Answers(RequestJson.Default.SubscriptionEnd, LedgerJson.Default.Subscription, (call, body) => call.Books.StopSubscriptionAsync(
                call.Path("id"), BodyValues.Period("last", body.Last), call.Ended));
    }

    private static void MapCredits(OperationCatalog api)
    {
        api.Get("listCredits", "/api/credits", "Every credit paid in advance, with what closed months left of it.", OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.Credit, call => call.Read(call.Books.ListCredits, credit => credit.Id));
        api.Post("sellCredit", "/api/credits", "Sell a customer a credit: owed at once, earned when charges use it or when it expires.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewCredit, LedgerJson.Default.Credit, (call, body) => call.Books.BuyCreditAsync(
                body.CustomerId, BodyValues.Amount("amount", body.Amount, BodyValues.Currency("currency", body.Currency)), body.Model,
                BodyValues.Instant("expires", body.Expires, call.Books.Zone), body.Priority, body.Reference, call.Ended));
        api.Get(
            "listCreditUses", "/api/credit-uses/{period}", "What credits pay of a month's charges; an estimate until it is closed.",
            OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.CreditUse, call =>
            {
                var period = call.PathPeriod();
                return call.Read((after, limit) => call.Books.ListCreditUses(period, after, limit), use => use.CreditId);
            });
        api.Post(
            "returnCredit", "/api/credits/{id}/return", "Give back what is unused of a credit: by a credit note for the invoice it was sold on, or in the month it was sold in while that is open.",
            KeyRole.Finance)
            .Answers(RequestJson.Default.CreditReturn, LedgerJson.Default.ReturnedCredit, (call, body) =>
                call.Books.ReturnCreditAsync(call.Path("id"), body.Reason, body.Reference, call.Ended));
    }

    private static void MapRates(OperationCatalog api)
    {
        api.Get("listRates", "/api/rates", "Every version of every exchange rate.", OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.ExchangeRate, call => call.Read(call.Books.ListRates, rate => rate.Version));
        api.Post("setRate", "/api/rates", "Set what one unit of a price's currency is in a customer's.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewRate, LedgerJson.Default.ExchangeRate, (call, body) => call.Books.SetRateAsync(
                BodyValues.Currency("from", body.From), BodyValues.Amount("per_unit", body.PerUnit, BodyValues.Currency("to", body.To)),
                body.Source, BodyValues.Instant("effective_from", body.EffectiveFrom, call.Books.Zone), call.Ended));
        api.Get(
            "listConversions", "/api/conversions/{period}", "What a month converts into customers' currencies; an estimate until it is closed.",
            OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.Conversion, call =>
            {
                var period = call.PathPeriod();
                return call.Read(
                    (after, limit) => call.Books.ListConversions(period, after, limit), conversion => $"{conversion.CustomerId}/{conversion.Owed.Currency}");
            });
        api.Post(
            "recordExchange", "/api/exchanges",
            "Record that a bank exchanged money that customers paid; the difference to what it had been converted at is gain or loss. Recorded again "
            + "it changes nothing.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewExchange, LedgerJson.Default.BankExchange, (call, body) => call.Books.RecordExchangeAsync(
                body.Evidence, BodyValues.Amount("sold", body.Sold, BodyValues.Currency("sold_currency", body.SoldCurrency)),
                BodyValues.Amount("bought", body.Bought, BodyValues.Currency("bought_currency", body.BoughtCurrency)), call.Ended));
    }

    private static async Task<IReadOnlyList<Price>> SetPlanAsync(ApiCall call)
    {
        var (plan, from) = PricePlan.Parse("plan", await call.ReadTextAsync().ConfigureAwait(false), call.Books.Zone);
        return await call.Books.SetPriceAsync(plan, from, call.Ended).ConfigureAwait(false);
    }
}
