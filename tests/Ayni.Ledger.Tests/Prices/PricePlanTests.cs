using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>What plans say and what they charge.</summary>
public sealed class PricePlanTests
{
    private const string Graduated =
        """
        model: llama
        currency: EUR
        input: 0.50
        tiers:
          kind: graduated
          metric: output
          steps:
            - up_to: 1_000_000
              rate: 1.50
            - up_to: 3_000_000
              rate: 1.20
            - rate: 0.90
        cached: 0.10
        """;

    [Theory]
    // One token below the first boundary: 999,999 × 1.50 / 10⁶ = 1.4999985.
    [InlineData(0, 999_999, "1.4999985")]
    // At it: 1,000,000 × 1.50 / 10⁶ = 1.50; the millionth token is still in the first step.
    [InlineData(0, 1_000_000, "1.50")]
    // One above: 1.50 + 1 × 1.20 / 10⁶ = 1.5000012.
    [InlineData(0, 1_000_001, "1.5000012")]
    // From within the first step over the second into the third: 500,000 × 1.50 + 2,000,000 × 1.20 + 500,000 × 0.90 = 0.75 + 2.40 + 0.45.
    [InlineData(500_000, 3_000_000, "3.60")]
    // The last token of the second step alone, then the first of the third: 1.20 and 0.90 / 10⁶.
    [InlineData(2_999_999, 1, "0.0000012")]
    [InlineData(3_000_000, 1, "0.0000009")]
    public void Graduated_tiers_price_each_token_at_the_step_it_lies_in(long before, long tokens, string expected) =>
        Assert.Equal(Eur(expected), Plans.Read(Graduated).Charge(new(0, 0, tokens), null, new(7, 1, 2, before)));

    [Theory]
    // All of a request at the step that the month reaches with it: 1,000,000 is in the first, 1,000,001 in the second.
    [InlineData(0, 1_000_000, "1.50")]
    [InlineData(0, 1_000_001, "1.2000012")]
    [InlineData(999_999, 1, "0.0000015")]
    [InlineData(999_999, 2, "0.0000024")]
    [InlineData(2_999_999, 1, "0.0000012")]
    [InlineData(2_999_999, 2, "0.0000018")]
    public void Volume_tiers_price_all_tokens_at_the_step_that_is_reached(long before, long tokens, string expected) =>
        Assert.Equal(
            Eur(expected),
            Plans.Read(Graduated.Replace("graduated", "volume", StringComparison.Ordinal)).Charge(new(0, 0, tokens), null, new(7, 0, 0, before)));

    [Fact]
    public void A_request_is_charged_its_part_of_a_package()
    {
        var plan = Plans.Read("model: m\ncurrency: EUR\ninput: 0\ncached: 0\noutput: 0\n"
            + "tiers: {kind: package, metric: requests, size: 7, price: 1}");
        // A seventh: 0.142857142857 142857…, rounded down; half a euro on top changes nothing of it.
        Assert.Equal(Eur("0.142857142857"), plan.Charge(default, null, default));
        // Two thirds of a unit and a third of one make a whole unit only together: rounded once.
        plan = Plans.Read("model: m\ncurrency: EUR\ninput: 0.000000333333\ncached: 0\noutput: 0\n"
            + "tiers: {kind: package, metric: requests, size: 3, price: 0.000000000002}");
        Assert.Equal(Eur("0.000000000001"), plan.Charge(new(1, 0, 0), null, default));
        Assert.Equal(Eur("0.000000000001"), plan.Charge(new(2, 0, 0), null, default));
        Assert.Equal(Eur("0.000000000002"), plan.Charge(new(3, 0, 0), null, default));
    }

    [Fact]
    public void Each_metric_may_have_tiers_of_its_own()
    {
        var plan = Plans.Read(
            """
            model: llama
            currency: EUR
            cached: 0.10
            tiers:
              - {kind: package, metric: requests, size: 1000, price: 10}
              - {kind: graduated, metric: input, steps: [{up_to: 1000, rate: 1}, {rate: 0.50}]}
              - {kind: volume, metric: output, steps: [{up_to: 2000, rate: 3}, {rate: 2}]}
            """);
        // 600 + 600 of input: 400 at 1 and 200 at 0.50 = 500; 2,001 of output reach 2: 4,002; 100 cached at 0.10 = 10; 4,512 / 10⁶. And a
        // thousandth of a package: 0.01.
        Assert.Equal(Eur("0.014512"), plan.Charge(new(600, 100, 2_001), null, new(7, 600, 0, 0)));
        Assert.Equal(
            ["cached", "input, step 1", "input, step 2", "output, at the volume so far", "requests, of packages"],
            plan.Explain(new(600, 100, 2_001), null, new(7, 600, 0, 0)).Select(line => line.What));
        Assert.Equal(plan, Plans.Read(plan.ToString()));
    }

