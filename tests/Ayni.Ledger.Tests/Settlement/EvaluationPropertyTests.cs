using System.Collections.Immutable;
using System.Numerics;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Ledger.Tests;

/// <summary>For any terms and any months: nothing is lost, nothing is negative, and each rule does what it says to the unit.</summary>
public sealed class EvaluationPropertyTests
{
    private static readonly Currency Euro = Currency.Parse("EUR");
    private static readonly Amount Nothing = Amount.Zero(Euro);
    private static readonly string[] Payees = ["pty_a", "pty_b", "pty_c", ShareTerms.EachDeveloper];

    /// <summary>Amounts of many sizes, whole and broken, nothing among them.</summary>
    private static Gen<Amount> Amounts =>
        from number in Gen.Choose(0, int.MaxValue)
        from scale in Gen.Elements(0L, 1L, 1_000L, 1_000_000L, 1_000_000_000_000L)
        select new Amount((Int128)number * scale, Euro);

    private static Gen<int> Rates => Gen.OneOf(Gen.Choose(0, 1_000_000), Gen.Elements(0, 1, 333_333, 500_000, 1_000_000));

    private static Gen<ImmutableArray<Tier>> Tiers =>
        from edges in Amounts.ArrayOf(3)
        from rates in Rates.ArrayOf(4)
        let rising = edges.Where(edge => edge.Sign > 0).Distinct().Order().ToArray()
        select rising.Select((edge, i) => new Tier(edge, rates[i])).Append(new Tier(null, rates[3])).ToImmutableArray();

    private static Gen<ShareTerms> Shares =>
        from payee in Gen.Elements(Payees)
        from kind in Gen.Elements(TierKind.Marginal, TierKind.Cliff)
        from tiers in Tiers
        from measure in Gen.Elements(ShareMeasure.Billed, ShareMeasure.Collected)
        from shareBase in Gen.Elements(ShareBase.Net, ShareBase.Gross)
        from amounts in Amounts.ArrayOf(5)
        from has in Gen.Choose(0, 63)
        from carries in Gen.Elements(true, false)
        from recoup in Rates
        let promises = payee != ShareTerms.EachDeveloper
        select new ShareTerms
        {
            Name = "",
            PayeeId = payee,
            Base = shareBase,
            Measure = measure,
            TierKind = kind,
            Tiers = tiers,
            Cap = (has & 1) != 0 ? amounts[0] : null,
            Fixed = promises && (has & 2) != 0 ? amounts[1] : null,
            Floor = promises && (has & 4) != 0 && amounts[2] <= amounts[0] ? amounts[2] : null,
            Guarantee = promises && (has & 8) != 0 ? new(amounts[3], carries) : null,
            Advance = promises && (has & 16) != 0 ? new(amounts[4], (has & 32) != 0, recoup) : null,
        };

    private static Gen<ShareTerms> Pools =>
        from weights in Gen.Choose(1, int.MaxValue).NonEmptyListOf()
        from rate in Rates
        select new ShareTerms
        {
            Name = "",
            Tiers = [new(null, rate)],
            Pool = new(null, [.. weights.Select((weight, i) => new PoolMember($"pty_{i % 7}", weight))]),
        };

    private static Gen<ShareTerms> Waterfalls =>
        from paid in Amounts.Where(amount => amount.Sign > 0).NonEmptyListOf()
        from recoup in Gen.Choose(1, 1_000_000)
        from then in Rates
        from multiple in Gen.Choose(1, 50_000)
        from more in Gen.Choose(0, 50_000)
        from capped in Gen.Elements(true, false)
        from rest in Gen.Elements(ShareBase.Net, ShareBase.Remainder)
        select new ShareTerms
        {
            Name = "",
            Base = rest,
            Backers = new(recoup, multiple, then, capped ? multiple + more : null, [.. paid.Select((amount, i) => new Backer($"pty_{i % 5}", amount))]),
        };

