using System.Collections.Immutable;
using System.Globalization;
using Ayni.Ledger;

namespace Ayni.Host;

/// <summary>
/// <c>/api/invoices</c>, <c>/api/payments</c>, <c>/api/payouts</c>, <c>/api/bank-details</c>, <c>/api/proposals</c> and <c>/api/webhooks</c>:
/// the money that moves, and who is told.
/// </summary>
internal static class MoneyEndpoints
{
    private static readonly ImmutableArray<KeyRole> Deciders = [KeyRole.Operator, KeyRole.Finance];

    public static void Map(OperationCatalog api)
    {
        MapInvoices(api);
        MapPayments(api);
        MapPayouts(api);
        MapApprovals(api);
        MapWebhooks(api);
    }

    private static void MapInvoices(OperationCatalog api)
    {
        api.Get(
            "listInvoices", "/api/invoices",
            "Invoices, credit notes and self-billing documents, oldest first; a customer's or party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Customer, KeyRole.Party])
            .Query("kind", "invoice, credit_note or self_bill; every kind if not given.")
            .Query("period", "Of this month.")
            .AnswersPage(LedgerJson.Default.Invoice, call =>
            {
                var period = call.QueryPeriod();
                ImmutableArray<InvoiceKind> kinds = call.Query("kind") switch
                {
                    null => [InvoiceKind.Invoice, InvoiceKind.CreditNote, InvoiceKind.SelfBill],
                    "invoice" => [InvoiceKind.Invoice],
                    "credit_note" => [InvoiceKind.CreditNote],
                    "self_bill" => [InvoiceKind.SelfBill],
                    _ => throw ApiException.BadField("kind", "must be invoice, credit_note or self_bill."),
                };
                IEnumerable<Invoice> all = call.Key.HolderId is { } own
                    ? call.Books.ListInvoices(own).Where(invoice => kinds.Contains(invoice.Kind) && (period is null || invoice.Period == period))
                    : kinds.SelectMany(kind => call.Books.ListInvoices(kind, period));
                return call.Cut(all, invoice => invoice.Number);
            });
        api.Get(
            "getInvoice", "/api/invoices/{number}", "An invoice by its number; a customer's or party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Customer, KeyRole.Party])
            .Answers(LedgerJson.Default.Invoice, call =>
            {
                var number = call.Path("number");
                var invoice = call.Books.FindInvoice(number) ?? throw ApiException.Unknown("invoice", number);
                call.DemandOwn(invoice.Recipient.Subject, () => ApiException.Unknown("invoice", number));
                return invoice;
            });
        api.Post(
            "issueInvoices", "/api/periods/{period}/invoices",
            "Issue a closed month's invoices, and those in the parties' names. Issuing them again changes nothing.", KeyRole.Finance)
            .Query("entity", "The legal entity that issues them; may be left out if there is one.")
            .Answers(LedgerJson.Default.IReadOnlyListInvoice, call =>
                call.Books.IssueInvoicesAsync(call.PathPeriod(), call.Query("entity"), call.Ended));
        api.Post("creditInvoice", "/api/invoices/{number}/credit", "Issue a credit note for an invoice or parts of its lines.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewCreditNote, LedgerJson.Default.Invoice, (call, body) =>
            {
                var number = call.Path("number");
                var invoice = call.Books.FindInvoice(number) ?? throw ApiException.Unknown("invoice", number);
                return body.Lines is null
                    ? call.Books.CreditInvoiceAsync(number, body.Reason, call.Ended)
                    : call.Books.CreditInvoiceAsync(
                        number, [.. body.Lines.Select(line => (line.Line - 1, BodyValues.Amount("lines.amount", line.Amount, invoice.Currency)))],
                        body.Reason, call.Ended);
            });
        api.Post("writeOffInvoice", "/api/invoices/{number}/write-off", "Give up what is open of an invoice.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewReason, LedgerJson.Default.WriteOff, (call, body) =>
                call.Books.WriteOffAsync(call.Path("number"), body.Reason, call.Ended));
        api.Get(
            "getAccount", "/api/customers/{customer}/account",
            "A customer's invoices against its payments: what is paid, open and overdue; a customer's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Customer])
            .Answers(LedgerJson.Default.CustomerAccount, call =>
            {
                var customer = call.Path("customer");
                call.DemandOwn(customer, () => ApiException.Unknown("customer", customer));
                return call.Books.AccountOf(customer);
            });
    }

    private static void MapPayments(OperationCatalog api)
    {
        api.Get("listPayments", "/api/payments", "Payments, refunds and reversals, oldest first.", OperationCatalog.Readers)
            .Query("customer", "Of this customer.")
            .AnswersPage(LedgerJson.Default.Payment, call => call.Cut(call.Books.ListPayments(call.Query("customer")), payment => payment.Id));
        api.Post(
            "recordPayment", "/api/payments",
            "Record money that a customer paid. The same bank reference recorded again gives the first payment.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewPayment, LedgerJson.Default.Payment, (call, body) => call.Books.RecordPaymentAsync(
                body.CustomerId, Money(body), body.BankReference, Day("value_date", body.ValueDate), call.Ended));
        api.Post(
            "recordRefund", "/api/refunds", "Record money given back to a customer, out of what it paid too much.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewPayment, LedgerJson.Default.Payment, (call, body) => call.Books.RecordRefundAsync(
                body.CustomerId, Money(body), body.BankReference, Day("value_date", body.ValueDate), call.Ended));
        api.Post("reversePayment", "/api/payments/{payment}/reverse", "Record that the bank took a payment back.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewBankEvent, LedgerJson.Default.Payment, (call, body) => call.Books.ReversePaymentAsync(
                call.Path("payment"), body.BankReference, Day("value_date", body.ValueDate), call.Ended));
    }

