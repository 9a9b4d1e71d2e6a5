using Ayni.Tests;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Ledger.Tests;

/// <summary>For any prices, tokens and shares the money that comes in is the money that goes out, to the unit.</summary>
public sealed class SettlementPropertyTests
{
    private static readonly string[] PartyIds = ["pty_a", "pty_b", "pty_c", "pty_d", "pty_host"];

    /// <summary>An agreement among up to four parties and the app's developer, its parts cut at random places of the million.</summary>
    private static Gen<Agreement> Agreements =>
        from cuts in Gen.Choose(1, 999_999).ArrayOf(4)
        from withDeveloper in Gen.Elements(true, false)
        let edges = cuts.Order().Distinct().ToArray()
        let parts = edges.Append(1_000_000).Zip(edges.Prepend(0), (end, start) => end - start).ToArray()
        select new Agreement(
            1, null, [.. parts.Select((part, i) => new Share(null, i == 0 && withDeveloper ? null : PartyIds[i % 4], part))], "pty_host",
            TestLedger.November);

    private static Gen<RevenueLine> Lines =>
        from price in Gen.Choose(0, int.MaxValue)
        from scale in Gen.Elements(1L, 1_000L, 1_000_000L, 1_000_000_000_000L)
        from currency in Gen.Elements("EUR", "JPY", "KWD", "CLF")
        from tokens in Gen.Choose(0, 1_000_000_000)
        from hasApp in Gen.Elements(true, false)
        let rate = new Amount((Int128)price * scale, Currency.Parse(currency))
        let counts = new TokenCounts(tokens, tokens / 3, tokens / 7)
        let charge = new Price(1, "llama", rate, rate, rate, TestLedger.November).Charge(counts)
        select new RevenueLine(new(rate.Currency, "llama", hasApp ? "app_1" : null, 1, TestLedger.Period), 1, counts, charge);

    [Fact]
    public void The_shares_of_any_revenue_add_up_to_it() => Prop.ForAll(
        (from agreement in Agreements from line in Lines select (agreement, line)).ToArbitrary(),
        input =>
        {
            var shares = RevenueShare.Compute(input.line, input.agreement, Developer(input.line));
            return shares.Aggregate(Amount.Zero(input.line.Gross.Currency), (sum, share) => sum + share.Amount) == input.line.Gross
                && shares.Sum(share => share.PartsPerMillion) == Share.Whole
                && shares.All(share => share.Amount.Sign >= 0);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_order_in_which_an_agreement_names_its_shares_does_not_matter() => Prop.ForAll(
        (from agreement in Agreements from line in Lines select (agreement, line)).ToArbitrary(),
        input =>
        {
            var reversed = input.agreement with { Shares = [.. input.agreement.Shares.Reverse()] };
            return RevenueShare.Compute(input.line, input.agreement, Developer(input.line))
                .SequenceEqual(RevenueShare.Compute(input.line, reversed, Developer(input.line)));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Payables_and_carry_of_any_months_add_up_to_what_was_charged() => Prop.ForAll(
        (from agreement in Agreements
         from months in Lines.ListOf().ArrayOf(4)
         select (agreement, months)).ToArbitrary(),
        input =>
        {
            var carries = new Dictionary<(string, Currency), Amount>();
            foreach (var month in input.months)
            {
                var shares = month.SelectMany(line => RevenueShare.Compute(line, input.agreement, Developer(line)));
                var totals = Settlement.Total(shares, carries);
                foreach (var currency in month.Select(line => line.Gross.Currency).Distinct())
                {
                    var gross = month.Where(line => line.Gross.Currency == currency)
                        .Aggregate(Amount.Zero(currency), (sum, line) => sum + line.Gross);
                    var distributed = totals.Where(total => total.Currency == currency)
                        .Aggregate(Amount.Zero(currency), (sum, total) => sum + total.Payable + (total.CarryOut - total.CarryIn));
                    if (distributed != gross)
                        return false;
                }
                if (totals.Any(total => total.Payable != total.Payable.FloorToMinorUnit() || total.CarryOut.FloorToMinorUnit().Sign != 0))
                    return false;
                carries = totals.ToDictionary(total => (total.PartyId, total.Currency), total => total.CarryOut);
            }
            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_debt_is_carried_and_never_paid()
    {
        var carries = new Dictionary<(string, Currency), Amount> { [("pty_a", Currency.Parse("EUR"))] = TestLedger.Eur("-1.005") };
        var total = Assert.Single(Settlement.Total([new("pty_a", 1, TestLedger.Eur("0.50"))], carries));
        Assert.Equal((TestLedger.Eur("0"), TestLedger.Eur("-0.505")), (total.Payable, total.CarryOut));
    }

    [Fact]
    public void Any_months_posted_for_real_leave_a_journal_that_balances() => Prop.ForAll(
        (from rate in Gen.Choose(0, int.MaxValue)
         from tokens in Gen.Choose(0, 1_000_000_000).ArrayOf(12)
         from cut in Gen.Choose(1, 999_998)
         from currency in Gen.Elements("EUR", "JPY", "KWD")
         select (rate, tokens, cut, currency)).ToArbitrary(),
        input => SettleForReal(input.rate, input.tokens, input.cut, Currency.Parse(input.currency)).GetAwaiter().GetResult())
        .Check(Config.QuickThrowOnFailure.WithMaxTest(8));

    private static string? Developer(RevenueLine line) => line.Group.AppId is null ? null : "pty_d";

    private static async Task<bool> SettleForReal(int rate, int[] tokens, int cut, Currency currency)
    {
        await using var ledger = await TestLedger.WithPartiesAsync();
        var price = new Amount((Int128)rate * 1_000_000_007, currency);
        await ledger.Books.SetPriceAsync(TestLedger.Model, currency, price, price);
        await ledger.Books.AgreeAsync(
            null, [Share.Of(Role.Licensor, cut), Share.Of(Role.Developer, 999_999 - cut), Share.Of(Role.Host, 1)]);
        var keys = new[] { await ledger.KeyAsync(currency.Code), await ledger.KeyAsync(currency.Code, ofApp: true) };
        var charged = Amount.Zero(currency);
        for (var i = 0; i < tokens.Length; i++)
        {
            charged += (await ledger.UseAsync(keys[i % 2], tokens[i], i, tokens[i] / 2)).Charge;
            if (i % 4 != 3)
                continue;
            var period = Period.Of(ledger.Clock.Now);
            ledger.Clock.Now = period.End;
            await ledger.Books.ClosePeriodAsync(period);
        }
        var balances = ledger.Books.Balances();
        var owedToParties = balances.Where(balance => balance.Account.Name.StartsWith("party:", StringComparison.Ordinal))
            .Aggregate(Amount.Zero(currency), (sum, balance) => sum - balance.Net);
        return balances.Aggregate(Amount.Zero(currency), (sum, balance) => sum + balance.Net).Sign == 0
            && owedToParties == charged && ledger.Books.Audit().Count == 0;
    }
}
