using Ayni.Tests;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>Months worked out by hand.</summary>
public sealed class GoldenMonthTests
{
    [Fact]
    public async Task Euro_with_an_app_whose_developer_shares()
    {
        // Input 0.50, cached 0.10, output 1.50 EUR per million; licensor 30 %, host 50 %, developer 20 %.
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync(ofApp: true);

        // 1,000,000 × 0.50 / 10⁶ + 500,000 × 1.50 / 10⁶ = 0.50 + 0.75 = 1.25
        Assert.Equal(Eur("1.25"), (await ledger.UseAsync(key, 1_000_000, 0, 500_000)).Charge);
        // 333,333 × 0.50 / 10⁶ + 1 × 1.50 / 10⁶ = 0.1666665 + 0.0000015 = 0.166668
        Assert.Equal(Eur("0.166668"), (await ledger.UseAsync(key, 333_333, 0, 1)).Charge);

        // Revenue 1.25 + 0.166668 = 1.416668. Licensor 30 % = 0.4250004, host 50 % = 0.708334, developer 20 % = 0.2833336;
        // in cents 0.42 + 0.70 + 0.28 = 1.40, carried 0.0050004 + 0.008334 + 0.0033336 = 0.016668; together 1.416668.
        ledger.Clock.Now = TestLedger.Period.End;
        await AssertTotals(
            ledger, TestLedger.Period,
            (ledger.Licensor, "0", "0.4250004", "0.42", "0.0050004"),
            (ledger.Host, "0", "0.708334", "0.70", "0.008334"),
            (ledger.Developer, "0", "0.2833336", "0.28", "0.0033336"));

        // December: 20,000 × 0.50 / 10⁶ = 0.01; shares 0.003, 0.005, 0.002. With the carry 0.0080004, 0.013334 and 0.0053336,
        // of which only the host's makes a cent.
        await ledger.UseAsync(key, 20_000, 0, 0);
        ledger.Clock.Now = TestLedger.Period.Next.End;
        await AssertTotals(
            ledger, TestLedger.Period.Next,
            (ledger.Licensor, "0.0050004", "0.003", "0", "0.0080004"),
            (ledger.Host, "0.008334", "0.005", "0.01", "0.003334"),
            (ledger.Developer, "0.0033336", "0.002", "0", "0.0053336"));

        // January: nobody asks anything; what was carried stays as it is.
        ledger.Clock.Now = TestLedger.Period.Next.Next.End;
        await AssertTotals(
            ledger, TestLedger.Period.Next.Next,
            (ledger.Licensor, "0.0080004", "0", "0", "0.0080004"),
            (ledger.Host, "0.003334", "0", "0", "0.003334"),
            (ledger.Developer, "0.0053336", "0", "0", "0.0053336"));
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task Yen_without_an_app_so_that_the_host_has_the_developers_share()
    {
        // Input 7.123456789012, output 11 JPY per million; licensor 333,333, host 333,333, developer 333,334 parts. A yen has no decimals.
        await using var ledger = await WithPartiesAsync();
        await ledger.SetPriceAsync("JPY", "7.123456789012", "0", "11");
        await ledger.Books.AgreeAsync(
            Model, [Share.Of(Role.Licensor, 333_333), Share.Of(Role.Host, 333_333), Share.Of(Role.Developer, 333_334)]);
        var key = await ledger.KeyAsync("JPY");

        // 1 × 7.123456789012 / 10⁶ + 10⁶ × 11 / 10⁶ = 11.000007123456789012, rounded to twelve decimals 11.000007123457.
        Assert.Equal("11.000007123457", (await ledger.UseAsync(key, 1, 0, 1_000_000)).Charge.Format());

        // In units 11,000,007,123,457. Without an app the host has 333,333 + 333,334 = 666,667 parts.
        // Licensor: 11,000,007 × 333,333 = 3,666,665,333,331; 123,457 × 333,333 / 10⁶ = 41,152 rest 292,181; together 3,666,665,374,483.
        // Host:     11,000,007 × 666,667 = 7,333,341,666,669; 123,457 × 666,667 / 10⁶ = 82,304 rest 707,819; together 7,333,341,748,973.
        // One unit is left and goes to the larger rest, the host's: 7,333,341,748,974.
        ledger.Clock.Now = TestLedger.Period.End;
        await AssertTotals(
            ledger, TestLedger.Period,
            (ledger.Licensor, "0", "3.666665374483", "3", "0.666665374483"),
            (ledger.Host, "0", "7.333341748974", "7", "0.333341748974"));

        // December, the same again. Licensor: 0.666665374483 + 3.666665374483 = 4.333330748966. Host: 0.333341748974 + 7.333341748974 =
        // 7.666683497948. Paid 4 + 7 = 11; carry changes by −0.333334625517 + 0.333341748974 = 0.000007123457; together the charge.
        await ledger.UseAsync(key, 1, 0, 1_000_000);
        ledger.Clock.Now = TestLedger.Period.Next.End;
        await AssertTotals(
            ledger, TestLedger.Period.Next,
            (ledger.Licensor, "0.666665374483", "3.666665374483", "4", "0.333330748966"),
            (ledger.Host, "0.333341748974", "7.333341748974", "7", "0.666683497948"));
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task Dinar_with_new_terms_in_the_month_and_a_receipt_after_the_close()
    {
        // Input 2, output 6 KWD per million. Licensor 40 %, host 60 % until the 15th, then 25 % and 75 %. A dinar has three decimals.
        await using var ledger = await WithPartiesAsync();
        await ledger.SetPriceAsync("KWD", "2", "2", "6");
        await ledger.Books.AgreeAsync(null, [Share.Of(Role.Licensor, 400_000), Share.Of(Role.Host, 600_000)]);
        await ledger.Books.AgreeAsync(
            null, [Share.Of(Role.Licensor, 250_000), Share.Of(Role.Host, 750_000)],
            new DateTimeOffset(2026, 11, 15, 0, 0, 0, TimeSpan.Zero));
        var key = await ledger.KeyAsync("KWD");

        // 5 November: 250,001 × 2 / 10⁶ = 0.500002. Licensor 0.2000008, host 0.3000012.
        await ledger.UseAsync(key, 250_001, 0, 0);
        // 20 November: 100,000 × 6 / 10⁶ = 0.6. Licensor 0.15, host 0.45.
        ledger.Clock.Now = November.AddDays(15);
        await ledger.UseAsync(key, 0, 0, 100_000);
        // 30 November, a tick before midnight, let in but not posted yet: 1 × 2 / 10⁶ = 0.000002. Licensor 0.0000005, host 0.0000015.
        ledger.Clock.Now = TestLedger.Period.End.AddMicroseconds(-1);
        var late = ledger.Usage(key, 1, 0, 0);

        ledger.Clock.Now = TestLedger.Period.End;
        await AssertTotals(
            ledger, TestLedger.Period,
            (ledger.Licensor, "0", "0.3500008", "0.350", "0.0000008"),
            (ledger.Host, "0", "0.7500012", "0.750", "0.0000012"));
        var november = ledger.Books.Statement(TestLedger.Period, ledger.Licensor.Id);
        Assert.Equal(["1: 400000 of 0.500002", "2: 250000 of 0.600"], november.Lines.Select(Shown));

        // The late receipt keeps its own price and agreement and stands in December as a line that names November.
        Assert.Equal("0.000002", (await ledger.Books.PostAsync(late)).Charge.Format());
        ledger.Clock.Now = TestLedger.Period.Next.End;
        await AssertTotals(
            ledger, TestLedger.Period.Next,
            (ledger.Licensor, "0.0000008", "0.0000005", "0", "0.0000013"),
            (ledger.Host, "0.0000012", "0.0000015", "0", "0.0000027"));
        var line = Assert.Single(ledger.Books.Statement(TestLedger.Period.Next, ledger.Licensor.Id).Lines);
        Assert.Equal((TestLedger.Period, "2: 250000 of 0.000002"), (line.ServicePeriod, Shown(line)));
        Assert.Equal(november, ledger.Books.Statement(TestLedger.Period, ledger.Licensor.Id));
        Assert.Empty(ledger.Books.Audit());

        static string Shown(StatementLine line) => $"{line.AgreementVersion}: {line.PartsPerMillion} of {line.Gross.Format()}";
    }

    private static async Task AssertTotals(
        TestLedger ledger, Period period, params (Party Party, string CarryIn, string Earned, string Payable, string CarryOut)[] expected)
    {
        var estimate = ledger.Books.Settle(period);
        var final = await ledger.Books.ClosePeriodAsync(period);
        Assert.Equal(PeriodStatus.Closed, final.Status);
        Assert.Equal(estimate.Totals.ToArray(), final.Totals.ToArray());
        var currency = final.Totals[0].Currency;
        Assert.Equal(
            expected.OrderBy(row => row.Party.Id, StringComparer.Ordinal)
                .Select(row => new PartyTotal(row.Party.Id, In(row.CarryIn), In(row.Earned), In(row.Payable), In(row.CarryOut))),
            final.Totals);
        // What the close posted is what it says: the carry accounts hold what is carried on.
        foreach (var row in expected)
            Assert.Equal(In(row.CarryOut), -Net(ledger, Account.Carry(row.Party.Id), currency));

        Amount In(string text) => Amount.Parse(text, currency);
    }

    private static Amount Net(TestLedger ledger, Account account, Currency currency) =>
        ledger.Books.Balances().FirstOrDefault(balance => balance.Account == account)?.Net ?? Amount.Zero(currency);
}
