using Ayni.Tests;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class InvoiceTests
{
    private static readonly Tax Vat = new("VAT", 210_000);

    [Fact]
    public async Task A_months_use_is_invoiced_with_tax_and_one_rounding()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        await BillAsync(ledger, key.CustomerId, Vat);
        await ledger.UseAsync(key, 1_234_567, 0, 0); // 0.6172835
        await ledger.UseAsync(key, 1, 1, 1);         // 0.0000021
        var invoice = Assert.Single(await IssueAsync(ledger), invoice => invoice.Kind == InvoiceKind.Invoice);

        Assert.Equal("AYNI-2026-000001", invoice.Number);
        var line = Assert.Single(invoice.Lines);
        Assert.Equal(("usage", Model, 2L, new TokenCounts(1_234_568, 1, 1)), (line.Kind, line.Model, line.Receipts, line.Counts));
        Assert.Equal(Eur("0.6172856"), invoice.Net);
        Assert.Equal(Eur("0.129629976"), invoice.TaxTotal); // 21 %
        Assert.Equal(Eur("0.75"), invoice.Total);           // 0.746915576
        Assert.Equal(Eur("0.003084424"), invoice.Rounding);
        Assert.Equal(new DateOnly(2026, 12, 31), invoice.Due);
        Assert.Equal("Rumi Bakery SL", invoice.Recipient.LegalName);

        var balances = Balances(ledger);
        Assert.Equal(Eur("0.75"), balances[Account.Receivable(key.CustomerId)]);
        Assert.Equal(Eur("-0.129629976"), balances[Account.OutputTax("VAT")]);
        Assert.Equal(Eur("-0.003084424"), balances[Account.Rounding]);
        Assert.Equal(invoice, ledger.Books.FindInvoice(invoice.Number));
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task What_drafts_were_rejected_stands_on_no_invoice()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        await EntityAsync(ledger);
        await ledger.Books.PostAsync(ledger.Usage(key, 0, 0, 0) with { Counts = new(1_000_000, 2, 3, 777) });
        var invoice = Assert.Single(await IssueAsync(ledger), invoice => invoice.Kind == InvoiceKind.Invoice);
        Assert.Equal(new TokenCounts(1_000_000, 2, 3), Assert.Single(invoice.Lines).Counts);
        Assert.Equal(invoice, ledger.Books.FindInvoice(invoice.Number));
        Assert.Empty(ledger.Books.Audit());
    }

    [Theory]
    [InlineData("JPY", "0.5", "1")]
    [InlineData("KWD", "0.0005", "0.001")]
    [InlineData("CLF", "0.00004999", "0.0000")]
    public async Task The_total_is_rounded_to_the_currencys_own_coin(string code, string charge, string total)
    {
        await using var ledger = await WithPartiesAsync();
        var currency = Currency.Parse(code);
        await ledger.SetPriceAsync(code, charge, "0", "0");
        await ledger.Books.AgreeAsync(null, [Share.Of(Role.Host, 1_000_000)]);
        var key = await ledger.KeyAsync(code);
        await ledger.UseAsync(key, 1_000_000, 0, 0);
        await EntityAsync(ledger);
        var invoice = Assert.Single(await IssueAsync(ledger), invoice => invoice.Kind == InvoiceKind.Invoice);
        Assert.Equal(Amount.Parse(total, currency), invoice.Total);
        Assert.Equal(invoice.Total, Balances(ledger)[Account.Receivable(key.CustomerId)]);
    }

    [Fact]
    public async Task A_month_is_invoiced_once_and_its_numbers_have_no_gaps()
    {
        await using var ledger = await ReadyAsync();
        await EntityAsync(ledger);
        for (var i = 0; i < 5; i++)
            await ledger.UseAsync(await ledger.KeyAsync(), 1_000_000 * (i + 1), 0, 0);
        await ledger.UseAsync(await ledger.KeyAsync(), 0, 0, 0); // nothing to pay, nothing to invoice
        await RefusedAsync(Refusal.PeriodNotClosed, () => ledger.Books.IssueInvoicesAsync(TestLedger.Period));
        ledger.Clock.Now = TestLedger.Period.End;
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ledger.Books.IssueInvoicesAsync(TestLedger.Period)));
        await ledger.ReopenAsync();
        ledger.Clock.Now = ledger.Clock.Now.AddDays(1);
        var again = await ledger.Books.IssueInvoicesAsync(TestLedger.Period);
        Assert.All(all, issued => Assert.Equal(again, issued));
        var numbers = again.Select(invoice => invoice.Number).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(
            [.. Enumerable.Range(1, 5).Select(i => $"AYNI-2026-{i:D6}"), "AYNI-SB-2026-000001", "AYNI-SB-2026-000002"], numbers);
    }

    [Fact]
    public async Task Fake_money_takes_no_number()
    {
        await using var ledger = await ReadyAsync();
        await EntityAsync(ledger);
        await ledger.SetPriceAsync("XTS", "1", "1", "1");
        await ledger.UseAsync(await ledger.KeyAsync("XTS"), 1_000_000, 0, 0);
        await ledger.UseAsync(await ledger.KeyAsync(), 1_000_000, 0, 0);
        var invoice = Assert.Single(await IssueAsync(ledger), one => one.Kind == InvoiceKind.Invoice);
        Assert.Equal(("AYNI-2026-000001", "EUR"), (invoice.Number, invoice.Currency.Code));
    }

    [Fact]
    public async Task Numbers_begin_anew_with_each_year_and_entity()
    {
        await using var ledger = await ReadyAsync(new DateTimeOffset(2026, 11, 5, 0, 0, 0, TimeSpan.Zero));
        await EntityAsync(ledger);
        await ledger.UseAsync(await ledger.KeyAsync(), 1_000_000, 0, 0);
        await IssueAsync(ledger);
        await ledger.Books.SetEntityAsync(new("OTHER2", 0, "Other Ltd", "", "GB", null, [], 14));
        await RefusedAsync(Refusal.UnknownEntity, () => ledger.Books.IssueInvoicesAsync(TestLedger.Period));
        var december = TestLedger.Period.Next;
        await ledger.UseAsync(await ledger.KeyAsync(), 1_000_000, 0, 0);
        ledger.Clock.Now = december.End;
        await ledger.Books.ClosePeriodAsync(december);
        await RefusedAsync(Refusal.UnknownEntity, () => ledger.Books.IssueInvoicesAsync(december, "NOBODY"));
        var issued = await ledger.Books.IssueInvoicesAsync(december, "OTHER2");
        Assert.Equal("OTHER2-2027-000001", issued[0].Number);
    }

    [Fact]
    public async Task A_party_is_invoiced_for_in_its_name_with_tax_added_and_tax_withheld()
    {
        await using var ledger = await ReadyAsync();
        await EntityAsync(ledger);
        await ledger.Books.SetBillingAsync(new(
            ledger.Licensor.Id, 0, "Model Owner Inc", "1 Road", "US", "US-1", [Vat, new("WHT", 150_000, IsWithheld: true)], 30));
        await ledger.UseAsync(await ledger.KeyAsync(), 67_000_000, 0, 0); // 33.50, of which the licensor's share is 10.05
        var bill = Assert.Single(await IssueAsync(ledger), invoice => invoice.Recipient.Subject == ledger.Licensor.Id);
        Assert.StartsWith("AYNI-SB-2026-00000", bill.Number, StringComparison.Ordinal);
        Assert.Equal(Eur("10.05"), bill.Net);
        Assert.Equal(Eur("2.1105"), bill.TaxTotal);
        Assert.Equal(Eur("12.16"), bill.Total);
        Assert.Equal(Eur("1.51"), bill.Withheld); // 1.5075
        Assert.Equal(Eur("10.65"), bill.Payable);
        var balances = Balances(ledger);
        Assert.Equal(-bill.Payable, balances[Account.Payable(ledger.Licensor.Id)]);
        Assert.Equal(Eur("2.1105"), balances[Account.InputTax("VAT")]);
        Assert.Equal(Eur("-1.51"), balances[Account.WithheldTax("WHT")]);
        Assert.Empty(ledger.Books.Audit());
    }

    /// <summary>
    /// The document is issued on 1 December: the rule is the rate of the day of issue, both days of a certificate included.
    /// </summary>
    [Theory]
    [InlineData("2026-01-01", "2026-12-31", 50_000, "0.50", "9.55")]
    [InlineData("2026-12-01", "2026-12-01", 0, "0.00", "10.05")]
    [InlineData("2026-12-02", "2027-12-31", 50_000, "1.51", "8.54")]
    [InlineData("2026-01-01", "2026-11-30", 50_000, "1.51", "8.54")]
    public async Task What_is_withheld_is_decided_by_the_certificate_on_the_day_of_issue(
        string from, string until, int parts, string withheld, string payable)
    {
        await using var ledger = await ReadyAsync();
        await EntityAsync(ledger);
        var certificate = new TaxCertificate("6166-77", parts, Day(from), Day(until));
        var details = await ledger.Books.SetBillingAsync(new(
            ledger.Licensor.Id, 0, "Model Owner Inc", "", "US", null, [new("WHT", 150_000, IsWithheld: true, certificate)], 30));
        Assert.Equal(details, ledger.Books.FindBilling(ledger.Licensor.Id));
        await ledger.UseAsync(await ledger.KeyAsync(), 67_000_000, 0, 0); // 33.50, of which the licensor's share is 10.05
        var bill = Assert.Single(await IssueAsync(ledger), invoice => invoice.Recipient.Subject == ledger.Licensor.Id);
        Assert.Equal((Eur(withheld), Eur(payable)), (bill.Withheld, bill.Payable));
        var tax = Assert.Single(bill.Taxes).Tax;
        Assert.Equal(withheld == "1.51" ? (150_000, null) : (parts, certificate), (tax.PartsPerMillion, tax.Certificate));

        // A later profile changes nothing of what was issued.
        await ledger.Books.SetBillingAsync(details with { Taxes = [new("WHT", 300_000, IsWithheld: true)] });
        Assert.Equal(bill, ledger.Books.FindInvoice(bill.Number));
        Assert.Equal(bill, Assert.Single(
            await ledger.Books.IssueInvoicesAsync(TestLedger.Period), invoice => invoice.Recipient.Subject == ledger.Licensor.Id));
    }

    [Fact]
    public async Task A_certificate_that_lessens_nothing_is_refused()
    {
        await using var ledger = await WithPartiesAsync();
        Task SetAsync(Tax tax) => ledger.Books.SetBillingAsync(new(ledger.Host.Id, 0, "X", "", "", null, [tax], 14));
        var certificate = new TaxCertificate("1", 1, Day("2026-01-01"), Day("2026-12-31"));
        await RefusedAsync(Refusal.InvalidBilling, () => SetAsync(new("VAT", 10, IsWithheld: false, certificate)));
        await RefusedAsync(Refusal.InvalidBilling, () => SetAsync(new("WHT", 10, IsWithheld: true, certificate with { PartsPerMillion = 11 })));
        await RefusedAsync(Refusal.InvalidBilling, () => SetAsync(new("WHT", 10, IsWithheld: true, certificate with { ValidUntil = Day("2025-12-31") })));
        await RefusedAsync(Refusal.InvalidText, () => SetAsync(new("WHT", 10, IsWithheld: true, certificate with { Number = "" })));
        // Two that withhold more than all.
        await RefusedAsync(Refusal.InvalidBilling, () => ledger.Books.SetBillingAsync(new(
            ledger.Host.Id, 0, "X", "", "", null, [new("A", 600_000, IsWithheld: true), new("B", 500_000, IsWithheld: true)], 14)));
    }

    [Fact]
    public async Task Balances_from_before_the_ledger_are_invoiced_and_payable_and_bear_no_tax_again()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        await BillAsync(ledger, key.CustomerId, Vat);
        await ledger.Books.EnterOpeningBalancesAsync(
        [
            new("old-1", Account.Receivable(key.CustomerId), Eur("5.00")), new("old-2", Account.Payable(ledger.Host.Id), Eur("-2.00")),
        ]);
        var october = new Period(2026, 10);
        await ledger.Books.ClosePeriodAsync(october);
        var issued = await ledger.Books.IssueInvoicesAsync(october);
        var invoice = issued.Single(one => one.Kind == InvoiceKind.Invoice);
        Assert.Equal((Eur("5.00"), Eur("0"), Eur("5.00")), (invoice.Net, invoice.TaxTotal, invoice.Total));
        Assert.Equal(("opening", "old-1"), (invoice.Lines[0].Kind, invoice.Lines[0].Reference));
        Assert.Equal(invoice.Total, Balances(ledger)[Account.Receivable(key.CustomerId)]);
        Assert.Equal(Eur("2.00"), issued.Single(one => one.Recipient.Subject == ledger.Host.Id).Payable);
        Assert.Equal(Eur("-2.00"), Balances(ledger)[Account.Payable(ledger.Host.Id)]);
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.CreditInvoiceAsync(invoice.Number, "no model's revenue"));
    }

    [Fact]
    public async Task Details_have_versions_and_an_invoice_keeps_its_own()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        await BillAsync(ledger, key.CustomerId, Vat);
        await ledger.UseAsync(key, 1_000_000, 0, 0);
        var invoice = (await IssueAsync(ledger))[0];
        var moved = await ledger.Books.SetBillingAsync(new(key.CustomerId, 0, "Rumi Cakes SL", "Elsewhere", "PT", null, [], 14));
        Assert.Equal(2, moved.Version);
        Assert.Equal(moved, await ledger.Books.SetBillingAsync(moved with { Version = 7 }));
        Assert.Equal(moved, ledger.Books.FindBilling(key.CustomerId));
        Assert.Equal("Rumi Bakery SL", ledger.Books.FindInvoice(invoice.Number)!.Recipient.LegalName);
    }

    [Theory]
    [InlineData("", "", "ES", 210_000, 14)]
    [InlineData("X", "", "Spain", 210_000, 14)]
    [InlineData("X", "", "ES", 1_000_001, 14)]
    [InlineData("X", "", "ES", -1, 14)]
    [InlineData("X", "", "ES", 0, 366)]
    [InlineData("X", "a\nb", "ES", 0, 14)]
    public async Task Details_that_no_invoice_can_hold_are_refused(string name, string address, string country, int rate, int days)
    {
        await using var ledger = await WithPartiesAsync();
        await Assert.ThrowsAsync<LedgerRefusedException>(
            () => ledger.Books.SetEntityAsync(new("AYNI", 0, name, address, country, null, [new("VAT", rate)], days)));
        await RefusedAsync(Refusal.InvalidBilling, () => ledger.Books.SetEntityAsync(new("a-b", 0, "X", "", "", null, [], 14)));
        await RefusedAsync(
            Refusal.InvalidBilling, () => ledger.Books.SetBillingAsync(new(ledger.Host.Id, 0, "X", "", "", null, [new("VAT:x", 1)], 14)));
        await RefusedAsync(Refusal.UnknownCustomer, () => ledger.Books.SetBillingAsync(new("cus_0", 0, "X", "", "", null, [], 14)));
        Assert.Empty(ledger.Books.ListEntities());
    }

    [Fact]
    public async Task Credit_notes_take_what_is_left_and_never_more()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        await BillAsync(ledger, key.CustomerId, Vat);
        await ledger.UseAsync(key, 2_469_134, 0, 0); // 1.234567
        var invoice = (await IssueAsync(ledger))[0];
        Assert.Equal(Eur("1.49"), invoice.Total); // 1.49382607
        var note = await ledger.Books.CreditInvoiceAsync(invoice.Number, [(0, Eur("0.50"))], "slow answers");
        Assert.Equal(("AYNI-CN-2026-000001", Eur("0.61")), (note.Number, note.Total)); // 0.605
        await RefusedAsync(
            Refusal.InvalidCredit, () => ledger.Books.CreditInvoiceAsync(invoice.Number, [(0, Eur("0.734568"))], "too much"));
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.CreditInvoiceAsync(invoice.Number, [(1, Eur("0.01"))], "no line"));
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.CreditInvoiceAsync(invoice.Number, [(0, Eur("-0.01"))], "less"));
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.CreditInvoiceAsync(invoice.Number, [], "nothing"));
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.CreditInvoiceAsync(note.Number, "a note"));
        await RefusedAsync(Refusal.UnknownInvoice, () => ledger.Books.CreditInvoiceAsync("AYNI-2026-000009", "none"));
        var rest = await ledger.Books.CreditInvoiceAsync(invoice.Number, "the rest");
        Assert.Equal(invoice.Total, note.Total + rest.Total);
        Assert.Equal(invoice.TaxTotal, note.TaxTotal + rest.TaxTotal);
        Assert.Equal(invoice.Rounding, note.Rounding + rest.Rounding);
        Assert.Equal(rest.Net + rest.TaxTotal + rest.Rounding, rest.Total);
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.CreditInvoiceAsync(invoice.Number, "again"));
        Assert.Equal(Eur("0"), Balances(ledger)[Account.Receivable(key.CustomerId)]);
        Assert.Equal(Eur("0"), Balances(ledger)[Account.OutputTax("VAT")]);

        var deductions = ledger.Books.ListDeductions(TestLedger.Period.Next);
        Assert.Equal(["AYNI-CN-2026-000001/1", "AYNI-CN-2026-000002/1"], deductions.Select(deduction => deduction.EvidenceId));
        Assert.All(deductions, deduction => Assert.Equal((DeductionType.Refund, Model), (deduction.Type, deduction.Model)));
        Assert.Equal(invoice.Net, deductions[0].Amount + deductions[1].Amount);
        Assert.Empty(ledger.Books.Audit());
    }

    [Theory]
    [InlineData("invoices", "total = '9.000000000000'")]
    [InlineData("invoice_lines", "amount = '9.000000000000'")]
    [InlineData("invoice_taxes", "amount = '9.000000000000'")]
    [InlineData("billing", "legal_name = 'x'")]
    [InlineData("billing_taxes", "name = 'x'")]
    public async Task What_was_issued_never_changes(string table, string change)
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        await BillAsync(ledger, key.CustomerId, Vat);
        await ledger.UseAsync(key, 1_000_000, 0, 0);
        await IssueAsync(ledger);
        Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql($"UPDATE {table} SET {change}"));
        Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql($"DELETE FROM {table}"));
    }

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    internal static Task<BillingDetails> EntityAsync(TestLedger ledger) =>
        ledger.Books.SetEntityAsync(new("AYNI", 0, "Ayni Hosting GmbH", "Weg 1, 10115 Berlin", "DE", "DE123456789", [], 14));

    internal static async Task BillAsync(TestLedger ledger, string customerId, params Tax[] taxes)
    {
        await EntityAsync(ledger);
        await ledger.Books.SetBillingAsync(new(customerId, 0, "Rumi Bakery SL", "Calle 1, Madrid", "ES", "ESB1", [.. taxes], 30));
    }

    /// <summary>Closes November and issues its invoices.</summary>
    internal static async Task<IReadOnlyList<Invoice>> IssueAsync(TestLedger ledger)
    {
        if (ledger.Clock.Now < TestLedger.Period.End)
            ledger.Clock.Now = TestLedger.Period.End;
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        return await ledger.Books.IssueInvoicesAsync(TestLedger.Period);
    }

    internal static Dictionary<Account, Amount> Balances(TestLedger ledger) =>
        ledger.Books.Balances().ToDictionary(balance => balance.Account, balance => balance.Net);
}