    private static void MapPayouts(OperationCatalog api)
    {
        api.Get(
            "listPayouts", "/api/payouts", "Payouts in the order they were ordered; a party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Party])
            .AnswersPage(LedgerJson.Default.Payout, call => call.Cut(call.Books.ListPayouts(call.Key.HolderId), payout => payout.Id));
        api.Get("planPayouts", "/api/payouts/plan", "What could be paid now, and what waits.", OperationCatalog.Readers)
            .Query("currency", "The currency.").Query("entity", "The legal entity that pays; may be left out if there is one.")
            .Answers(LedgerJson.Default.PayoutPlan, call => call.Books.PlanPayouts(
                BodyValues.Currency("currency", call.Query("currency") ?? ""), call.Query("entity")));
        api.Post(
            "orderPayouts", "/api/payouts",
            "Order everything that can be paid, each document once. Where the ledger asks for four eyes, this proposes exactly that batch.",
            KeyRole.Finance)
            .Answers(RequestJson.Default.NewPayouts, LedgerJson.Default.PayoutBatch, (call, body) => call.Books.OrderPayoutsAsync(
                BodyValues.Currency("currency", body.Currency), Day("execution_date", body.ExecutionDate), body.Entity, call.Ended));
        api.Get(
            "getPayoutBatch", "/api/payout-batches/{batch}", "A batch of payouts, in JSON, CSV or as the bank's pain.001.001.09 message.",
            OperationCatalog.Readers)
            .Query("format", "json, csv or pain.001; json if not given.").Or("text/csv").Or("application/xml")
            .Handles(new("application/json", LedgerJson.Default.PayoutBatch), call =>
            {
                var batch = call.Books.FindPayoutBatch(call.Path("batch")) ?? throw ApiException.Unknown("batch", call.Path("batch"));
                return call.Query("format") switch
                {
                    null or "json" => call.WriteAsync(batch, LedgerJson.Default.PayoutBatch),
                    "csv" => call.WriteTextAsync(batch.ToCsv(), "text/csv"),
                    "pain.001" => call.WriteTextAsync(batch.ToPain001(), "application/xml"),
                    _ => throw ApiException.BadField("format", "must be json, csv or pain.001."),
                };
            });
        api.Post("markPayoutPaid", "/api/payouts/{payout}/paid", "Record that the bank paid a payout.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewBankEvent, LedgerJson.Default.Payout, (call, body) => call.Books.MarkPayoutPaidAsync(
                call.Path("payout"), body.BankReference, Day("value_date", body.ValueDate), call.Ended));
        api.Post(
            "returnPayout", "/api/payouts/{payout}/returned",
            "Record that the bank returned a payout; what it paid is payable again.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewBankEvent, LedgerJson.Default.Payout, (call, body) => call.Books.ReturnPayoutAsync(
                call.Path("payout"), body.BankReference, Day("value_date", body.ValueDate), body.Reason ?? "", call.Ended));
        api.Get(
            "getBankDetails", "/api/bank-details/{subject}", "Where a party is paid, or from where an entity pays; a party's key sees its own.",
            [.. Deciders, KeyRole.Party])
            .Answers(LedgerJson.Default.BankDetails, call =>
            {
                var subject = call.Path("subject");
                call.DemandOwn(subject, () => ApiException.Unknown("party", subject));
                return call.Books.FindBankDetails(subject) ?? throw ApiException.Unknown("bank_details", subject);
            });
        api.Post(
            "setBankDetails", "/api/bank-details/{subject}",
            "Set where a party is paid. A change needs a second key, is told to the old contact, and holds payouts back for 72 hours.", Deciders)
            .Answers(RequestJson.Default.NewBankDetails, LedgerJson.Default.BankDetails, (call, body) => call.Books.SetBankDetailsAsync(
                call.Path("subject"), body.Holder, Iban.Parse(body.Iban), body.Bic is null ? null : Bic.Parse(body.Bic), call.Ended));
    }

    private static void MapApprovals(OperationCatalog api)
    {
        api.Get("listProposals", "/api/proposals", "What one key wants to do and another has to approve, oldest first.", OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.Proposal, call => call.Cut(call.Books.ListProposals(), proposal => proposal.Id));
        api.Post(
            "approveProposal", "/api/proposals/{proposal}/approve",
            "Approve a proposal of another key; asking for the same again then does it.", Deciders)
            .Answers(LedgerJson.Default.Proposal, call => call.Books.DecideProposalAsync(call.Path("proposal"), approve: true, call.Ended));
        api.Post("rejectProposal", "/api/proposals/{proposal}/reject", "Reject a proposal.", Deciders)
            .Answers(LedgerJson.Default.Proposal, call => call.Books.DecideProposalAsync(call.Path("proposal"), approve: false, call.Ended));
    }

    private static void MapWebhooks(OperationCatalog api)
    {
        api.Get("listWebhooks", "/api/webhooks", "The endpoints that are told what happens, oldest first.", OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.Webhook, call => call.Cut(call.Books.ListWebhooks(), webhook => webhook.Id));
        api.Post(
            "createWebhook", "/api/webhooks",
            "Enter an endpoint. Its secret, which signs what it is sent (Ayni-Signature), is shown now and never again.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewWebhook, LedgerJson.Default.IssuedWebhook, (call, body) =>
                call.Books.CreateWebhookAsync(body.Subject, body.Url, call.Ended));
        api.Post("revokeWebhook", "/api/webhooks/{webhook}/revoke", "Send nothing to an endpoint any more.", KeyRole.Operator)
            .Answers(LedgerJson.Default.Webhook, call => call.Books.RevokeWebhookAsync(call.Path("webhook"), call.Ended));
        api.Get("listDeliveries", "/api/webhook-deliveries", "What was sent to endpoints and what came of it, newest first.", OperationCatalog.Readers)
            .Query("limit", $"At most so many, 1 to {ApiCall.LongestPage}; {ApiCall.StandardPage} if not given.")
            .Answers(LedgerJson.Default.IReadOnlyListWebhookDelivery, call => call.Books.ListDeliveries(call.Limit));
    }

    private static Amount Money(NewPayment body) =>
        BodyValues.Amount("amount", body.Amount, BodyValues.Currency("currency", body.Currency));

    private static DateOnly Day(string field, string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day
            : throw ApiException.BadField(field, "must be a day, such as 2026-12-01.");
}