    [Fact]
    public void Packages_of_several_sizes_are_summed_exactly_and_rounded_once() => Prop.ForAll(
        (from sizes in Gen.Choose(1, 1_000_000_000).ArrayOf(4)
         from prices in Gen.Choose(0, int.MaxValue).ArrayOf(4)
         from counts in Gen.Choose(0, 1_000_000_000).ArrayOf(3)
         select (sizes, prices, counts)).ToArbitrary(),
        input =>
        {
            string[] metrics = ["input", "cached", "output", "requests"];
            var plan = Plans.Read("model: m\ncurrency: EUR\ntiers:\n" + string.Join('\n', metrics.Select((metric, i) =>
                FormattableString.Invariant($"- {{kind: package, metric: {metric}, size: {input.sizes[i]}, price: 0.{input.prices[i]:D12}}}"))));
            var charge = (BigInteger)plan.Charge(new(input.counts[0], input.counts[1], input.counts[2]), null, default).Units;
            var whole = input.sizes.Aggregate(BigInteger.One, (product, size) => product * size);
            long[] quantities = [.. input.counts.Select(count => (long)count), 1];
            var exact = Enumerable.Range(0, 4).Aggregate(
                BigInteger.Zero, (sum, i) => sum + (BigInteger)input.prices[i] * quantities[i] * whole / input.sizes[i]);
            return BigInteger.Abs(charge * whole - exact) * 2 <= whole;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    [Fact]
    public void A_request_and_an_adapter_have_prices_of_their_own()
    {
        var plan = Plans.Read(
            """
            model: llama
            currency: EUR
            input: 0.50
            output: 1.50
            request: 0.002
            adapters:
              - name: poet
                per_million: 0.25
              - name: notary
                per_million: 1
                per_request: 0.10
            """);
        // 1,000 × 0.50 / 10⁶ + 2,000 × 1.50 / 10⁶ + 0.002 = 0.0005 + 0.003 + 0.002 = 0.0055
        Assert.Equal(Eur("0.0055"), plan.Charge(new(1_000, 0, 2_000), null, default));
        // … + 3,000 × 0.25 / 10⁶ = 0.00625
        Assert.Equal(Eur("0.00625"), plan.Charge(new(1_000, 0, 2_000), "poet", default));
        // … + 3,000 × 1 / 10⁶ + 0.10 = 0.1085
        Assert.Equal(Eur("0.1085"), plan.Charge(new(1_000, 0, 2_000), "notary", default));
        Assert.Equal(Eur("0.0055"), plan.Charge(new(1_000, 0, 2_000), "unpriced", default));
    }

    [Fact]
    public void What_is_free_is_free_up_to_its_last_token()
    {
        var plan = Plans.Read("model: m\ncurrency: EUR\ninput: 1\ncached: 0.10\noutput: 2\nrequest: 0.5\nfree: {tokens: 100, requests: 2}");
        Assert.Equal(Eur("0"), plan.Charge(new(40, 0, 59), null, default)); // 99 of 100
        Assert.Equal(Eur("0"), plan.Charge(new(40, 0, 60), null, default)); // 100
        Assert.Equal(Eur("0.000002"), plan.Charge(new(40, 0, 61), null, default)); // one token of output too many
        Assert.Equal(Eur("0"), plan.Charge(new(1, 0, 0), null, new(1, 40, 0, 59))); // the hundredth token, the second request
        // Ten left, of input first: 20 − 10 = 10 of input, 5 cached and 5 of output are charged, and the third request.
        Assert.Equal(Eur("0.5000205"), plan.Charge(new(20, 5, 5), null, new(2, 90, 0, 0)));
    }

    [Fact]
    public void A_charge_is_what_a_person_finds_token_by_token() => Prop.ForAll(
        (from plan in Plans.Any
         from request in Plans.Requests
         from adapter in Gen.Elements(null, "poet", "other")
         select (plan, request, adapter)).ToArbitrary(),
        input => input.plan.Charge(input.request.Counts, input.adapter, input.request.Before).Units
            == PlanReference.Charge(input.plan, input.request.Counts, input.adapter, input.request.Before))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));