    private static Gen<AgreementTerms> Agreements =>
        from shares in Gen.OneOf(Shares, Shares, Pools, Waterfalls).NonEmptyListOf()
        from deductions in Gen.Choose(0, 127)
        from caps in Rates.ArrayOf(7)
        from fee in Rates
        from hasFee in Gen.Elements(true, false)
        select new AgreementTerms
        {
            Name = "any",
            Currency = Euro,
            CollectorId = "pty_host",
            Deductions =
            [
                .. Enum.GetValues<DeductionType>().Where(type => (deductions >> (int)type & 1) != 0)
                    .Select(type => new AllowedDeduction(type, (int)type % 2 == 0 ? caps[(int)type] : null)),
            ],
            MarketplaceFee = hasFee ? new("pty_store", fee) : null,
            Shares = [.. shares.Take(5).Select((share, i) => share with { Name = $"share{i}" })],
        };

    private static Gen<NetLine> Lines =>
        from gross in Amounts
        from collected in Amounts
        from returned in Amounts
        from deductions in Amounts.ArrayOf(7)
        from app in Gen.Choose(0, 3)
        select new NetLine(
            new(new(Euro, "llama", app == 0 ? null : $"app_{app}", 1, TestLedger.Period), 1, default, gross), app == 0 ? null : $"pty_{app}", collected,
            [.. deductions], returned);

    private static Gen<NetLine[][]> Months => Lines.ArrayOf().Select(lines => lines.Take(4).ToArray()).ArrayOf().Select(months => months.Take(4).ToArray());

    [Fact]
    public void All_shares_and_the_rest_add_up_to_what_there_is_and_no_share_is_negative() => Prop.ForAll(
        (from terms in Agreements from months in Months select (terms, months)).ToArbitrary(),
        input => Run(input.terms, input.months).All(month =>
        {
            var (lines, result) = month;
            var paid = Sum(result.Shares.Select(share => share.Amount));
            return result.Distributable == Sum(lines.Select(line => line.Line.Gross - line.Returned))
                && paid + result.Rest == result.Distributable
                && Sum(Settlement.PartShares(result).Select(share => share.Amount)) == result.Distributable
                && result.Shares.All(share => share.Amount.Sign >= 0 && share.Parts.All(part => part.Amount.Sign >= 0)
                    && Sum(share.Parts.Select(part => part.Amount)) == share.Amount);
        })).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_step_follows_from_the_one_before_and_the_order_is_the_documented_one() => Prop.ForAll(
        (from terms in Agreements from months in Months select (terms, months)).ToArbitrary(),
        input => Run(input.terms, input.months).All(month => month.Result.Shares.All(share =>
        {
            var running = Nothing;
            foreach (var step in share.Steps)
            {
                // Revenue, base and share say where things stand; the rates begin anew from nothing.
                if (step.Kind is StepKind.Revenue)
                    running = Nothing;
                if (step.Kind == StepKind.Base ? step.Amount != (running.Sign < 0 ? Nothing : running) : step.Kind == StepKind.Share && step.Amount != running)
                    return false;
                running = step.Kind switch
                {
                    StepKind.Base => Nothing,
                    StepKind.Share => running,
                    _ => running + step.Amount,
                };
                if (step.Kind != StepKind.Base && step.Result != running)
                    return false;
            }
            var ranks = share.Steps.Select(step => step.Kind == StepKind.Paid ? StepKind.Fees : step.Kind).ToList();
            return ranks.SequenceEqual(ranks.Order());
        }))).QuickCheckThrowOnFailure();

