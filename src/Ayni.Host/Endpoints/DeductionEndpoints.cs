using System.Text;
using Ayni.Ledger;

namespace Ayni.Host;

/// <summary>
/// <c>/api/deductions</c> and <c>/api/collections</c>: what lessens the shares of a month, with its evidence, and what customers paid to
/// others.
/// </summary>
internal static class DeductionEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Get(
            "listDeductions", "/api/deductions/{period}", "The deductions that count in a month, in the order in which they were recorded.",
            OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.Deduction, call =>
            {
                var (deductions, next) = call.Books.ListDeductions(call.PathPeriod(), call.AfterNumber, call.Limit);
                return new(deductions, next?.ToString(System.Globalization.CultureInfo.InvariantCulture));
            });
        api.Post(
            "recordDeduction", "/api/deductions",
            "Record what lessens the shares of a month, with its evidence. It moves no money. Recorded again it changes nothing.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewDeduction, LedgerJson.Default.Deduction, (call, body) => call.Books.RecordDeductionAsync(
                BodyValues.DeductionType("type", body.Type), body.Evidence, BodyValues.Period("period", body.Period)!.Value, body.Money, body.Model,
                body.AppId, call.Ended));
        api.Post(
            "getDeductionToSign", "/api/customers/{id}/deductions/to-sign",
            "A deduction about a customer as the customer signs it (docs/proof.md); records nothing.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewDeduction, ApiJson.Default.DocumentToSign, (call, body) => Task.FromResult(new DocumentToSign(
                call.Books.DeductionToSign(
                    call.Path("id"), BodyValues.DeductionType("type", body.Type), body.Evidence, BodyValues.Period("period", body.Period)!.Value,
                    body.Money, body.Model, body.AppId))));
        api.Post(
            "recordSignedDeduction", "/api/deductions/signed",
            "Record a deduction that its customer has signed, with the signature. Recorded again it changes nothing.", KeyRole.Finance)
            .Answers(RequestJson.Default.SignedDocument, LedgerJson.Default.Deduction, (call, body) =>
                call.Books.RecordSignedDeductionAsync(Encoding.UTF8.GetBytes(body.Note), call.Ended));
        api.Get(
            "listCollections", "/api/collections/{period}",
            "What counts as collected in a month: what was recorded, then what was found to be paid of invoices and by credits; an estimate until "
            + "it is closed.", OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.CollectedRevenue, call => call.CutByPlace(call.Books.ListCollections(call.PathPeriod())));
        api.Post(
            "recordCollection", "/api/collections",
            "Record what customers paid to somebody else, such as a store, for a model's use. It moves no money. Recorded again it changes nothing.",
            KeyRole.Finance)
            .Answers(RequestJson.Default.NewCollection, LedgerJson.Default.CollectedRevenue, (call, body) => call.Books.RecordCollectionAsync(
                body.Evidence, BodyValues.Period("period", body.Period)!.Value, body.Model,
                BodyValues.Amount("amount", body.Amount, BodyValues.Currency("currency", body.Currency)), body.AppId, call.Ended));
    }
}
