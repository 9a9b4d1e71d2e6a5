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
