using Ayni.Tests;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class PaymentTests
{
    private static readonly DateOnly Day = new(2026, 12, 10);

    [Fact]
    public async Task Payments_cover_the_oldest_invoice_first_and_the_rest_is_credit()
    {
        await using var ledger = await TwoInvoicesAsync();
        var (customer, first, second) = Invoices(ledger);
        await ledger.Books.RecordPaymentAsync(customer, Eur("7.00"), "bank-1", Day);
        AssertAccount(ledger, customer, open: "13.00", credit: "0", (first, "7.00"), (second, "0"));
        await ledger.Books.RecordPaymentAsync(customer, Eur("5.00"), "bank-2", Day);
        AssertAccount(ledger, customer, open: "8.00", credit: "0", (first, "10.00"), (second, "2.00"));
        await ledger.Books.RecordPaymentAsync(customer, Eur("9.00"), "bank-3", Day);
        AssertAccount(ledger, customer, open: "0", credit: "1.00", (first, "10.00"), (second, "10.00"));
        Assert.Equal(Eur("-1.00"), ledger.Books.UnpaidCharges(customer));
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task A_bank_reference_is_recorded_once()
    {
        await using var ledger = await TwoInvoicesAsync();
        var (customer, _, _) = Invoices(ledger);
        var payments = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => ledger.Books.RecordPaymentAsync(customer, Eur("7.00"), "bank-1", Day)));
        Assert.Single(payments.Distinct());
        await ledger.ReopenAsync();
        Assert.Equal(payments[0], await ledger.Books.RecordPaymentAsync(customer, Eur("7.00"), "bank-1", Day.AddDays(1)));
        await RefusedAsync(
            Refusal.BankReferenceReused, () => ledger.Books.RecordPaymentAsync(customer, Eur("7.01"), "bank-1", Day));
        await RefusedAsync(Refusal.BankReferenceReused, () => ledger.Books.RecordRefundAsync(customer, Eur("7.00"), "bank-1", Day));
        Assert.Equal(payments[0], Assert.Single(ledger.Books.ListPayments(customer)));
        Assert.Equal(Eur("13.00"), ledger.Books.UnpaidCharges(customer));
    }

    [Theory]
    [InlineData("0.00")]
    [InlineData("-1.00")]
    [InlineData("1.001")]
    public async Task What_is_no_money_is_refused(string amount)
    {
        await using var ledger = await TwoInvoicesAsync();
        var (customer, _, _) = Invoices(ledger);
        await RefusedAsync(Refusal.InvalidPayment, () => ledger.Books.RecordPaymentAsync(customer, Eur(amount), "bank-1", Day));
        await RefusedAsync(
            Refusal.InvalidPayment,
            () => ledger.Books.RecordPaymentAsync(customer, Amount.Parse("1", Currency.Parse("USD")), "bank-1", Day));
        // The clock stands at 1 January 2027: a bank books a little ahead, but not in another year.
        await RefusedAsync(Refusal.InvalidPayment, () => ledger.Books.RecordPaymentAsync(customer, Eur("1.00"), "bank-1", new(2027, 2, 2)));
        await ledger.Books.RecordPaymentAsync(customer, Eur("1.00"), "bank-0", new(2027, 2, 1));
        await RefusedAsync(Refusal.InvalidPayment, () => ledger.Books.RecordPaymentAsync(customer, Eur("1.00"), "bank-1", new(2016, 12, 31)));
        await RefusedAsync(Refusal.UnknownCustomer, () => ledger.Books.RecordPaymentAsync("cus_0", Eur("1.00"), "bank-1", Day));
        await RefusedAsync(Refusal.InvalidText, () => ledger.Books.RecordPaymentAsync(customer, Eur("1.00"), "", Day));
    }

    [Fact]
    public async Task What_was_given_up_is_claimed_again_before_it_is_credited()
    {
        await using var ledger = await TwoInvoicesAsync();
        var (customer, first, second) = Invoices(ledger);
        var given = await ledger.Books.WriteOffAsync(first, "lost");
        var refused = await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.CreditInvoiceAsync(first, "goodwill"));
        Assert.Contains(given.Id, refused.Message, StringComparison.Ordinal);
        await RefusedAsync(Refusal.RefundExceedsCredit, () => ledger.Books.RecordRefundAsync(customer, Eur("0.01"), "bank-1", Day));
        await ledger.Books.ReverseWriteOffAsync(given.Id, "it was our fault");
        await ledger.Books.CreditInvoiceAsync(first, [(0, Eur("4.00"))], "goodwill");
        Assert.Equal(Eur("6.00"), (await ledger.Books.WriteOffAsync(first, "the rest is lost")).Amount);
        AssertAccount(ledger, customer, open: "10.00", credit: "0", (first, "0"), (second, "0"));
        // Parties bear each euro once: as a bad debt or as a refund.
        var taken = ledger.Books.ListDeductions(Period.Of(ledger.Clock.Now)).Where(deduction => deduction.ServicePeriod == TestLedger.Period);
        Assert.Equal(Eur("10.00"), taken.Aggregate(Eur("0"), (sum, deduction) => sum + deduction.Amount));
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task A_sum_that_nothing_can_hold_is_refused_and_payments_go_on()
    {
        await using var ledger = await TwoInvoicesAsync();
        var (customer, _, _) = Invoices(ledger);
        // No text may say so much; a program of ours may.
        var huge = Amount.Whole((long)1e18, Currency.Parse("EUR"));
        for (var i = 0; i < 26 - 18; i++)
            huge = Enumerable.Repeat(huge, 10).Aggregate((sum, amount) => sum + amount - Eur("1"));
        await ledger.Books.RecordPaymentAsync(customer, huge, "bank-1", Day);
        await RefusedAsync(Refusal.InvalidSum, () => ledger.Books.RecordPaymentAsync(customer, huge, "bank-2", Day));
        await ledger.Books.RecordPaymentAsync(customer, Eur("1.00"), "bank-3", Day);
        Assert.Equal(2, ledger.Books.ListPayments(customer).Count);
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task Only_what_was_paid_too_much_is_refunded()
    {
        await using var ledger = await TwoInvoicesAsync();
        var (customer, first, _) = Invoices(ledger);
        await ledger.Books.RecordPaymentAsync(customer, Eur("20.00"), "bank-1", Day);
        await RefusedAsync(Refusal.RefundExceedsCredit, () => ledger.Books.RecordRefundAsync(customer, Eur("0.01"), "bank-2", Day));
        await ledger.Books.CreditInvoiceAsync(first, [(0, Eur("4.00"))], "goodwill");
        await RefusedAsync(Refusal.RefundExceedsCredit, () => ledger.Books.RecordRefundAsync(customer, Eur("4.01"), "bank-2", Day));
        var refund = await ledger.Books.RecordRefundAsync(customer, Eur("4.00"), "bank-2", Day);
        Assert.Equal(refund, await ledger.Books.RecordRefundAsync(customer, Eur("4.00"), "bank-2", Day));
        Assert.Equal(Eur("0"), ledger.Books.UnpaidCharges(customer));
        Assert.Equal(Eur("16.00"), InvoiceTests.Balances(ledger)[Account.Bank]);
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task What_the_bank_takes_back_is_owed_again()
    {
        await using var ledger = await TwoInvoicesAsync();
        var (customer, first, second) = Invoices(ledger);
        var payment = await ledger.Books.RecordPaymentAsync(customer, Eur("20.00"), "bank-1", Day);
        var reversal = await ledger.Books.ReversePaymentAsync(payment.Id, "bank-2", Day.AddDays(3));
        Assert.Equal(payment.Id, reversal.Reverses);
        Assert.Equal(reversal, await ledger.Books.ReversePaymentAsync(payment.Id, "bank-2", Day.AddDays(3)));
        AssertAccount(ledger, customer, open: "20.00", credit: "0", (first, "0"), (second, "0"));
        await RefusedAsync(Refusal.AlreadyReversed, () => ledger.Books.ReversePaymentAsync(payment.Id, "bank-3", Day));
        await RefusedAsync(Refusal.UnknownPayment, () => ledger.Books.ReversePaymentAsync(reversal.Id, "bank-3", Day));
        Assert.Equal(Eur("20.00"), ledger.Books.UnpaidCharges(customer));
    }

    [Fact]
    public async Task A_claim_given_up_is_a_bad_debt_with_evidence_until_it_is_taken_up_again()
    {
        await using var ledger = await TwoInvoicesAsync();
        var (customer, first, second) = Invoices(ledger);
        await ledger.Books.RecordPaymentAsync(customer, Eur("4.00"), "bank-1", Day);
        var writeOff = await ledger.Books.WriteOffAsync(first, "insolvent");
        Assert.Equal(Eur("6.00"), writeOff.Amount);
        AssertAccount(ledger, customer, open: "10.00", credit: "0", (first, "4.00"), (second, "0"));
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.WriteOffAsync(first, "again"));
        Assert.Equal(Eur("6.00"), InvoiceTests.Balances(ledger)[Account.BadDebts]);
        var deduction = Assert.Single(ledger.Books.ListDeductions(Period.Of(ledger.Clock.Now)));
        Assert.Equal((DeductionType.BadDebt, $"{writeOff.Id}/1", Eur("6.00")), (deduction.Type, deduction.EvidenceId, deduction.Amount));

        var reversal = await ledger.Books.ReverseWriteOffAsync(writeOff.Id, "an heir pays");
        await RefusedAsync(Refusal.AlreadyReversed, () => ledger.Books.ReverseWriteOffAsync(writeOff.Id, "twice"));
        await RefusedAsync(Refusal.UnknownPayment, () => ledger.Books.ReverseWriteOffAsync(reversal.Id, "back"));
        AssertAccount(ledger, customer, open: "16.00", credit: "0", (first, "4.00"), (second, "0"));
        Assert.Equal(Eur("0"), InvoiceTests.Balances(ledger)[Account.BadDebts]);
        Assert.Empty(ledger.Books.Audit());
    }

    [Theory]
    [InlineData(0, DunningStep.Open)]
    [InlineData(30, DunningStep.Open)]
    [InlineData(31, DunningStep.Reminder)]
    [InlineData(44, DunningStep.Reminder)]
    [InlineData(45, DunningStep.SecondReminder)]
    [InlineData(59, DunningStep.SecondReminder)]
    [InlineData(60, DunningStep.FinalNotice)]
    public async Task Dunning_follows_from_the_due_date_alone(int days, DunningStep step)
    {
        await using var ledger = await TwoInvoicesAsync();
        var (customer, _, second) = Invoices(ledger);
        ledger.Clock.Now = ledger.Books.FindInvoice(second)!.Issued.AddDays(days);
        var state = ledger.Books.AccountOf(customer).Invoices[1];
        Assert.Equal((step, Math.Max(0, days - 30)), (state.Step, state.DaysOverdue));
        // Issued on 1 January with 30 days to pay.
        var since = step switch { DunningStep.Open => 0, DunningStep.Reminder => 31, DunningStep.SecondReminder => 45, _ => 60 };
        Assert.Equal(new DateOnly(2027, 1, 1).AddDays(since), state.Since);
        await ledger.Books.RecordPaymentAsync(customer, Eur("20.00"), "bank-1", Day);
        Assert.All(ledger.Books.AccountOf(customer).Invoices, paid => Assert.Equal((DunningStep.Settled, 0, null), (paid.Step, paid.DaysOverdue, paid.Since)));
    }

    /// <summary>In Kiritimati the day begins fourteen hours before Greenwich's.</summary>
    [Fact]
    public async Task A_day_overdue_is_one_of_the_ledgers_zone()
    {
        await using var ledger = TestLedger.Empty();
        await ledger.Books.SetZoneAsync("Pacific/Kiritimati");
        var host = await ledger.Books.CreatePartyAsync("Hostess", Role.Host);
        await ledger.SetPriceAsync("EUR", "0.50", "0.10", "1.50");
        await ledger.Books.AgreeAsync(null, [Share.Of(host.Id, 1_000_000)]);
        var key = await ledger.KeyAsync();
        await InvoiceTests.BillAsync(ledger, key.CustomerId);
        await ledger.UseAsync(key, 20_000_000, 0, 0);
        // 1 December begins there at 10:00 of 30 November in Greenwich.
        ledger.Clock.Now = new(2026, 11, 30, 10, 0, 0, TimeSpan.Zero);
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        var invoice = (await ledger.Books.IssueInvoicesAsync(TestLedger.Period))[0];
        Assert.Equal((new DateOnly(2026, 12, 1), new DateOnly(2026, 12, 31)), (invoice.IssuedOn, invoice.Due));
        ledger.Clock.Now = new(2026, 12, 31, 9, 59, 59, TimeSpan.Zero);
        Assert.Equal(DunningStep.Open, ledger.Books.AccountOf(key.CustomerId).Invoices[0].Step);
        ledger.Clock.Now = ledger.Clock.Now.AddSeconds(1);
        var state = ledger.Books.AccountOf(key.CustomerId).Invoices[0];
        Assert.Equal((DunningStep.Reminder, 1, new DateOnly(2027, 1, 1)), (state.Step, state.DaysOverdue, state.Since!.Value));
    }

    [Fact]
    public async Task Balances_are_known_as_of_any_moment()
    {
        await using var ledger = await TwoInvoicesAsync();
        var (customer, _, _) = Invoices(ledger);
        ledger.Clock.Now = ledger.Clock.Now.AddDays(3);
        await ledger.Books.RecordPaymentAsync(customer, Eur("7.00"), "bank-1", Day);
        Assert.Equal(ledger.Books.Balances(), ledger.Books.Balances(ledger.Clock.Now));
        var before = ledger.Books.Balances(ledger.Clock.Now.AddMicroseconds(-1)).ToDictionary(b => b.Account, b => b.Net);
        Assert.Equal(Eur("20.00"), before[Account.Receivable(customer)]);
        Assert.False(before.ContainsKey(Account.Bank));
        Assert.Empty(ledger.Books.Balances(November.AddDays(-1)));
    }

    [Fact]
    public async Task The_export_has_a_row_for_each_posting_with_a_code_of_the_chart()
    {
        await using var ledger = await TwoInvoicesAsync();
        var (customer, first, _) = Invoices(ledger);
        var payment = await ledger.Books.RecordPaymentAsync(customer, Eur("20.00"), "=1+1", Day);
        await ledger.Books.CreditInvoiceAsync(first, "all");
        await ledger.Books.RecordRefundAsync(customer, Eur("10.00"), "bank-2", Day);
        var text = new StringWriter();
        ledger.Books.ExportJournal(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, entry => JournalCsv.Write(entry, text));
        var rows = text.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(row => row.Split(',')).ToArray();
        Assert.All(rows, row => Assert.Equal(JournalCsv.Header.Split(',').Length, row.Length));
        Assert.DoesNotContain(rows, row => row[7] == "9999");
        Assert.Contains(rows, row => row[5] == "payment" && row[6] == payment.Id && row[7] == "1000" && row[11] == "20.00");
        Assert.Equal(rows.Where(row => row[11] != "").Aggregate(Eur("0"), (sum, row) => sum + Eur(row[11])),
            rows.Where(row => row[12] != "").Aggregate(Eur("0"), (sum, row) => sum + Eur(row[12])));
    }

    [Fact]
    public void Every_account_has_a_code() => Assert.All(
        (IEnumerable<(Account Account, string Code)>)
        [
            (Account.Bank, "1000"), (Account.BankTransit, "1010"), (Account.Receivable("cus_1"), "1200"), (Account.InputTax("VAT"), "1400"),
            (Account.Revenue(TestLedger.Period, "a:b"), "2000"), (Account.Payable("pty_1"), "2100"), (Account.Carry("pty_1"), "2110"),
            (Account.OutputTax("VAT"), "2200"), (Account.WithheldTax("WHT"), "2210"), (Account.Rounding, "4900"),
            (Account.BadDebts, "6000"), (new("something else"), "9999"),
        ],
        pair => Assert.Equal(pair.Code, AccountCode.Of(pair.Account).Code));

    internal static void AssertAccount(
        TestLedger ledger, string customer, string open, string credit, params (string Number, string Paid)[] invoices)
    {
        var account = ledger.Books.AccountOf(customer);
        Assert.Equal((Eur(open), Eur(credit)), (account.Open, account.Credit));
        Assert.Equal(invoices.Select(invoice => (invoice.Number, Eur(invoice.Paid))), account.Invoices.Select(state => (state.Number, state.Paid)));
        Assert.All(account.Invoices, state => Assert.Equal(state.Total, state.Credited + state.WrittenOff + state.Paid + state.Open));
        Assert.Equal(ledger.Books.UnpaidCharges(customer), account.Open - account.Credit);
    }

    private static (string Customer, string First, string Second) Invoices(TestLedger ledger) =>
        ledger.Books.ListInvoices(InvoiceKind.Invoice) is [var first, var second]
            ? (first.Recipient.Subject, first.Number, second.Number)
            : throw new InvalidOperationException();

    /// <summary>A customer with invoices of 10.00 for November and December.</summary>
    internal static async Task<TestLedger> TwoInvoicesAsync()
    {
        var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        await InvoiceTests.BillAsync(ledger, key.CustomerId);
        foreach (var period in new[] { TestLedger.Period, TestLedger.Period.Next })
        {
            await ledger.UseAsync(key, 20_000_000, 0, 0);
            ledger.Clock.Now = period.End;
            await ledger.Books.ClosePeriodAsync(period);
            await ledger.Books.IssueInvoicesAsync(period);
        }
        return ledger;
    }
}
