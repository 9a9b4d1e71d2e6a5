using FsCheck;
using FsCheck.Fluent;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>Credits bought in advance, worked out by hand.</summary>
public sealed class CreditTests
{
    private static readonly Period November = TestLedger.Period, December = TestLedger.Period.Next;

    [Fact]
    public async Task What_is_left_of_a_limit_counts_credits_as_the_gate_does()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync(limit: Eur("5"));
        await ledger.UseAsync(key, 200_000, 0, 0); // 0.10
        await ledger.Books.BuyCreditAsync(key.CustomerId!, Eur("7"), Model, November.End.AddDays(40));
        // Owed are 7.10, of which credits pay 7.
        var usage = ledger.Books.UsageOf(key.CustomerId!);
        Assert.Equal((Eur("7.10"), Eur("4.90")), (usage.Owed, usage.Left!.Value));
        Assert.True(ledger.Admit(key).IsLimited);
    }

    [Fact]
    public async Task Charges_use_the_credits_valid_at_their_time_and_what_is_left_is_revenue_when_it_expires()
    {
        // 0.50 in, 1.50 out per million.
        await using var ledger = await ReadyAsync();
        var (key, ofApp) = await AdjustmentTests.KeysAsync(ledger);
        var customer = key.CustomerId!;
        await ledger.UseAsync(key, 200_000, 0, 0); // 0.10, before there is any credit
        ledger.Clock.Now += TimeSpan.FromMinutes(1);
        var late = await ledger.Books.BuyCreditAsync(customer, Eur("4"), Model, November.End.AddDays(40));
        var soon = await ledger.Books.BuyCreditAsync(customer, Eur("2"), Model, November.End.AddDays(-10));
        // Sold is nothing earned: 6 are owed, and 6 are owed in use.
        Assert.Equal(Eur("6.10"), ledger.Books.UnpaidCharges(customer));
        Assert.Equal(Eur("-6"), Net(ledger, Account.Deferred(customer)));
        await ledger.UseAsync(ofApp, 0, 0, 500_000); // 0.75 of the one that expires sooner
        await ledger.UseAsync(key, 500_000, 0, 0); // 0.25 of it
        ledger.Clock.Now = November.End.AddDays(-10);
        await ledger.UseAsync(key, 0, 0, 1_000_000); // 1.50 of the other: the first has expired at this instant

        ledger.Clock.Now = November.End;
        Assert.Equal([(late.Id, Eur("1.50")), (soon.Id, Eur("1"))], Uses());
        await AdjustmentTests.CloseAsync(ledger, November);
        Assert.Equal([(late.Id, Eur("1.50")), (soon.Id, Eur("1"))], Uses());
        // 1 is left of 2, and is revenue of what was used while it was valid: the app's 0.75 and the other's 0.25.
        var expiry = Assert.Single(ledger.Books.ListAdjustments(November));
        Assert.Equal((AdjustmentType.CreditExpiry, soon.Id, Eur("1")), (expiry.Type, expiry.Subject, expiry.Amount));
        Assert.Equal([(null, Eur("0.25")), (ledger.App.Id, Eur("0.75"))], expiry.Parts.Select(part => (part.Share.AppId, part.Amount)));
        // Owed: 0.10 + 6 + 0.75 + 0.25 + 1.50 − 2.50 = 6.10. In use: 4 − 1.50 = 2.50.
        Assert.Equal(Eur("6.10"), ledger.Books.UnpaidCharges(customer));
        Assert.Equal(Eur("-2.50"), Net(ledger, Account.Deferred(customer)));
        Assert.Equal([Eur("2.50"), Eur("0")], ledger.Books.ListCredits().OrderBy(credit => credit.Amount == Eur("2")).Select(credit => credit.Left));
        // Revenue: charges of 2.60 and the expiry's 1.
        Assert.Equal(Eur("3.60"), ledger.Books.Settle(November).Totals.Aggregate(Eur("0"), (sum, total) => sum + total.Earned));

        // Nothing is used any more: in January the other expires, and is shared by all that was used while it was valid: 0.75 to 1.75.
        foreach (var month in new[] { December, December.Next })
        {
            ledger.Clock.Now = month.End;
            await AdjustmentTests.CloseAsync(ledger, month);
        }
        Assert.Empty(ledger.Books.ListAdjustments(December));
        Assert.Equal(
            [(null, Eur("1.75")), (ledger.App.Id, Eur("0.75"))],
            Assert.Single(ledger.Books.ListAdjustments(December.Next)).Parts.Select(part => (part.Share.AppId, part.Amount)));
        Assert.Equal(Eur("0"), Net(ledger, Account.Deferred(customer)));

        IEnumerable<(string, Amount)> Uses() =>
            ledger.Books.ListCreditUses(November).Select(use => (use.CreditId, use.Amount)).OrderByDescending(use => use.Amount);
    }

    [Fact]
    public async Task Priority_comes_first_and_adjustments_are_paid_too()
    {
        await using var ledger = await AdjustmentTests.PlannedAsync("model: llama\ncurrency: EUR\ninput: 1\noutput: 0\nminimum: 5");
        var (key, _) = await AdjustmentTests.KeysAsync(ledger);
        var second = await ledger.Books.BuyCreditAsync(key.CustomerId!, Eur("10"), Model, November.End.AddDays(1), priority: 1);
        var first = await ledger.Books.BuyCreditAsync(key.CustomerId!, Eur("2"), Model, priority: 0);
        ledger.Clock.Now += TimeSpan.FromMinutes(1);
        await ledger.UseAsync(key, 3_000_000, 0, 0);
        ledger.Clock.Now = November.End;
        await AdjustmentTests.CloseAsync(ledger, November);
        // 3: 2 of the first and 1 of the second; 2 more to the minimum of the second.
        Assert.Equal(
            new Dictionary<string, Amount> { [first.Id] = Eur("2"), [second.Id] = Eur("3") },
            ledger.Books.ListCreditUses(November).ToDictionary(use => use.CreditId, use => use.Amount));
    }

    [Fact]
    public async Task A_credit_never_used_is_revenue_of_the_model_it_was_sold_for()
    {
        await using var ledger = await ReadyAsync();
        var customer = (await ledger.KeyAsync()).CustomerId!;
        await ledger.Books.BuyCreditAsync(customer, Eur("2"), "other", November.End);
        ledger.Clock.Now = November.End;
        await AdjustmentTests.CloseAsync(ledger, November);
        Assert.Equal("other", Assert.Single(Assert.Single(ledger.Books.ListAdjustments(November)).Parts).Share.Model);
    }

    [Fact]
    public async Task A_prepaid_customer_spends_what_it_has_paid_and_no_more()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync(limit: Eur("0"));
        Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, Model));
        await ledger.Books.BuyCreditAsync(key.CustomerId!, Eur("2"), Model, November.End.AddDays(5));
        // Bought, but not paid.
        Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, Model));
        await ledger.Books.SetSpendingLimitAsync(key.CustomerId!, Eur("2"));
        await ledger.UseAsync(key, 3_999_999, 0, 0);
        ledger.Admit(key);
        await ledger.UseAsync(key, 1, 0, 0);
        Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, Model));
        // The close uses the credit up: what was owed for use is paid, what was owed for the credit still is owed.
        ledger.Clock.Now = November.End;
        await AdjustmentTests.CloseAsync(ledger, November);
        Assert.Equal(Eur("2"), ledger.Books.UnpaidCharges(key.CustomerId!));
        Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, Model));
        await ledger.Books.SetSpendingLimitAsync(key.CustomerId!, Eur("3"));
        await ledger.Books.BuyCreditAsync(key.CustomerId!, Eur("2"), Model, November.End.AddDays(5));
        ledger.Admit(key);
        // It expires: it pays nothing any more.
        ledger.Clock.Now = November.End.AddDays(5);
        Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, Model));
    }

    [Fact]
    public async Task What_is_unused_of_a_credit_is_given_back_by_a_credit_note()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var customer = key.CustomerId!;
        await InvoiceTests.BillAsync(ledger, customer, new Tax("VAT", 210_000));
        var credit = await ledger.Books.BuyCreditAsync(customer, Eur("4"), Model, December.Next.End);
        ledger.Clock.Now += TimeSpan.FromMinutes(1);
        await ledger.UseAsync(key, 2_000_000, 0, 0); // 1.00
        await RefusedAsync(Refusal.UnknownCredit, () => ledger.Books.ReturnCreditAsync("crd_x", "unknown"));
        ledger.Clock.Now = November.End;
        await AdjustmentTests.CloseAsync(ledger, November);
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.ReturnCreditAsync(credit.Id, "no invoice yet"));
        // 1.00 + 4.00 - 1.00 = 4.00, with tax 4.84.
        var invoice = (await InvoiceTests.IssueAsync(ledger))[0];
        Assert.Equal(Eur("4.84"), invoice.Total);

        // December has used 0.50 so far: of 4.00, 2.50 are unused.
        await ledger.UseAsync(key, 1_000_000, 0, 0);
        var line = invoice.Lines.Select((of, i) => (of.Kind, i)).Single(of => of.Kind == "credit_purchase").i;
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.CreditInvoiceAsync(invoice.Number, [(line, Eur("2.51"))], "used"));
        var returned = await ledger.Books.ReturnCreditAsync(credit.Id, "leaves", "ref-1");
        var note = returned.Note!;
        Assert.Equal((credit.Id, note.Number, Eur("2.50")), (returned.CreditId, returned.Id, returned.Amount));
        Assert.Equal((invoice.Number, Eur("2.50"), Eur("3.03")), (note.Credits, note.Net, note.Total)); // 3.025
        Assert.Equal(returned, await ledger.Books.ReturnCreditAsync(credit.Id, "leaves", "ref-1"));
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.ReturnCreditAsync(credit.Id, "again"));
        Assert.Equal(Eur("0.50"), Assert.Single(ledger.Books.ListCredits()).Left);
        // What is used from now on is owed.
        await ledger.UseAsync(key, 1_000_000, 0, 0);
        ledger.Clock.Now = December.End;
        await AdjustmentTests.CloseAsync(ledger, December);
        Assert.Equal(Eur("0.50"), Assert.Single(ledger.Books.ListCreditUses(December)).Amount);
        Assert.Equal(Eur("0"), Net(ledger, Account.Deferred(customer)));
        Assert.Empty(ledger.Books.ListDeductions(December));
        // 4.84 - 3.03 + 1.00 - 0.50
        Assert.Equal(Eur("2.31"), ledger.Books.UnpaidCharges(customer));
    }

    [Fact]
    public async Task What_was_sold_in_a_month_that_is_open_is_given_back_in_that_month()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var customer = key.CustomerId!;
        await InvoiceTests.BillAsync(ledger, customer, new Tax("VAT", 210_000));
        // The first month of a ledger: none was ever closed.
        var credit = await ledger.Books.BuyCreditAsync(customer, Eur("4"), Model, December.Next.End);
        ledger.Clock.Now += TimeSpan.FromMinutes(1);
        await ledger.UseAsync(key, 2_000_000, 0, 0); // 1.00
        var returned = await ledger.Books.ReturnCreditAsync(credit.Id, "leaves", "ref-1");
        Assert.Equal((credit.Id, Eur("3"), null), (returned.CreditId, returned.Amount, returned.Note));
        Assert.Equal(returned, await ledger.Books.ReturnCreditAsync(credit.Id, "leaves", "ref-1"));
        await RefusedAsync(Refusal.ReferenceReused, () => ledger.Books.ReturnCreditAsync(credit.Id, "stays", "ref-1"));
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.ReturnCreditAsync(credit.Id, "again"));
        Assert.Equal((Eur("1"), Eur("-1")), (Assert.Single(ledger.Books.ListCredits()).Left, Net(ledger, Account.Deferred(customer))));
        // 4.00 sold, 1.00 used and 3.00 given back; 0.50 more are used than there is left to pay for.
        await ledger.UseAsync(key, 1_000_000, 0, 0);
        Assert.Equal(Eur("2.50"), ledger.Books.UnpaidCharges(customer));

        var invoice = (await InvoiceTests.IssueAsync(ledger))[0];
        Assert.Equal(
            ["usage 1.50", "credit_purchase 4.00", "credit_return -3.00", "credit_use -1.00"],
            invoice.Lines.OrderBy(line => line.Kind == "usage" ? 0 : line.Kind == "credit_purchase" ? 1 : line.Kind == "credit_return" ? 2 : 3)
                .Select(line => $"{line.Kind} {line.Amount.Format()}"));
        // 1.50 with tax.
        Assert.Equal(Eur("1.82"), invoice.Total); // 1.815
        Assert.Equal(Eur("0"), Net(ledger, Account.Deferred(customer)));
        // Asked again after the month was invoiced, it is what was made.
        Assert.Equal(returned, await ledger.Books.ReturnCreditAsync(credit.Id, "leaves", "ref-1"));
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.ReturnCreditAsync(credit.Id, "again"));
        ledger.Clock.Now = December.End;
        await AdjustmentTests.CloseAsync(ledger, December);
        Assert.Empty(ledger.Books.ListDeductions(December));
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task A_credit_sold_late_in_an_open_month_is_given_back_after_its_end()
    {
        await using var ledger = await ReadyAsync();
        var customer = (await ledger.KeyAsync()).CustomerId!;
        await InvoiceTests.BillAsync(ledger, customer);
        var credit = await ledger.Books.BuyCreditAsync(customer, Eur("4"), Model);
        ledger.Clock.Now = November.End.AddDays(3);
        Assert.Equal(Eur("4"), (await ledger.Books.ReturnCreditAsync(credit.Id, "leaves")).Amount);
        // The sale and its return are the same month's, so nothing is to be invoiced.
        Assert.Empty(await InvoiceTests.IssueAsync(ledger));
        Assert.Equal(Eur("0"), ledger.Books.UnpaidCharges(customer));
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public void What_was_sold_is_used_expired_returned_or_left() => Prop.ForAll(
        (from acts in Gen.Choose(0, 4).ArrayOf(20) from tokens in Gen.Choose(1, 4_000_000).ArrayOf(20) select (acts, tokens)).ToArbitrary(),
        input => RunAsync(input.acts, input.tokens).GetAwaiter().GetResult())
        .Check(Config.QuickThrowOnFailure.WithMaxTest(10));

    private static async Task<bool> RunAsync(int[] acts, int[] tokens)
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var customer = key.CustomerId!;
        await InvoiceTests.BillAsync(ledger, customer, new Tax("VAT", 210_000));
        var returned = Eur("0");
        for (var i = 0; i < acts.Length; i++)
        {
            ledger.Clock.Now += TimeSpan.FromMinutes(1);
            var credits = ledger.Books.ListCredits();
            switch (acts[i])
            {
                case 0:
                    await ledger.Books.BuyCreditAsync(
                        customer, new(tokens[i] * (Int128)1_000_000, Eur("0").Currency), Model, ledger.Clock.Now.AddDays(tokens[i] % 90 + 1), i % 2);
                    break;
                case 1 or 2:
                    await ledger.UseAsync(key, tokens[i], 0, 0);
                    break;
                case 3:
                    var period = Period.Of(ledger.Clock.Now);
                    ledger.Clock.Now = period.End;
                    await ledger.Books.ClosePeriodAsync(period);
                    await ledger.Books.IssueInvoicesAsync(period);
                    break;
                case 4 when credits.Count > 0:
                    try
                    {
                        returned += (await ledger.Books.ReturnCreditAsync(credits[tokens[i] % credits.Count].Id, "back")).Amount;
                    }
                    catch (LedgerRefusedException refused) when (refused.Refusal == Refusal.InvalidCredit)
                    {
                        // Used up, expired, or not invoiced yet.
                    }
                    break;
            }
        }
        var last = Period.Of(ledger.Clock.Now);
        ledger.Clock.Now = last.End;
        await ledger.Books.ClosePeriodAsync(last);
        var (used, expired) = (Eur("0"), Eur("0"));
        for (var month = November; month <= last; month = month.Next)
        {
            used = ledger.Books.ListCreditUses(month).Aggregate(used, (sum, use) => sum + use.Amount);
            expired = ledger.Books.ListAdjustments(month).Aggregate(expired, (sum, adjustment) => sum + adjustment.Amount);
        }
        var all = ledger.Books.ListCredits();
        var left = all.Aggregate(Eur("0"), (sum, credit) => sum + credit.Left);
        return all.All(credit => credit.Left.Sign >= 0)
            && all.Aggregate(Eur("0"), (sum, credit) => sum + credit.Amount) == used + expired + returned + left
            && Net(ledger, Account.Deferred(customer)) == -left && ledger.Books.Audit().Count == 0;
    }

    [Fact]
    public async Task Refusals_are_named()
    {
        await using var ledger = await ReadyAsync();
        var customer = (await ledger.KeyAsync()).CustomerId!;
        await RefusedAsync(Refusal.UnknownCustomer, () => ledger.Books.BuyCreditAsync("cus_x", Eur("1"), Model));
        await RefusedAsync(Refusal.InvalidPrepaidCredit, () => ledger.Books.BuyCreditAsync(customer, Eur("0"), Model));
        await RefusedAsync(Refusal.InvalidPrepaidCredit, () => ledger.Books.BuyCreditAsync(customer, Amount.Parse("1", Currency.Parse("JPY")), Model));
        await RefusedAsync(Refusal.EffectiveInThePast, () => ledger.Books.BuyCreditAsync(customer, Eur("1"), Model, ledger.Clock.Now));
        Assert.Empty(ledger.Books.ListCredits());
    }

    private static Amount Net(TestLedger ledger, Account account) =>
        ledger.Books.Balances().FirstOrDefault(balance => balance.Account == account)?.Net ?? Eur("0");
}
