using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>Customers charged in another currency than a price's, worked out by hand.</summary>
public sealed class ExchangeTests
{
    private static readonly Currency Euro = Currency.Parse("EUR"), Dollar = Currency.Parse("USD");
    private static readonly Period November = TestLedger.Period, December = TestLedger.Period.Next;

    [Fact]
    public async Task What_is_owed_is_converted_at_the_close_and_the_exchange_gains_or_loses_the_rest()
    {
        // 0.50 EUR in, 1.50 EUR out per million.
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync("USD");
        Assert.Equal(AdmissionRefusalReason.CurrencyMismatch, Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, Model)).Reason);
        await ledger.Books.SetRateAsync(Euro, Usd("1.05"), "ECB");
        await ledger.UseAsync(key, 0, 0, 2_000_000); // 3.00 EUR
        await ledger.UseAsync(key, 400_000, 0, 0); // 0.20 EUR
        // The month is worth what the last rate of November says, which was set in December.
        ledger.Clock.Now = November.End.AddHours(9);
        var rate = await ledger.Books.SetRateAsync(Euro, Usd("1.0825"), "ECB", November.End.AddDays(-1));

        // 3.20 × 1.0825 = 3.464
        var conversion = Assert.Single(ledger.Books.ListConversions(November));
        Assert.Equal((Eur("3.20"), Usd("3.464"), rate.Version), (conversion.Owed, conversion.Converted, conversion.RateVersion));
        await AdjustmentTests.CloseAsync(ledger, November);
        Assert.Equal(conversion, Assert.Single(ledger.Books.ListConversions(November)));
        Assert.Equal((Eur("0"), Usd("3.464")), (Net(ledger, Account.Receivable(key.CustomerId!), Euro), ledger.Books.UnpaidCharges(key.CustomerId!)));
        // The shares are of 3.20 EUR, whatever becomes of the dollars.
        Assert.Equal(Eur("3.20"), ledger.Books.Settle(November).Totals.Aggregate(Eur("0"), (sum, total) => sum + total.Earned));
        await RefusedAsync(
            Refusal.EffectiveInThePast, () => ledger.Books.SetRateAsync(Euro, Usd("1.09"), "ECB", November.End.AddDays(-1)));

        // 1.732 USD, half of them, get 1.65 EUR: they had been converted from 1.60, so 0.05 are gained. The rest gets 1.50: 0.10 are lost.
        await RefusedAsync(Refusal.InvalidRate, () => ledger.Books.RecordExchangeAsync("FX-0", Usd("3.465"), Eur("3")));
        Assert.Equal(Eur("0.05"), (await ledger.Books.RecordExchangeAsync("FX-1", Usd("1.732"), Eur("1.65"))).Gain);
        Assert.Equal(Eur("-0.10"), (await ledger.Books.RecordExchangeAsync("FX-2", Usd("1.732"), Eur("1.50"))).Gain);
        Assert.Equal(Eur("0.05"), (await ledger.Books.RecordExchangeAsync("FX-1", Usd("1.732"), Eur("1.65"))).Gain);
        await RefusedAsync(Refusal.EvidenceReused, () => ledger.Books.RecordExchangeAsync("FX-1", Usd("1"), Eur("1.65")));
        Assert.Equal(Eur("0.05"), Net(ledger, Account.ExchangeGain(Euro, Dollar), Euro));
        Assert.Equal(
            (Eur("0"), Usd("0")),
            (Net(ledger, Account.Position(Euro, Dollar), Euro), Net(ledger, Account.Position(Euro, Dollar), Dollar)));
        Assert.Empty(ledger.Books.Audit());

        // December has nothing to convert.
        ledger.Clock.Now = December.End;
        await AdjustmentTests.CloseAsync(ledger, December);
        Assert.Empty(ledger.Books.ListConversions(December));
    }

    [Fact]
    public async Task A_rate_has_one_direction_and_a_limit_has_one_currency()
    {
        await using var ledger = await ReadyAsync();
        await ledger.Books.SetRateAsync(Dollar, Eur("0.92"), "ECB");
        var key = await ledger.KeyAsync("USD");
        Assert.Contains("no exchange rate", Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, Model)).Message, StringComparison.Ordinal);
        await ledger.Books.SetRateAsync(Euro, Usd("1.08"), "ECB");
        ledger.Admit(key);
        var limited = await ledger.KeyAsync("USD", limit: Usd("5"));
        Assert.Contains("spending limit", Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(limited, Model)).Message, StringComparison.Ordinal);
        await RefusedAsync(Refusal.InvalidRate, () => ledger.Books.SetRateAsync(Euro, Eur("1"), "ECB"));
        await RefusedAsync(Refusal.InvalidRate, () => ledger.Books.SetRateAsync(Euro, Usd("0"), "ECB"));
        Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql("UPDATE exchange_rates SET source = 'me'"));
    }

    [Fact]
    public void A_conversion_is_within_half_a_unit_of_exact() => Prop.ForAll(
        (from units in Gen.Choose(int.MinValue, int.MaxValue)
         from scale in Gen.Elements(1L, 1_000_003L, 1_000_000_000_000L)
         from rate in Gen.Choose(1, int.MaxValue)
         select (amount: (Int128)units * scale, rate: (Int128)rate * 1_000)).ToArbitrary(),
        input =>
        {
            var converted = new ExchangeRate(1, Euro, new(input.rate, Dollar), "test", November.Start).Convert(new(input.amount, Euro)).Units;
            var exact = (BigInteger)input.amount * input.rate;
            return BigInteger.Abs((BigInteger)converted * 1_000_000_000_000 - exact) * 2 <= 1_000_000_000_000;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void However_a_position_is_exchanged_nothing_is_left_of_it() => Prop.ForAll(
        (from tokens in Gen.Choose(1, 1_000_000_000)
         from rate in Gen.Choose(1, 3_000_000)
         from cuts in Gen.Choose(1, 999).ArrayOf(3)
         select (tokens, rate, cuts)).ToArbitrary(),
        input => ExchangeAll(input.tokens, input.rate, input.cuts).GetAwaiter().GetResult())
        .Check(Config.QuickThrowOnFailure.WithMaxTest(6));

    [Fact]
    public async Task A_credit_note_takes_back_the_charges_behind_what_was_converted_at_the_same_rate()
    {
        await using var ledger = await ReadyAsync();
        var invoice = await InvoiceAsync(ledger, 1_082_500);
        Assert.Equal((Usd("3.464"), Usd("4.19")), (invoice.Net, invoice.Total)); // 4.19144
        var customerId = invoice.Recipient.Subject;
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.CreditInvoiceAsync(invoice.Number, [(0, Usd("3.465"))], "too much"));
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.CreditInvoiceAsync(invoice.Number, [(0, Eur("1"))], "no dollars"));

        // Half of 3.464 USD is half of 3.20 EUR: 0.10 of no app, 1.50 of the app's, whatever a dollar is worth by now.
        var note = await ledger.Books.CreditInvoiceAsync(invoice.Number, [(0, Usd("1.732"))], "slow answers");
        Assert.Equal(Usd("2.10"), note.Total); // 2.09572
        Assert.Equal(
            [("AYNI-CN-2026-000001/1/1", null, Eur("0.10"), true), ("AYNI-CN-2026-000001/1/2", ledger.App.Id, Eur("1.50"), false)],
            ledger.Books.ListDeductions(December).Select(it => (it.EvidenceId, it.AppId, it.Amount, it.IsOfNoApp)));
        Assert.All(
            ledger.Books.ListDeductions(December),
            it => Assert.Equal((DeductionType.Refund, Model, November, note.Entry), (it.Type, it.Model, it.ServicePeriod, it.Entry)));
        Assert.Equal(Eur("1.60"), Net(ledger, Account.Revenue(December, Model), Euro));
        Assert.Equal(
            (Eur("1.60"), Usd("-1.732"), Usd("2.09")),
            (Net(ledger, Account.Position(Euro, Dollar), Euro), Net(ledger, Account.Position(Euro, Dollar), Dollar),
                Net(ledger, Account.Receivable(customerId), Dollar)));
        Assert.Empty(ledger.Books.Audit());

        await ledger.Books.CreditInvoiceAsync(invoice.Number, "the rest");
        await RefusedAsync(Refusal.InvalidCredit, () => ledger.Books.CreditInvoiceAsync(invoice.Number, "again"));
        Assert.Equal(
            (Eur("0"), Usd("0"), Usd("0"), Usd("0")),
            (Net(ledger, Account.Position(Euro, Dollar), Euro), Net(ledger, Account.Position(Euro, Dollar), Dollar),
                Net(ledger, Account.Receivable(customerId), Dollar), Net(ledger, Account.OutputTax("VAT"), Dollar)));
        ledger.Clock.Now = December.End;
        await AdjustmentTests.CloseAsync(ledger, December);
        Assert.Equal(Eur("-3.20"), ledger.Books.Settle(December).Totals.Aggregate(Eur("0"), (sum, total) => sum + total.Earned));
    }

    [Fact]
    public async Task What_is_given_up_of_what_was_converted_is_a_bad_debt_of_the_charges_behind_it()
    {
        await using var ledger = await ReadyAsync();
        var invoice = await InvoiceAsync(ledger, 1_082_500);
        await ledger.Books.RecordPaymentAsync(invoice.Recipient.Subject, Usd("2.09"), "77", new(2026, 12, 1));

        // 2.10 of 4.19144 are given up, of 3.464 without tax 1.735537190083: 1.603267612086 EUR, a sixteenth of it of no app.
        var given = await ledger.Books.WriteOffAsync(invoice.Number, "gone");
        var deductions = ledger.Books.ListDeductions(December);
        Assert.Equal(
            [($"{given.Id}/1/1", null, Eur("0.100204225755")), ($"{given.Id}/1/2", ledger.App.Id, Eur("1.503063386331"))],
            deductions.Select(it => (it.EvidenceId, it.AppId, it.Amount)));
        Assert.All(deductions, it => Assert.Equal((DeductionType.BadDebt, Model, null), (it.Type, it.Model, it.Entry)));

        await ledger.Books.ReverseWriteOffAsync(given.Id, "found");
        Assert.All(
            ledger.Books.ListDeductions(December).GroupBy(it => it.AppId),
            app => Assert.Equal(Eur("0"), app.Aggregate(Eur("0"), (sum, it) => sum + it.Amount)));
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public void In_whatever_parts_an_invoice_is_credited_each_charge_comes_back_exactly() => Prop.ForAll(
        (from tokens in Gen.Choose(1, 1_000_000_000).ArrayOf(2)
         from rate in Gen.Choose(1_000, 3_000_000)
         from cuts in Gen.Choose(1, 999).ArrayOf(3)
         select (tokens, rate, cuts)).ToArbitrary(),
        input => CreditAll(input.tokens, input.rate, input.cuts).GetAwaiter().GetResult())
        .Check(Config.QuickThrowOnFailure.WithMaxTest(6));

    private static async Task<bool> CreditAll(int[] tokens, int rate, int[] cuts)
    {
        await using var ledger = await ReadyAsync();
        var invoice = await InvoiceAsync(ledger, rate, tokens[0], tokens[1]);
        var left = invoice.Lines[0].Amount;
        foreach (var cut in cuts)
        {
            var part = new Amount(left.Units * cut / 1000, Dollar);
            try
            {
                await ledger.Books.CreditInvoiceAsync(invoice.Number, [(0, part)], "part");
                left -= part;
            }
            catch (LedgerRefusedException)
            {
                // Rounded to coins, some parts would come to more than the invoice.
            }
        }
        await ledger.Books.CreditInvoiceAsync(invoice.Number, "the rest");
        var credited = ledger.Books.ListDeductions(December).ToLookup(it => it.AppId, it => it.Amount.Units);
        return credited[null].Aggregate(Int128.Zero, (sum, units) => sum + units) == tokens[0] * (Int128)500_000
            && credited[ledger.App.Id].Aggregate(Int128.Zero, (sum, units) => sum + units) == tokens[1] * (Int128)1_500_000
            && Net(ledger, Account.Position(Euro, Dollar), Euro).Sign == 0 && Net(ledger, Account.Position(Euro, Dollar), Dollar).Sign == 0
            && ledger.Books.Audit().Count == 0;
    }

    /// <summary>
    /// November's invoice, with 21 % of tax, for input of no app and output of one, by default 0.20 and 3.00 EUR; a euro is so many
    /// millionths of a dollar in November, and two dollars in December.
    /// </summary>
    private static async Task<Invoice> InvoiceAsync(TestLedger ledger, long millionths, int input = 400_000, int output = 2_000_000)
    {
        await ledger.Books.SetRateAsync(Euro, new(millionths * (Int128)1_000_000, Dollar), "ECB");
        var key = await ledger.KeyAsync("USD");
        await InvoiceTests.BillAsync(ledger, key.CustomerId!, new Tax("VAT", 210_000));
        await ledger.UseAsync(key, input, 0, 0);
        await ledger.UseAsync((await ledger.Books.IssueKeyAsync(key.CustomerId!, "app", ledger.App.Id)).Key, 0, 0, output);
        ledger.Clock.Now = November.End;
        await AdjustmentTests.CloseAsync(ledger, November);
        await ledger.Books.SetRateAsync(Euro, Usd("2"), "ECB");
        return Assert.Single(await ledger.Books.IssueInvoicesAsync(November), one => one.Kind == InvoiceKind.Invoice);
    }

    private static async Task<bool> ExchangeAll(int tokens, int rate, int[] cuts)
    {
        await using var ledger = await ReadyAsync();
        await ledger.Books.SetRateAsync(Euro, new(rate * (Int128)1_000_001, Dollar), "test");
        var charge = (await ledger.UseAsync(await ledger.KeyAsync("USD"), tokens, 0, 0)).Charge;
        ledger.Clock.Now = November.End;
        await ledger.Books.ClosePeriodAsync(November);
        var left = ledger.Books.ListConversions(November)[0].Converted;
        var (bought, gains) = (Eur("0"), Eur("0"));
        for (var i = 0; i <= cuts.Length && left.Sign > 0; i++)
        {
            var part = i == cuts.Length ? left : new Amount(left.Units * cuts[i] / 1000, Dollar);
            if (part.Sign == 0)
                continue;
            var got = new Amount(part.Units + i, Euro);
            gains += (await ledger.Books.RecordExchangeAsync($"FX-{i}", part, got)).Gain;
            (left, bought) = (left - part, bought + got);
        }
        return gains == bought - charge && Net(ledger, Account.Position(Euro, Dollar), Euro).Sign == 0
            && Net(ledger, Account.Position(Euro, Dollar), Dollar).Sign == 0 && ledger.Books.Audit().Count == 0;
    }

    private static Amount Usd(string text) => Amount.Parse(text, Dollar);

    private static Amount Net(TestLedger ledger, Account account, Currency currency) =>
        ledger.Books.Balances().FirstOrDefault(balance => balance.Account == account && balance.Currency == currency)?.Net
        ?? Amount.Zero(currency);
}
