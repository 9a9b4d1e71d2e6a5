using System.Xml.Linq;
using System.Xml.Schema;
using FsCheck;
using FsCheck.Fluent;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class PayoutTests
{
    internal static readonly Iban Spanish = Iban.Parse("ES9121000418450200051332");
    internal static readonly Iban German = Iban.Parse("DE89370400440532013000");
    internal static readonly Iban British = Iban.Parse("GB29NWBK60161331926819");

    private static readonly Currency Euro = Currency.Parse("EUR");
    private static readonly XNamespace Pain = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";

    private static DateOnly Today(TestLedger ledger) => DateOnly.FromDateTime(ledger.Clock.Now.UtcDateTime);

    [Fact]
    public async Task What_is_payable_is_ordered_once_paid_and_returned()
    {
        await using var ledger = await BilledAsync();
        var plan = ledger.Books.PlanPayouts(Euro);
        Assert.Equal(ledger.Host.Id, Assert.Single(plan.Payouts).PartyId);
        var held = Assert.Single(plan.Held);
        Assert.Equal((ledger.Licensor.Id, Eur("3.00"), "no bank details"), (held.PartyId, held.Amount, held.Reason));

        var batch = await ledger.Books.OrderPayoutsAsync(Euro, Today(ledger));
        var payout = Assert.Single(batch.Payouts);
        Assert.Equal((Eur("7.00"), German, PayoutStatus.Ordered), (payout.Amount, payout.Account.Iban, payout.Status));
        Assert.Equal(batch, ledger.Books.FindPayoutBatch(batch.Id));
        var balances = InvoiceTests.Balances(ledger);
        Assert.Equal((Eur("0"), Eur("-7.00")), (balances[Account.Payable(ledger.Host.Id)], balances[Account.BankTransit]));
        await RefusedAsync(Refusal.NothingToPay, () => ledger.Books.OrderPayoutsAsync(Euro, Today(ledger)));

        var paid = await ledger.Books.MarkPayoutPaidAsync(payout.Id, "bank-1", Today(ledger));
        Assert.Equal(paid, await ledger.Books.MarkPayoutPaidAsync(payout.Id, "bank-1", Today(ledger)));
        balances = InvoiceTests.Balances(ledger);
        Assert.Equal((Eur("-7.00"), Eur("0")), (balances[Account.Bank], balances[Account.BankTransit]));

        var returned = await ledger.Books.ReturnPayoutAsync(payout.Id, "bank-2", Today(ledger), "account closed");
        Assert.Equal(returned, await ledger.Books.ReturnPayoutAsync(payout.Id, "bank-2", Today(ledger), "account closed"));
        await RefusedAsync(Refusal.NotOpen, () => ledger.Books.MarkPayoutPaidAsync(payout.Id, "bank-3", Today(ledger)));
        balances = InvoiceTests.Balances(ledger);
        Assert.Equal((Eur("-7.00"), Eur("0")), (balances[Account.Payable(ledger.Host.Id)], balances[Account.Bank]));

        var again = Assert.Single((await ledger.Books.OrderPayoutsAsync(Euro, Today(ledger))).Payouts);
        Assert.NotEqual(payout.Id, again.Id);
        Assert.Equal(payout.Documents.ToArray(), again.Documents.ToArray());
        Assert.Equal(
            [(payout.Id, PayoutStatus.Returned), (again.Id, PayoutStatus.Ordered)],
            ledger.Books.ListPayouts(ledger.Host.Id).Select(one => (one.Id, one.Status)));
        var all = ledger.Books.ListPayouts();
        Assert.Equal(all, all.Prepend(null).SkipLast(1).SelectMany(before => ledger.Books.ListPayouts(null, before?.Id ?? "", 1)));
        Assert.Empty(ledger.Books.ListPayouts(null, all[^1].Id, 1));
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task Eight_who_order_at_once_order_once()
    {
        await using var ledger = await BilledAsync();
        var orders = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            try
            {
                return await ledger.Books.OrderPayoutsAsync(Euro, Today(ledger));
            }
            catch (LedgerRefusedException refused) when (refused.Refusal == Refusal.NothingToPay)
            {
                return null;
            }
        }));
        Assert.Single(orders, order => order is not null);
        Assert.Single(ledger.Books.ListPayouts());
    }

    [Fact]
    public async Task The_database_itself_refuses_to_pay_a_document_twice()
    {
        await using var ledger = await BilledAsync();
        var payout = Assert.Single((await ledger.Books.OrderPayoutsAsync(Euro, Today(ledger))).Payouts);
        ledger.Sql(
            "INSERT INTO payouts (id, batch, party, party_bank, currency, amount, entry) "
            + $"SELECT 'pyo-other', batch, party, party_bank, currency, amount, entry FROM payouts WHERE id = '{payout.Id}'");
        Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql(
            $"INSERT INTO payout_items (payout, invoice, attempt) VALUES ('pyo-other', '{payout.Documents[0]}', 0)"));
        Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql("UPDATE payouts SET amount = '1.000000000000'"));
        Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql("DELETE FROM payout_items"));
    }

    [Fact]
    public async Task An_order_that_no_bank_can_take_is_refused()
    {
        await using var ledger = await ReadyAsync();
        await RefusedAsync(Refusal.UnknownEntity, () => ledger.Books.OrderPayoutsAsync(Euro, Today(ledger)));
        await InvoiceTests.EntityAsync(ledger);
        await RefusedAsync(Refusal.NoBankDetails, () => ledger.Books.OrderPayoutsAsync(Euro, Today(ledger)));
        await ledger.Books.SetBankDetailsAsync("AYNI", "Ayni GmbH", German);
        await RefusedAsync(Refusal.InvalidPayment, () => ledger.Books.OrderPayoutsAsync(Euro, Today(ledger).AddDays(-1)));
        await RefusedAsync(Refusal.InvalidPayment, () => ledger.Books.OrderPayoutsAsync(Euro, Today(ledger).AddDays(366)));
        await RefusedAsync(Refusal.NothingToPay, () => ledger.Books.OrderPayoutsAsync(Euro, Today(ledger)));
        await RefusedAsync(Refusal.UnknownPayment, () => ledger.Books.MarkPayoutPaidAsync("pyo-0", "x", Today(ledger)));
        await RefusedAsync(Refusal.UnknownParty, () => ledger.Books.SetBankDetailsAsync("pty_0", "X", German));
        await RefusedAsync(Refusal.InvalidText, () => ledger.Books.SetBankDetailsAsync("AYNI", new('x', 71), German));
    }

    [Fact]
    public async Task The_message_keeps_to_its_schema_and_says_what_the_batch_says()
    {
        await using var ledger = await BilledAsync();
        await ledger.Books.SetBankDetailsAsync(ledger.Licensor.Id, "Model & Söhne <Ltd>", British, Bic.Parse("NWBKGB2L"));
        var batch = await ledger.Books.OrderPayoutsAsync(Euro, Today(ledger).AddDays(2));
        var message = batch.ToPain001();
        Assert.Equal(message, ledger.Books.FindPayoutBatch(batch.Id)!.ToPain001());
        Assert.Empty(PaymentInitiation.Check(message));
        var root = XDocument.Parse(message).Root!;
        Assert.Equal(Pain + "Document", root.Name);
        Assert.Equal([batch.Id, batch.Id], root.Descendants().Where(e => e.Name.LocalName is "MsgId" or "PmtInfId").Select(e => e.Value));
        Assert.All(root.Descendants(Pain + "NbOfTxs"), count => Assert.Equal("2", count.Value));
        Assert.All(root.Descendants(Pain + "CtrlSum"), sum => Assert.Equal("10.00", sum.Value));
        Assert.Equal(["SEPA"], root.Descendants(Pain + "Cd").Select(code => code.Value));
        Assert.Equal(batch.ExecutionDate.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), root.Descendants(Pain + "Dt").Single().Value);
        var transfers = root.Descendants(Pain + "CdtTrfTxInf").ToArray();
        Assert.Equal(batch.Payouts.Select(payout => payout.Id), transfers.Select(t => t.Descendants(Pain + "EndToEndId").Single().Value));
        Assert.Equal(
            batch.Payouts.Select(payout => payout.Account.Iban.Text), transfers.Select(t => t.Descendants(Pain + "IBAN").Single().Value));
        Assert.All(transfers, transfer => Assert.Equal("EUR", transfer.Descendants(Pain + "InstdAmt").Single().Attribute("Ccy")!.Value));
        Assert.Contains("Model & Söhne <Ltd>", transfers.Select(t => t.Element(Pain + "Cdtr")!.Value));
        Assert.Equal(["NWBKGB2L"], transfers.SelectMany(t => t.Descendants(Pain + "BICFI")).Select(bic => bic.Value));
        var csv = batch.ToCsv().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, csv.Length);
        Assert.Contains(csv, row => row.StartsWith($"{batch.Payouts[0].Id},{batch.Id},", StringComparison.Ordinal));
    }

    /// <summary>
    /// Holds a message against a whole schema of pain.001.001.09, such as ISO's own or the European Payments Council's, where
    /// AYNI_PAIN_SCHEMA names its file.
    /// </summary>
    [SchemaFact]
    public async Task The_message_keeps_to_a_schema_written_by_others()
    {
        await using var ledger = await BilledAsync();
        await ledger.Books.SetBankDetailsAsync(ledger.Licensor.Id, "Model & Söhne <Ltd>", British, Bic.Parse("NWBKGB2L"));
        var message = (await ledger.Books.OrderPayoutsAsync(Euro, Today(ledger))).ToPain001();
        var schemas = new XmlSchemaSet();
        schemas.Add(Pain.NamespaceName, SchemaFactAttribute.File!);
        var problems = new List<string>();
        var document = XDocument.Parse(message);
        document.Validate(schemas, (_, problem) => problems.Add(problem.Message));
        Assert.Empty(problems);
        document.Descendants(Pain + "EndToEndId").First().Value = new('x', 36);
        document.Validate(schemas, (_, problem) => problems.Add(problem.Message));
        Assert.NotEmpty(problems);
    }

    [Theory]
    [InlineData("<NbOfTxs>1</NbOfTxs>", "<NbOfTxs>one</NbOfTxs>")]
    [InlineData("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>CHK</PmtMtd>")]
    [InlineData("<IBAN>DE89", "<IBAN>D889")]
    [InlineData("Ccy=\"EUR\"", "Ccy=\"eur\"")]
    [InlineData("<InstdAmt Ccy=\"EUR\">7.00", "<InstdAmt Ccy=\"EUR\">7.000001")]
    [InlineData("<InstdAmt Ccy=\"EUR\">7.00", "<InstdAmt Ccy=\"EUR\">0")]
    [InlineData("<EndToEndId>", "<EndToEndId>a_")]
    [InlineData("<EndToEndId>", "<EndToEndId>12345678901234567890123456789")]
    [InlineData("<InitgPty>", "<Dbtr/><InitgPty>")]
    [InlineData("<ChrgBr>SLEV</ChrgBr>", "")]
    [InlineData("<Nm>Hostess</Nm>", "<Nm></Nm>")]
    [InlineData("pain.001.001.09", "pain.001.001.03")]
    public async Task The_schema_finds_what_is_wrong(string from, string to)
    {
        await using var ledger = await BilledAsync();
        var message = (await ledger.Books.OrderPayoutsAsync(Euro, Today(ledger))).ToPain001();
        Assert.Contains(from, message, StringComparison.Ordinal);
        Assert.NotEmpty(PaymentInitiation.Check(message.Replace(from, to, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_change_of_bank_details_needs_a_second_key_and_waits_for_three_days()
    {
        await using var ledger = await BilledAsync();
        var maker = ledger.Books.As(await OperatorAsync(ledger));
        var waiting = await Assert.ThrowsAsync<ApprovalNeededException>(
            () => maker.SetBankDetailsAsync(ledger.Host.Id, "Thief", Spanish));
        Assert.Equal(German, ledger.Books.FindBankDetails(ledger.Host.Id)!.Iban);
        Assert.Contains("Thief, ES91 2100", waiting.Proposal.Terms, StringComparison.Ordinal);
        // Nothing changed: to set what is set needs nobody.
        await maker.SetBankDetailsAsync(ledger.Host.Id, "Hostess", German);
        await RefusedAsync(Refusal.SameKey, () => maker.DecideProposalAsync(waiting.Proposal.Id, approve: true));
        await ledger.Books.As(await OperatorAsync(ledger)).DecideProposalAsync(waiting.Proposal.Id, approve: true);
        var changed = await maker.SetBankDetailsAsync(ledger.Host.Id, "Thief", Spanish);
        Assert.Equal(ledger.Clock.Now + BankDetails.Hold, changed.HeldUntil);
        Assert.Equal(72, BankDetails.Hold.TotalHours);

        await RefusedAsync(Refusal.NothingToPay, () => ledger.Books.OrderPayoutsAsync(Euro, Today(ledger)));
        Assert.Contains("held until", ledger.Books.PlanPayouts(Euro).Held[0].Reason + ledger.Books.PlanPayouts(Euro).Held[1].Reason, StringComparison.Ordinal);
        ledger.Clock.Now = changed.HeldUntil.AddMicroseconds(-1);
        await RefusedAsync(Refusal.NothingToPay, () => ledger.Books.OrderPayoutsAsync(Euro, Today(ledger)));
        ledger.Clock.Now = changed.HeldUntil;
        Assert.Equal(Spanish, (await ledger.Books.OrderPayoutsAsync(Euro, Today(ledger))).Payouts[0].Account.Iban);
    }

    [Fact]
    public void A_payable_is_paid_at_most_once_whatever_the_bank_says() => Prop.ForAll(
        Gen.Choose(0, 99).ArrayOf(25).ToArbitrary(),
        acts => RunAsync(acts).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(10));

    private static async Task<bool> RunAsync(int[] acts)
    {
        await using var ledger = await BilledAsync();
        await ledger.Books.SetBankDetailsAsync(ledger.Licensor.Id, "Owner", British);
        var due = Eur("10.00");
        for (var i = 0; i < acts.Length; i++)
        {
            var payouts = ledger.Books.ListPayouts();
            var id = payouts.Count == 0 ? "none" : payouts[acts[i] % payouts.Count].Id;
            try
            {
                switch (acts[i] % 4)
                {
                    case 0:
                        await ledger.Books.OrderPayoutsAsync(Euro, Today(ledger));
                        break;
                    case 1:
                        await ledger.Books.MarkPayoutPaidAsync(id, $"b{i}", Today(ledger));
                        break;
                    case 2:
                        await ledger.Books.ReturnPayoutAsync(id, $"r{i}", Today(ledger), "no");
                        break;
                    default:
                        await ledger.ReopenAsync();
                        break;
                }
            }
            catch (LedgerRefusedException)
            {
                // A refusal is an answer, too.
            }
            var all = ledger.Books.ListPayouts();
            var living = all.Where(payout => payout.Status != PayoutStatus.Returned).ToArray();
            var balances = InvoiceTests.Balances(ledger);
            var owed = -(balances[Account.Payable(ledger.Host.Id)] + balances[Account.Payable(ledger.Licensor.Id)]);
            var isOnce = living.SelectMany(payout => payout.Documents).GroupBy(document => document).All(group => group.Count() == 1)
                && all.Select(payout => payout.Id).Distinct().Count() == all.Count
                && living.Aggregate(owed, (sum, payout) => sum + payout.Amount) == due
                && -balances.GetValueOrDefault(Account.Bank, Eur("0")) == living.Where(payout => payout.Status == PayoutStatus.Paid)
                    .Aggregate(Eur("0"), (sum, payout) => sum + payout.Amount);
            if (!isOnce)
                return false;
        }
        return ledger.Books.Audit().Count == 0;
    }

    internal static async Task<string> OperatorAsync(TestLedger ledger) =>
        (await ledger.Books.IssueKeyAsync(KeyRole.Operator, "operator")).Key.Id;

    /// <summary>7.00 billed to the host, whose account is known, and 3.00 to the licensor, whose is not.</summary>
    internal static async Task<TestLedger> BilledAsync()
    {
        var ledger = await ReadyAsync();
        await InvoiceTests.EntityAsync(ledger);
        await ledger.Books.SetBankDetailsAsync("AYNI", "Ayni Hosting GmbH", German);
        await ledger.Books.SetBankDetailsAsync(ledger.Host.Id, "Hostess", German);
        await ledger.UseAsync(await ledger.KeyAsync(), 20_000_000, 0, 0); // 10.00, 30 % and, with the developer's share, 70 %
        await InvoiceTests.IssueAsync(ledger);
        return ledger;
    }

    /// <summary>A test that needs a schema of pain.001.001.09 from elsewhere.</summary>
    private sealed class SchemaFactAttribute : Xunit.FactAttribute
    {
        public SchemaFactAttribute() => Skip = File is null ? "AYNI_PAIN_SCHEMA names no schema to hold messages against." : null;

        public static string? File { get; } = Environment.GetEnvironmentVariable("AYNI_PAIN_SCHEMA");
    }
}