    [Fact]
    public void The_lines_of_an_explanation_add_up_to_the_charge() => Prop.ForAll(
        (from plan in Plans.Any
         from request in Plans.Requests
         from adapter in Gen.Elements(null, "poet")
         select (plan, request, adapter)).ToArbitrary(),
        input =>
        {
            var lines = input.plan.Explain(input.request.Counts, input.adapter, input.request.Before);
            var denominator = lines.Aggregate(BigInteger.One, (product, line) => product * line.Per);
            var sum = lines.Aggregate(BigInteger.Zero, (sum, line) => sum + (BigInteger)line.Rate.Units * line.Quantity * denominator / line.Per);
            var charge = (BigInteger)input.plan.Charge(input.request.Counts, input.adapter, input.request.Before).Units;
            return BigInteger.Abs(charge * denominator - sum) * 2 <= denominator && lines.All(line => line.Quantity > 0);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void However_a_month_is_cut_into_requests_graduated_tiers_and_allowances_give_the_same_sum() => Prop.ForAll(
        (from plan in Plans.Any
         from requests in Plans.Requests.ListOf()
         select (plan, counts: requests.Select(request => request.Counts).ToList())).ToArbitrary(),
        input =>
        {
            // Rates in whole millionths of a unit's million have no rounding, which is the other tests'.
            if (input.plan.Free is not { Tokens: 0, Requests: 0 }
                || !input.plan.Tiers.All(tiers => tiers is GraduatedTiers { Metric: not UsageMetric.Requests }))
                return true;
            var plan = Plans.Read(string.Join('\n', "model: m", Rest(input.plan)));
            var (sum, before) = (Amount.Zero(plan.Currency), default(MonthUse));
            foreach (var counts in input.counts)
            {
                sum += plan.Charge(counts, null, before);
                before += MonthUse.Of(counts);
            }
            var whole = new TokenCounts(before.Input, before.Cached, before.Output);
            var requestsMore = plan.Request.Units * (input.counts.Count - 1);
            return input.counts.Count == 0 || sum.Units == plan.Charge(whole, null, default).Units + requestsMore;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void Nothing_costs_more_than_the_highest_charge() => Prop.ForAll(
        (from plan in Plans.Any
         from request in Plans.Requests
         from adapter in Gen.Elements(null, "poet")
         from found in Gen.Choose(0, 20)
         from generated in Gen.Choose(0, 9)
         select (plan, request, adapter, found, generated)).ToArbitrary(),
        input =>
        {
            var expected = input.request.Counts;
            var prompt = expected.Prompt + expected.Cached;
            var cached = Math.Min(input.found, prompt);
            var actual = new TokenCounts(prompt - cached, cached, Math.Min(input.generated, expected.Generated));
            return input.plan.Charge(actual, input.adapter, input.request.Before) <= input.plan.Highest(expected, input.adapter);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));

    [Fact]
    public void The_largest_prices_and_counts_do_not_overflow()
    {
        var most = new TokenCounts(TokenCounts.Largest, TokenCounts.Largest, TokenCounts.Largest);
        foreach (var kind in new[] { "graduated", "volume" })
        {
            var plan = Plans.Read("model: m\ncurrency: EUR\nrequest: 1000000000000\nadapters: [{name: a, per_million: 1000000000000}]\n"
                + $"tiers: {{kind: {kind}, metric: tokens, steps: [{{up_to: 5, rate: 1000000000000}}, {{rate: 1000000000000}}]}}");
            // Three thousand millions of tokens at 10¹², twice, and a request of 10¹².
            Assert.Equal(Amount.ParseStored("6001000000000000", Currency.Parse("EUR")), plan.Charge(most, "a", new(1, 1_000_000_000_000, 0, 0)));
        }
        var package = Plans.Read("model: m\ncurrency: EUR\ntiers: {kind: package, metric: tokens, size: 1, price: 1000000}");
        Assert.Equal(Amount.ParseStored("3000000000000000", Currency.Parse("EUR")), package.Charge(most, null, default));
    }

    [Fact]
    public void A_plan_is_its_canonical_text_and_back() => Prop.ForAll(Plans.Any.ToArbitrary(), plan =>
    {
        var text = plan.ToString();
        return Plans.Read(text) == plan && PlanReader.Read(DocumentFields.ParseStored("stored", text), LedgerZone.Utc).Plan == plan
            && Plans.Read(text).ToString() == text;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void The_canonical_text_says_each_thing_once()
    {
        const string Rules = "name: n\nmodel: m\ncurrency: EUR\ninput: 1\noutput: 1\nfee: 9\n";
        Assert.EndsWith("\"fee\":\"9.00\"}", Plans.Read(Rules + "free_use: shared\nbreakage: used\nproration: none").ToString(), StringComparison.Ordinal);
        Assert.EndsWith("\"breakage\":\"plan\",\"proration\":\"days\"}", Plans.Read(Rules + "breakage: plan\nproration: days").ToString(), StringComparison.Ordinal);
        Assert.Equal(
            """
            {"models":["llama"],"currency":"EUR","input":"0.50","cached":"0.10","tiers":{"kind":"graduated","metric":"output","steps":[{"up_to":1000000,"rate":"1.50"},{"up_to":3000000,"rate":"1.20"},{"rate":"0.90"}]}}
            """,
            Plans.Read(Graduated).ToString());
        Assert.Equal(
            """{"models":["m"],"currency":"EUR","input":"1.00","cached":"1.00","output":"2.00"}""",
            Plans.Read("currency: EUR\nmodel: m\noutput: 2\ninput: 1\nrequest: 0\nfree: {input: 0}").ToString());
    }

    [Theory]
    [InlineData("currency: EUR", "model: says one of both")]
    [InlineData("model: m\nmodels: [a]", "model: says one of both")]
    [InlineData("models: [a, a]", "models: one occurs twice")]
    [InlineData("model: m\ncurrency: eur", "currency: is no currency")]
    [InlineData("model: m\ncurrency: EUR\ninput: 1.0000000000001", "input: expected an amount")]
    [InlineData("model: m\ncurrency: EUR\ninput: 1e3", "input: expected an amount")]
    [InlineData("model: m\ncurrency: EUR\ninput: 1000000000001", "input: lies outside")]
    [InlineData("model: m\ncurrency: EUR\ninput: -1", "input: expected an amount")]
    [InlineData("model: m\ncurrency: EUR\ninput: 1", "'output' is missing")]
    [InlineData("model: m\ncurrency: EUR\ninput: 1\noutput: 1\nfrom: 1.12.2026", "from: expected a day")]
    [InlineData("model: m\ncurrency: EUR\ninput: 1\noutput: 1\nfee: 5", "fee: give the plan a 'name'")]
    [InlineData("model: m\ncurrency: EUR\ninput: 1\noutput: 1\ndiscount: 5", "unknown field 'discount'")]
    [InlineData("model: m\ncurrency: EUR\ninput: 1\noutput: 1\nfree: {tokens: 1, input: 1}", "tokens: all three kinds")]
    [InlineData("model: m\ncurrency: EUR\ntiers: {kind: package, metric: tokens, size: 0, price: 1}", "size: 0 is not from 1")]
    [InlineData("model: m\ncurrency: EUR\noutput: 1\ninput: 1\ntiers: {kind: package, metric: input, size: 1, price: 1}", "input: price it already")]
    [InlineData("model: m\ncurrency: EUR\noutput: 1\ntiers: {kind: package, metric: input, size: 1, price: 1}", "cached: state it")]
    [InlineData("model: m\ncurrency: EUR\ntiers: {kind: graduated, metric: tokens, steps: [{rate: 1}, {rate: 2}]}", "up_to: every step but the last")]
    [InlineData("model: m\ncurrency: EUR\ntiers: {kind: graduated, metric: tokens, steps: [{up_to: 5, rate: 1}]}", "up_to: the last has no end")]
    [InlineData(
        "model: m\ncurrency: EUR\ntiers: {kind: volume, metric: tokens, steps: [{up_to: 5, rate: 1}, {up_to: 5, rate: 1}, {rate: 1}]}",
        "up_to: 5 is not above")]
    [InlineData("model: m\ncurrency: EUR\ntiers: {kind: stairs, metric: tokens}", "kind: is none of")]
    [InlineData(
        "model: m\ncurrency: EUR\ntiers:\n- {kind: package, metric: tokens, size: 1, price: 1}\n- {kind: package, metric: input, size: 1, price: 1}",
        "metric: tiers on tokens price it already")]
    [InlineData("model: m\ncurrency: EUR\ninput: 1\noutput: 1\nbreakage: plan", "breakage: the plan has none")]
    [InlineData("model: m\ncurrency: EUR\ninput: 1\noutput: 1\nproration: days", "proration: the plan has none")]
    [InlineData("model: m\ncurrency: EUR\ninput: 1\noutput: 1\nfree_use: nobody", "free_use: is none of shared, own")]
    [InlineData(
        "model: m\nname: n\nfee: 1\ncurrency: EUR\ninput: 1\noutput: 1\nfree_use: own\nbreakage: plan", "breakage: gives free use nothing")]
    public void What_is_no_plan_is_refused_with_its_place(string yaml, string says)
    {
        var error = Assert.Throws<DocumentException>(() => Plans.Read(yaml));
        Assert.InRange(error.Line, 1, yaml.Count(letter => letter == '\n') + 1);
        Assert.StartsWith("plan.yaml:", error.Message, StringComparison.Ordinal);
        Assert.All(says.Split(": "), part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_field_at_fault_is_named_with_its_line()
    {
        var error = Assert.Throws<DocumentException>(() => Plans.Read(Graduated.Replace("1.20", "cheap", StringComparison.Ordinal)));
        Assert.Equal((11, "plan.yaml:11:13: rate: expected an amount of EUR such as 12.50, found 'cheap'"), (error.Line, error.Message));
    }

    [Fact]
    public void Any_text_is_a_plan_or_is_refused_by_name()
    {
        var random = new Random(20261127);
        const string Seed = Graduated + "\nfree: {requests: 3}\nadapters: [{name: poet, per_million: 1}]\nminimum: 3\nname: gold\nfee: 9\n";
        string[] words = ["-1", "1e9", "99999999999999999999", "[]", "{}", "~", "''", "tokens", "volume", "\u0660", ": ", "\n- ", "\t", "#"];
        var read = 0;
        for (var round = 0; round < 3_000; round++)
        {
            var text = Seed;
            for (var change = random.Next(1, 5); change > 0; change--)
            {
                var at = random.Next(text.Length);
                var length = Math.Min(random.Next(0, 6), text.Length - at);
                text = text.Remove(at, length).Insert(at, random.Next(3) == 0 ? words[random.Next(words.Length)] : "");
            }
            try
            {
                read += Plans.Read(text).Charge(new(5, 5, 5), "poet", default).Sign >= 0 ? 1 : 0;
            }
            catch (DocumentException error)
            {
                Assert.True(error.Line >= 0, $"round {round}");
            }
        }
        Assert.InRange(read, 1, 2_999);
    }

    /// <summary>The plan with rates of whole units for a million, so that nothing is rounded.</summary>
    private static string Rest(PricePlan plan)
    {
        var tiers = plan.Tiers.IsEmpty ? "" : "tiers:\n" + string.Join('\n', plan.Tiers.Cast<GraduatedTiers>().Select(graduated =>
            $"- {{kind: graduated, metric: {graduated.Metric.Name()}, steps: ["
            + string.Join(", ", graduated.Steps.Select(step => $"{{{(step.UpTo is { } upTo ? $"up_to: {upTo}, " : "")}rate: {Whole(step.Rate)}}}"))
            + "]}"));
        var free = $"free: {{input: {plan.Free.Input}, cached: {plan.Free.Cached}, output: {plan.Free.Output}}}";
        if (plan.Tiers.Any(one => one.Metric == UsageMetric.Tokens))
            return $"currency: EUR\nrequest: {Whole(plan.Request)}\n{tiers}";
        var flat = new[] { (UsageMetric.Input, plan.Input), (UsageMetric.Cached, plan.Cached), (UsageMetric.Output, plan.Output) }
            .Where(rate => plan.Tiers.All(one => one.Metric != rate.Item1)).Select(rate => $"{rate.Item1.Name()}: {Whole(rate.Item2)}");
        return $"currency: EUR\nrequest: {Whole(plan.Request)}\n{string.Join('\n', flat)}\n{free}\n{tiers}";

        static string Whole(Amount amount) => new Amount(amount.Units * 1_000_000, amount.Currency).Format();
    }
}