    [Fact]
    public void The_order_of_lines_does_not_matter() => Prop.ForAll(
        (from terms in Agreements from months in Months select (terms, months)).ToArbitrary(),
        input => Run(input.terms, input.months).Select(month => month.Result.Rest)
            .SequenceEqual(Run(input.terms, [.. input.months.Select(lines => lines.Reverse().ToArray())]).Select(month => month.Result.Rest)))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Tiers_are_the_exact_fraction_rounded_by_less_than_a_unit() => Prop.ForAll(
        (from tiers in Tiers
         from kind in Gen.Elements(TierKind.Marginal, TierKind.Cliff)
         from edge in Gen.Choose(-1, 3)
         from off in Gen.Choose(-1, 1)
         from any in Amounts
         select (tiers, kind, amount: Near(tiers, edge, off) ?? any)).ToArbitrary(),
        input =>
        {
            var amount = Only(input.tiers, input.kind, input.amount);
            // The definition, in whole numbers without end: parts of a million of each slice, or of all by the tier that the base is in.
            var exact = BigInteger.Zero;
            var from = BigInteger.Zero;
            var whole = (BigInteger)input.amount.Units;
            foreach (var (upTo, rate) in input.tiers)
            {
                var to = upTo is { } end ? BigInteger.Min((BigInteger)end.Units, whole) : whole;
                if (input.kind == TierKind.Marginal)
                    exact += BigInteger.Max(to - from, 0) * rate;
                else if (exact.IsZero && from < whole && (upTo is null || whole <= (BigInteger)upTo.Value.Units))
                    exact = whole * rate;
                from = input.kind == TierKind.Marginal ? BigInteger.Max(from, to) : upTo is { } edge ? (BigInteger)edge.Units : from;
            }
            return BigInteger.Abs((BigInteger)amount.Units * 1_000_000 - exact) < 1_000_000;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void More_revenue_never_makes_a_marginal_share_less() => Prop.ForAll(
        (from tiers in Tiers from one in Amounts from other in Amounts select (tiers, one, other)).ToArbitrary(),
        input =>
        {
            var (less, more) = input.one < input.other ? (input.one, input.other) : (input.other, input.one);
            // Largest remainder may give a unit to one and not to the other.
            return Only(input.tiers, TierKind.Marginal, less).Units <= Only(input.tiers, TierKind.Marginal, more).Units + 1;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_marginal_share_has_no_jump_at_an_edge_and_a_cliff_has_just_the_difference_of_the_rates() => Prop.ForAll(
        Tiers.Where(tiers => tiers.Length > 1).ToArbitrary(),
        tiers =>
        {
            var edge = tiers[0].UpTo!.Value;
            var above = edge + new Amount(1, Euro);
            var jump = Only(tiers, TierKind.Cliff, above) - Only(tiers, TierKind.Cliff, edge);
            var exact = (BigInteger)above.Units * tiers[1].PartsPerMillion - (BigInteger)edge.Units * tiers[0].PartsPerMillion;
            return Int128.Abs((Only(tiers, TierKind.Marginal, above) - Only(tiers, TierKind.Marginal, edge)).Units) <= 1
                && BigInteger.Abs((BigInteger)jump.Units * 1_000_000 - exact) < 2_000_000;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_guarantee_is_always_paid_and_carried_forward_costs_nothing_in_the_end() => Prop.ForAll(
        (from amounts in Amounts.NonEmptyListOf()
         from rate in Rates
         from guarantee in Amounts
         from carries in Gen.Elements(true, false)
         select (amounts, rate, guarantee, carries)).ToArbitrary(),
        input =>
        {
            var share = Plain(input.rate) with { Guarantee = new(input.guarantee, input.carries) };
            var (earned, paid, owed) = (Nothing, Nothing, Nothing);
            foreach (var (_, result) in Run(share, input.amounts))
            {
                var steps = result.Shares[0].Steps;
                var before = Sum(steps.Where(step => step.Kind is StepKind.Rate or StepKind.Rounding).Select(step => step.Amount));
                (earned, paid) = (earned + before, paid + result.Shares[0].Amount);
                if (result.Shares[0].Amount < input.guarantee)
                    return false;
                // Without carrying forward, a month is the larger of guarantee and earnings, whatever came before.
                if (!input.carries && result.Shares[0].Amount != (before > input.guarantee ? before : input.guarantee))
                    return false;
                owed = paid - earned;
                if (owed.Sign < 0)
                    return false;
            }
            // A month that earns all that is owed above the guarantee settles it.
            var last = Run(share, [.. input.amounts, new Amount((Int128)10_000_000_000_000_000 * 1_000_000_000_000, Euro)])[^1].Result.Shares[0];
            return !input.carries || input.rate < 1000 || last.Carry[0].Carry.ToppedUp == -owed;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_advance_is_paid_once_and_never_recouped_beyond_it() => Prop.ForAll(
        (from amounts in Amounts.NonEmptyListOf()
         from rate in Rates
         from advance in Amounts
         from recoup in Rates
         from elsewhere in Gen.Elements(true, false)
         select (amounts, rate, advance, recoup, elsewhere)).ToArbitrary(),
        input =>
        {
            var share = Plain(input.rate) with { Advance = new(input.advance, input.elsewhere, input.recoup) };
            var (earned, paid, recouped) = (Nothing, Nothing, Nothing);
            foreach (var (_, result) in Run(share, input.amounts))
            {
                var one = result.Shares[0];
                earned += Sum(one.Steps.Where(step => step.Kind is StepKind.Rate or StepKind.Rounding).Select(step => step.Amount));
                paid += one.Amount;
                recouped += one.Carry[0].Carry.Recouped;
            }
            return recouped.Sign >= 0 && recouped <= input.advance && recouped <= earned
                && paid + recouped == earned + (input.elsewhere ? Nothing : input.advance);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Backers_never_have_more_than_their_cap_and_are_never_passed_over_before_their_multiple() => Prop.ForAll(
        (from amounts in Amounts.NonEmptyListOf() from share in Waterfalls select (amounts, share: share with { Base = ShareBase.Net })).ToArbitrary(),
        input =>
        {
            var backers = input.share.Backers!;
            var goal = Times(backers.Multiple);
            var had = BigInteger.Zero;
            foreach (var (lines, result) in Run(input.share, input.amounts))
            {
                var (amount, whole) = ((BigInteger)result.Shares[0].Amount.Units, (BigInteger)lines[0].Line.Gross.Units);
                var full = whole * backers.RecoupPartsPerMillion / 1_000_000;
                if (had + full < goal && amount != full)
                    return false;
                if (had < goal && had + full >= goal && had + amount < goal)
                    return false;
                if (had >= goal && backers.Cap is null && BigInteger.Abs(amount * 1_000_000 - whole * backers.ThenPartsPerMillion) >= 1_000_000)
                    return false;
                had += amount;
                if (backers.Cap is { } cap && had > Times(cap))
                    return false;
            }
            return true;

            BigInteger Times(int multiple) => (BigInteger)backers.Paid.Units * multiple / Backers.One;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_fixed_amount_a_floor_and_a_cap_hold_at_their_edges() => Prop.ForAll(
        (from amount in Amounts
         from rate in Rates
         from bounds in Amounts.ArrayOf(3)
         from edge in Gen.Choose(0, 3)
         from off in Gen.Choose(-1, 1)
         select (amount, rate, bounds, edge, off)).ToArbitrary(),
        input =>
        {
            var (fixedAmount, low, high) = (input.bounds[0], input.bounds[1], input.bounds[2]);
            var (floor, cap) = low < high ? (low, high) : (high, low);
            // A whole share meets floor and cap to the unit, one off on either side.
            var amount = input.edge switch
            {
                1 => Beside(floor - fixedAmount),
                2 => Beside(cap - fixedAmount),
                _ => input.amount,
            };
            var rate = input.edge is 1 or 2 ? Share.Whole : input.rate;
            var result = Run(Plain(rate) with { Fixed = fixedAmount, Floor = floor, Cap = cap }, [amount])[0].Result.Shares[0];
            var earned = Sum(result.Steps.Where(step => step.Kind is StepKind.Rate or StepKind.Rounding).Select(step => step.Amount)) + fixedAmount;
            var expected = amount.Sign > 0 && earned < floor ? floor : earned;
            return result.Amount == (expected > cap ? cap : expected)
                && BigInteger.Abs((BigInteger)(earned - fixedAmount).Units * Share.Whole - (BigInteger)amount.Units * rate) < Share.Whole;

            Amount Beside(Amount bound) => new(Int128.Max(bound.Units + input.off, 0), Euro);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_marketplace_takes_its_rate_first_and_net_shares_are_of_what_it_and_capped_deductions_leave() => Prop.ForAll(
        (from gross in Amounts
         from refund in Amounts
         from paymentFee in Amounts
         from marketplace in Rates
         from cap in Rates
         from rate in Rates
         select (gross, refund, paymentFee, marketplace, cap, rate)).ToArbitrary(),
        input =>
        {
            var line = Line(input.gross, TestLedger.Period);
            line = line with
            {
                Deductions = line.Deductions.SetItem((int)DeductionType.Refund, input.refund).SetItem((int)DeductionType.PaymentFee, input.paymentFee),
            };
            var terms = new AgreementTerms
            {
                Name = "any",
                Currency = Euro,
                CollectorId = "pty_host",
                Deductions = [new(DeductionType.Refund, null), new(DeductionType.PaymentFee, input.cap)],
                MarketplaceFee = new("pty_store", input.marketplace),
                Shares = [Plain(input.rate)],
            };
            var result = Run(terms, [[line]])[0].Result;
            var (fee, share) = (result.Shares[0], result.Shares[1]);
            // Of what refunds leave, the marketplace's part cut off to a unit; then the fees, at most their part of the gross.
            var left = (BigInteger)input.gross.Units - (BigInteger)input.refund.Units;
            var taken = left.Sign > 0 ? left * input.marketplace / Share.Whole : BigInteger.Zero;
            var fees = BigInteger.Min((BigInteger)input.paymentFee.Units, (BigInteger)input.gross.Units * input.cap / Share.Whole);
            var expected = BigInteger.Max(left - taken - fees, BigInteger.Zero);
            return BigInteger.Abs((BigInteger)fee.Amount.Units - taken) <= 1
                && (BigInteger)share.Steps.Single(step => step.Kind == StepKind.Base).Amount.Units == expected
                && BigInteger.Abs((BigInteger)share.Amount.Units * Share.Whole - expected * input.rate) < Share.Whole
                && fee.Amount + share.Amount + result.Rest == input.gross;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_pools_parts_are_less_than_a_unit_from_their_weights() => Prop.ForAll(
        (from amount in Amounts from share in Pools select (amount, share)).ToArbitrary(),
        input =>
        {
            var result = Run(input.share, [input.amount])[0].Result.Shares[0];
            var members = input.share.Pool!.Members;
            var total = members.Aggregate(BigInteger.Zero, (sum, member) => sum + member.Weight);
            return result.Parts.All(part =>
            {
                var weight = members.Where(member => member.PartyId == part.PartyId).Aggregate(BigInteger.Zero, (sum, member) => sum + member.Weight);
                return BigInteger.Abs((BigInteger)part.Amount.Units * total - (BigInteger)result.Amount.Units * weight) < total;
            });
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Late_receipts_make_a_closed_month_what_it_would_have_been() => Prop.ForAll(
        (from tiers in Tiers
         from kind in Gen.Elements(TierKind.Marginal, TierKind.Cliff)
         from early in Amounts
         from late in Amounts
         select (tiers, kind, early, late)).ToArbitrary(),
        input =>
        {
            var share = Plain(0) with { Tiers = input.tiers, TierKind = input.kind };
            var history = new ShareHistory();
            var month = TestLedger.Period;
            var first = Evaluate(share, month, [Line(input.early, month)], history).Shares[0].Amount;
            history.Add(Evaluate(share, month, [Line(input.early, month)], history));
            var correction = Evaluate(share, month.Next, [Line(input.late, month)], history).Shares[0].Amount;
            var whole = Only(input.tiers, input.kind, input.early + input.late);
            // A cliff whose rate falls may have paid more than it would have; nothing is taken back below nothing.
            return Int128.Abs((first + correction - whole).Units) <= 2 || (correction.Sign == 0 && whole <= first + new Amount(1, Euro));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Late_receipts_bring_a_closed_months_fixed_amount_and_floor_once_and_keep_its_cap() => Prop.ForAll(
        (from tiers in Tiers
         from early in Amounts
         from refunded in Gen.OneOf(Amounts, Gen.Constant(Nothing))
         from all in Gen.Elements(true, false)
         from late in Amounts
         from bounds in Amounts.ArrayOf(3)
         select (tiers, early, refunded: all ? early : refunded, late, bounds)).ToArbitrary(),
        input =>
        {
            var (floor, cap) = input.bounds[0] < input.bounds[1] ? (input.bounds[0], input.bounds[1]) : (input.bounds[1], input.bounds[0]);
            var share = Plain(0) with { Tiers = input.tiers, Fixed = input.bounds[2], Floor = floor, Cap = cap };
            var history = new ShareHistory();
            var month = TestLedger.Period;
            var refunds = Line(input.early, month);
            refunds = refunds with { Deductions = refunds.Deductions.SetItem((int)DeductionType.Refund, input.refunded) };
            var closed = Evaluate(share, month, [refunds], history);
            history.Add(closed);
            var open = Evaluate(share, month.Next, [Line(input.late, month)], history).Shares[0];
            var without = Evaluate(share, month.Next, [], history).Shares[0];
            // A month's base is what its deductions left and what came late; what they exceeded it by is carried.
            var left = input.early - input.refunded;
            var correction = Sum(open.Steps.Where(step => step.Kind == StepKind.Correction).Select(step => step.Amount));
            var whole = Bounded(Only(input.tiers, TierKind.Marginal, (left.Sign > 0 ? left : Nothing) + input.late), input.early + input.late);
            return Int128.Abs((closed.Shares[0].Amount + correction - whole).Units) <= 2 && open.Amount == without.Amount + correction;

            Amount Bounded(Amount earned, Amount revenue)
            {
                earned += input.bounds[2];
                earned = revenue.Sign > 0 && earned < floor ? floor : earned;
                return earned > cap ? cap : earned;
            }
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("0", "0.00", "40.00")]      // November 500, of which 100 were too much; nothing bears them, until January's 300 − 100 = 200.
    [InlineData("50", "0.00", "50.00")]     // December's 10 bear half of the 20, the other 50 of the base come off January's.
    [InlineData("100", "0.00", "60.00")]
    [InlineData("400", "60.00", "60.00")]   // 80 − 20.
    public void What_a_closed_month_was_charged_too_much_comes_off_what_is_earned_later(string own, string december, string january)
    {
        var history = new ShareHistory();
        var month = TestLedger.Period;
        Assert.Equal(("100.00", december, january), (
            Share(month, ("500", month)), Share(month.Next, (own, month.Next), ("-100", month)), Share(month.Next.Next, ("300", month.Next.Next))));

        string Share(Period period, params (string Gross, Period Month)[] lines)
        {
            var result = Evaluate(Plain(200_000), period, [.. lines.Select(line => Line(TestLedger.Eur(line.Gross), line.Month))], history);
            history.Add(result);
            return result.Shares[0].Amount.Format();
        }
    }

    [Fact]
    public void What_a_closed_month_had_to_share_less_than_nothing_is_carried()
    {
        var history = new ShareHistory();
        var month = TestLedger.Period;
        // October's refunds took all it had. What it was charged too much takes off as much of November's.
        history.Add(Evaluate(Plain(200_000), month, [Line(TestLedger.Eur("0"), month)], history));
        history.Add(Evaluate(Plain(200_000), month.Next, [Line(TestLedger.Eur("-100"), month)], history));
        Assert.Equal(
            TestLedger.Eur("40"), Evaluate(Plain(200_000), month.Next.Next, [Line(TestLedger.Eur("300"), month.Next.Next)], history).Shares[0].Amount);
    }

    [Theory]
    [InlineData("100", "198.00")]  // 180 + 20 % of what the marketplace's 10 % leave of 100.
    [InlineData("-100", "162.00")]
    public void The_marketplaces_part_of_a_correction_is_no_partys_share(string late, string share)
    {
        var history = new ShareHistory();
        var month = TestLedger.Period;
        var terms = new AgreementTerms
        {
            Name = "any",
            Currency = Euro,
            CollectorId = "pty_host",
            MarketplaceFee = new("pty_store", 100_000),
            Shares = [Plain(200_000)],
        };
        history.Add(Run(month, [Line(TestLedger.Eur("1000"), month)]));
        var result = Run(month.Next, [Line(TestLedger.Eur("1000"), month.Next), Line(TestLedger.Eur(late), month)]);
        Assert.Equal(TestLedger.Eur(share), result.Shares.Single(one => one.Key.Share != AgreementEvaluation.MarketplaceFeeShare).Amount);

        AgreementResult Run(Period period, IReadOnlyList<NetLine> lines) =>
            AgreementEvaluation.Evaluate(1, terms, true, period, Euro, lines, history);
    }

    [Fact]
    public void A_floor_paid_in_a_month_whose_revenue_was_all_refunded_is_not_paid_again_for_late_receipts()
    {
        var share = Plain(200_000) with { Floor = TestLedger.Eur("100") };
        var history = new ShareHistory();
        var october = new Period(2026, 10);
        var refunded = Line(TestLedger.Eur("500"), october);
        refunded = refunded with { Deductions = refunded.Deductions.SetItem((int)DeductionType.Refund, TestLedger.Eur("500")) };
        var closed = Evaluate(share, october, [refunded], history);
        history.Add(closed);
        Assert.Equal(TestLedger.Eur("100"), closed.Shares[0].Amount);
        Assert.Equal(Nothing, Evaluate(share, october.Next, [Line(TestLedger.Eur("10"), october)], history).Shares[0].Amount);
    }

    [Fact]
    public void A_deduction_is_divided_among_the_lines_it_is_about_and_nothing_of_it_is_lost() => Prop.ForAll(
        (from grosses in Amounts.ListOf()
         from amount in Amounts
         from app in Gen.Elements<string?>(null, "app_1")
         from negative in Gen.Elements(true, false)
         select (grosses, amount: negative ? -amount : amount, app)).ToArbitrary(),
        input =>
        {
            var lines = input.grosses.Select((gross, i) => new RevenueLine(
                new(Euro, "llama", i % 2 == 0 ? "app_1" : null, 1, TestLedger.Period, $"{i}"), 1, default, gross)).ToArray();
            var deduction = new Deduction(DeductionType.Tax, "e", TestLedger.Period, TestLedger.Period, "llama", input.app, input.amount, Entry: 7);
            var net = NetLine.Allocate(TestLedger.Period, lines, [deduction], [], _ => null, _ => 1);
            return Sum(net.Select(line => line.Deductions[(int)DeductionType.Tax])) == input.amount && Sum(net.Select(line => line.Returned)) == input.amount
                && net.Where(line => input.app is not null && line.Line.Group.AppId != input.app).All(line => line.Returned.Sign == 0)
                && net.Select(line => line.Line).Take(lines.Length).SequenceEqual(lines);
        }).QuickCheckThrowOnFailure();

    private static ShareTerms Plain(int rate) => new() { Name = "share0", PayeeId = "pty_a", Tiers = [new(null, rate)] };

    private static Amount Only(ImmutableArray<Tier> tiers, TierKind kind, Amount amount) =>
        Run(Plain(0) with { Tiers = tiers, TierKind = kind }, [amount])[0].Result.Shares[0].Amount;

    private static Amount? Near(ImmutableArray<Tier> tiers, int edge, int off) =>
        edge >= 0 && edge < tiers.Length && tiers[edge].UpTo is { } amount ? new(Int128.Max(amount.Units + off, 0), Euro) : null;

    private static NetLine Line(Amount gross, Period month) => new(
        new(new(Euro, "llama", null, 1, month), 1, default, gross), null, gross, [.. Enumerable.Repeat(Nothing, 7)], Nothing);

    private static AgreementResult Evaluate(ShareTerms share, Period month, NetLine[] lines, ShareHistory history) => AgreementEvaluation.Evaluate(
        1, new AgreementTerms
        {
            Name = "any",
            Currency = Euro,
            CollectorId = "pty_host",
            Deductions = [new(DeductionType.Refund, null)],
            Shares = [share with { Name = "share0" }],
        }, true, month, Euro, lines, history);

    /// <summary>A share alone, a month for each amount.</summary>
    private static List<(NetLine[] Lines, AgreementResult Result)> Run(ShareTerms share, IReadOnlyList<Amount> amounts) => Run(
        new AgreementTerms { Name = "any", Currency = Euro, CollectorId = "pty_host", Shares = [share with { Name = "share0" }] },
        [.. amounts.Select(amount => new[] { Line(amount, TestLedger.Period) })]);

    /// <summary>An agreement month after month, with what it carries.</summary>
    private static List<(NetLine[] Lines, AgreementResult Result)> Run(AgreementTerms terms, NetLine[][] months)
    {
        var history = new ShareHistory();
        var results = new List<(NetLine[], AgreementResult)>();
        var period = TestLedger.Period;
        foreach (var month in months)
        {
            var lines = month.Select(line => line with { Line = line.Line with { Group = line.Line.Group with { ServicePeriod = period } } }).ToArray();
            var result = AgreementEvaluation.Evaluate(1, terms, true, period, Euro, lines, history);
            history.Add(result);
            results.Add((lines, result));
            period = period.Next;
        }
        return results;
    }

    private static Amount Sum(IEnumerable<Amount> amounts) => amounts.Aggregate(Nothing, (sum, amount) => sum + amount);
}
