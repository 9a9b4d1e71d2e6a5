using System.Collections.Immutable;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>
/// What an agreement's document comes to: a pure function of the terms, a period's lines with their deductions, and what is carried. The
/// steps of each share are those of <see cref="StepKind"/>, in that order. Shares of a remainder are worked out after all others.
/// </summary>
public static class AgreementEvaluation
{
    /// <summary>The key of what the marketplace takes.</summary>
    public const string MarketplaceFeeShare = "marketplace_fee";

    /// <summary>Evaluates one version of an agreement in one currency.</summary>
    /// <param name="version">Its version.</param>
    /// <param name="terms">Its document.</param>
    /// <param name="isInForce">
    /// Whether it is in force in the period; otherwise it only shares out late receipts of its own months, and promises nothing for this
    /// one.
    /// </param>
    /// <param name="period">The period that is settled.</param>
    /// <param name="currency">The currency of everything.</param>
    /// <param name="lines">Its lines, all in the currency; those of earlier months are corrections.</param>
    /// <param name="history">What is carried; not changed.</param>
    public static AgreementResult Evaluate(
        long version, AgreementTerms terms, bool isInForce, Period period, Currency currency, IReadOnlyList<NetLine> lines,
        ShareHistory history)
    {
        var zero = Amount.Zero(currency);
        var distributable = lines.Aggregate(zero, (sum, line) => sum + line.Distributable);
        var month = new Month(terms, isInForce, period, currency, lines, history);
        var results = month.Evaluate();
        var steps = ImmutableArray.CreateBuilder<EvaluationStep>();
        var rest = distributable;
        steps.Add(new(StepKind.Distributable, null, distributable, distributable));
        foreach (var share in results)
        {
            rest -= share.Amount;
            var detail = share.Key.DeveloperId.Length == 0 ? share.Key.Share : $"{share.Key.Share} ({share.Key.DeveloperId})";
            steps.Add(new(StepKind.Paid, detail, -share.Amount, rest));
        }
        return new(version, terms.Name, terms.CollectorId, distributable, results, steps.ToImmutable(), rest);
    }

    /// <summary>One evaluation under way.</summary>
    private sealed class Month(
        AgreementTerms terms, bool isInForce, Period period, Currency currency, IReadOnlyList<NetLine> lines, ShareHistory history)
    {
        private readonly Amount _zero = Amount.Zero(currency);
        private readonly List<ShareResult> _results = [];

        public ImmutableArray<ShareResult> Evaluate()
        {
            if (terms.MarketplaceFee is { } fee)
                EvaluateTogether([new(Fee(fee), "", currency, terms, history)]);
            EvaluateTogether([.. terms.Shares.Where(share => share.Base != ShareBase.Remainder).SelectMany(Instances)]);
            foreach (var share in terms.Shares.Where(share => share.Base == ShareBase.Remainder))
                EvaluateTogether([.. Instances(share)]);
            return [.. _results];
        }

        /// <summary>The marketplace's fee as a share: of what is left after refunds and taxes.</summary>
        private static ShareTerms Fee(MarketplaceFee fee) => new()
        {
            Name = MarketplaceFeeShare,
            PayeeId = fee.PayeeId,
            Tiers = [new(null, fee.PartsPerMillion)],
        };

        /// <summary>A share, or one for each developer of an app in its scope, in ordinal order.</summary>
        private IEnumerable<Working> Instances(ShareTerms share) => share.IsEachDeveloper
            ? lines.Where(line => line.DeveloperId is not null && share.Covers(line.Line.Group)).Select(line => line.DeveloperId!)
                .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
                .Select(developer => new Working(share, developer, currency, terms, history))
            : [new(share, "", currency, terms, history)];

        /// <summary>Works shares out side by side, so that they are rounded together.</summary>
        private void EvaluateTogether(IReadOnlyList<Working> shares)
        {
            foreach (var share in shares)
            {
                var own = lines.Where(line => share.Covers(line)).ToList();
                // A waterfall and a remainder know no months, only how far they are; others keep late receipts to their own month's tiers.
                share.TakeBase(share.KnowsNoMonths ? own : [.. own.Where(line => line.Line.Group.ServicePeriod == period)], _results);
                share.TakeRate();
            }
            var rounded = Exact.Round([.. shares.Select(share => (share.PayeeForTies, share.Exact))], terms.CollectorId);
            for (var i = 0; i < shares.Count; i++)
                _results.Add(Finish(shares[i], new(rounded[i], currency)));
        }

        private ShareResult Finish(Working share, Amount rounded)
        {
            share.TakeRounded(rounded);
            if (isInForce)
                share.TakeMonthly();
            share.TakeCap();
            var corrections = share.KnowsNoMonths
                ? []
                : lines.Where(line => share.Covers(line) && line.Line.Group.ServicePeriod != period)
                    .GroupBy(line => line.Line.Group.ServicePeriod).OrderBy(group => group.Key)
                    .Select(group => (group.Key, share.TakeCorrection(group.Key, [.. group]))).ToList();
            if (isInForce)
                share.TakeGuarantee();
            share.TakeRecoupment(isInForce);
            return share.Result([(period, share.Carry), .. corrections]);
        }
    }

    /// <summary>A share under way.</summary>
    private sealed class Working(ShareTerms share, string developerId, Currency currency, AgreementTerms terms, ShareHistory history)
    {
        private readonly ImmutableArray<EvaluationStep>.Builder _steps = ImmutableArray.CreateBuilder<EvaluationStep>();
        private readonly ShareKey _key = new(terms.Name, share.Name, developerId, currency);
        private readonly Amount _zero = Amount.Zero(currency);
        private Amount _base = Amount.Zero(currency);
        private Amount _running = Amount.Zero(currency);

        public Exact Exact { get; private set; }

        public ShareCarry Carry { get; private set; } = ShareCarry.Zero(currency);

        /// <summary>Whether late receipts count like this month's.</summary>
        public bool KnowsNoMonths => share.Base == ShareBase.Remainder || share.Backers is not null || IsMarketplaceFee;

        /// <summary>Whose id decides ties of rounding.</summary>
        public string PayeeForTies => share.IsEachDeveloper ? developerId : share.PayeeIds.Order(StringComparer.Ordinal).First();

        private bool IsMarketplaceFee => share.Name == MarketplaceFeeShare;

        public bool Covers(NetLine line) => share.Covers(line.Line.Group) && (!share.IsEachDeveloper || line.DeveloperId == developerId);

        /// <summary>Revenue, refunds, taxes, fees, base.</summary>
        public void TakeBase(IReadOnlyList<NetLine> lines, IReadOnlyList<ShareResult> before)
        {
            var gross = Sum(lines, line => share.Measure == ShareMeasure.Billed ? line.Line.Gross : line.Collected);
            _running = gross;
            _steps.Add(new(StepKind.Revenue, null, gross, gross));
            if (share.Base != ShareBase.Gross)
                TakeDeductions(lines, gross);
            if (share.Base == ShareBase.Remainder)
            {
                // The marketplace's fee is off already.
                foreach (var paid in before.Where(result => result.Key.Share != MarketplaceFeeShare && result.Amount.Sign != 0))
                    Add(StepKind.Paid, paid.Key.Share, -paid.Amount);
            }
            else if (history.Of(_key).CarriedDeductions is { Sign: not 0 } carried)
            {
                Add(StepKind.CarriedDeductions, null, -carried);
            }
            _base = _running.Sign > 0 ? _running : _zero;
            Carry = Carry with { Revenue = gross, Base = _base };
            if (share.Base != ShareBase.Remainder)
            {
                var excess = _running.Sign < 0 ? -_running : _zero;
                Carry = Carry with { CarriedDeductions = excess - history.Of(_key).CarriedDeductions };
            }
            _steps.Add(new(StepKind.Base, null, _base, _base));
        }

        /// <summary>The rates.</summary>
        public void TakeRate()
        {
            _running = _zero;
            if (share.Backers is { } backers)
                TakeWaterfall(backers);
            else
                Exact = Rate(_base, TakeRate);
        }

        /// <summary>The share in whole units.</summary>
        public void TakeRounded(Amount rounded)
        {
            if (rounded != _running)
                Add(StepKind.Rounding, null, rounded - _running);
        }

        /// <summary>What a month brings whatever the base.</summary>
        public void TakeMonthly()
        {
            if (share.Fixed is { Sign: not 0 } amount)
                Add(StepKind.Fixed, null, amount);
            if (share.Floor is { } floor && Carry.Revenue.Sign > 0 && _running < floor)
                Add(StepKind.Floor, floor.Format(), floor - _running);
        }

        /// <summary>The cap.</summary>
        public void TakeCap()
        {
            if (share.Cap is { } cap && _running > cap)
                Add(StepKind.Cap, cap.Format(), cap - _running);
        }

        /// <summary>
        /// What late receipts and adjustments add to the share of a month that is closed: the difference that they make to its tiers, floor
        /// and cap. What they lower its base by beyond what the share can bear now comes off later months' bases. Returns what they add to
        /// that month's revenue and base.
        /// </summary>
        public ShareCarry TakeCorrection(Period month, IReadOnlyList<NetLine> late)
        {
            var revenue = Sum(late, line => share.Measure == ShareMeasure.Billed ? line.Line.Gross : line.Collected);
            var gross = revenue;
            if (share.Base == ShareBase.Net && terms.MarketplaceFee is { } fee)
                gross = gross.Sign < 0 ? -WithoutFee(-gross, fee) : WithoutFee(gross, fee);
            var before = history.Of(_key, month);
            var after = before.Base + gross;
            if (after.Sign < 0)
            {
                CarryDeduction(-after);
                after = _zero;
            }
            var correction = Closed(before.Revenue + revenue, after) - Closed(before.Revenue, before.Base);
            if (correction < -_running)
            {
                if (after < before.Base)
                    CarryDeduction((before.Base - after).SplitInProportion([_running, -correction - _running])[1]);
                correction = -_running;
            }
            if (correction.Sign != 0)
                Add(StepKind.Correction, month.ToString(), correction);
            return ShareCarry.Zero(currency) with { Revenue = revenue, Base = after - before.Base };
        }

        private Amount WithoutFee(Amount amount, MarketplaceFee fee) =>
            amount - new Amount(Ledger.Exact.Part(amount, fee.PartsPerMillion).Units, currency);

        private void CarryDeduction(Amount amount) => Carry = Carry with { CarriedDeductions = Carry.CarriedDeductions + amount };

        /// <summary>The guarantee, and what comes off for those of earlier months.</summary>
        public void TakeGuarantee()
        {
            if (share.Guarantee is not { } guarantee)
                return;
            if (_running < guarantee.Amount)
            {
                var toppedUp = guarantee.Amount - _running;
                Add(StepKind.Guarantee, guarantee.Amount.Format(), toppedUp);
                if (guarantee.CarriesForward)
                    Carry = Carry with { ToppedUp = toppedUp };
            }
            else if (guarantee.CarriesForward)
            {
                var recovered = Least(history.Of(_key).ToppedUp, _running - guarantee.Amount);
                if (recovered.Sign > 0)
                    Add(StepKind.GuaranteeRecovered, guarantee.Amount.Format(), -recovered);
                Carry = Carry with { ToppedUp = -recovered };
            }
        }

        /// <summary>The advance, and what of the share goes to earn it back.</summary>
        public void TakeRecoupment(bool isInForce)
        {
            if (share.Advance is not { } advance)
                return;
            var carried = history.Of(_key);
            var advanced = isInForce && advance.Amount > carried.Advanced ? advance.Amount - carried.Advanced : _zero;
            var outstanding = carried.Advanced + advanced - carried.Recouped;
            var recouped = Least(outstanding, new(Ledger.Exact.Part(_running, advance.RecoupPartsPerMillion).Units, currency));
            if (recouped.Sign > 0)
                Add(StepKind.Recoupment, outstanding.Format(), -recouped);
            if (advanced.Sign > 0 && !advance.PaidElsewhere)
                Add(StepKind.Advance, null, advanced);
            Carry = Carry with { Advanced = advanced, Recouped = recouped };
        }

        /// <summary>The share, and who gets it.</summary>
        public ShareResult Result(ImmutableArray<(Period Month, ShareCarry Carry)> carry)
        {
            _steps.Add(new(StepKind.Share, null, _running, _running));
            var own = carry[0];
            return new(_key, _steps.ToImmutable(), Parts(), _running, carry.SetItem(0, (own.Month, own.Carry with { Paid = _running })));
        }

        private ImmutableArray<SharePart> Parts()
        {
            if (share.Pool is { } pool)
            {
                var weights = pool.Members.GroupBy(member => member.PartyId, StringComparer.Ordinal)
                    .Select(member => new Weight(member.Key, member.Sum(source => source.Weight)))
                    .OrderBy(weight => weight.PartyId, StringComparer.Ordinal).ToList();
                var total = weights.Sum(weight => weight.Parts);
                var amounts = _running.Split(weights);
                return [.. weights.Select((weight, i) => new SharePart(
                    weight.PartyId, string.Create(CultureInfo.InvariantCulture, $"{weight.Parts}/{total}"), amounts[i]))];
            }
            if (share.Backers is { } backers)
            {
                var paid = backers.Members.GroupBy(member => member.PartyId, StringComparer.Ordinal)
                    .OrderBy(member => member.Key, StringComparer.Ordinal)
                    .Select(member => (member.Key, Paid: member.Aggregate(_zero, (sum, one) => sum + one.Paid))).ToList();
                var amounts = _running.SplitInProportion([.. paid.Select(member => member.Paid)]);
                return [.. paid.Select((member, i) => new SharePart(member.Key, $"{member.Paid.Format()}/{backers.Paid.Format()}", amounts[i]))];
            }
            return [new(share.IsEachDeveloper ? developerId : share.PayeeId!, null, _running)];
        }

        private void TakeDeductions(IReadOnlyList<NetLine> lines, Amount gross)
        {
            // What was given back, taken back or never paid is not among what is collected.
            var first = share.Measure == ShareMeasure.Collected ? DeductionType.Tax : DeductionType.Refund;
            foreach (var (type, cap) in terms.Deductions.Where(deduction => deduction.Type >= first && deduction.Type <= DeductionType.Tax))
                TakeDeduction(lines, gross, type, cap);
            if (IsMarketplaceFee)
                return;
            if (terms.MarketplaceFee is { } fee && _running.Sign > 0)
                Add(StepKind.Fees, $"marketplace-fee {TermsText.Percent(fee.PartsPerMillion)}", -new Amount(
                    Ledger.Exact.Part(_running, fee.PartsPerMillion).Units, currency));
            foreach (var (type, cap) in terms.Deductions.Where(deduction => deduction.Type > DeductionType.Tax))
                TakeDeduction(lines, gross, type, cap);
        }

        private void TakeDeduction(IReadOnlyList<NetLine> lines, Amount gross, DeductionType type, int? cap)
        {
            var amount = Sum(lines, line => line.Deductions[(int)type]);
            var detail = type.Name();
            if (cap is { } parts)
            {
                var most = gross.Sign > 0 ? new(Ledger.Exact.Part(gross, parts).Units, currency) : _zero;
                if (amount > most)
                    (amount, detail) = (most, $"{detail} ≤ {TermsText.Percent(parts)}");
            }
            if (amount.Sign == 0)
                return;
            var kind = type switch
            {
                DeductionType.Refund or DeductionType.Chargeback or DeductionType.BadDebt => StepKind.Refunds,
                DeductionType.Tax => StepKind.Taxes,
                _ => StepKind.Fees,
            };
            Add(kind, detail, -amount);
        }

        /// <summary>The rate applied to each part of a base.</summary>
        private Exact Rate(Amount amount, Action<int, Amount, Exact>? each = null)
        {
            var exact = default(Exact);
            var from = _zero;
            foreach (var (upTo, rate) in share.Tiers)
            {
                if (share.TierKind == TierKind.Cliff && upTo is { } edge && amount > edge)
                    continue;
                var to = upTo is { } end && end < amount ? end : amount;
                var part = Ledger.Exact.Part(to - from, rate);
                if (to > from)
                    each?.Invoke(rate, to - from, part);
                exact += part;
                if (to == amount)
                    break;
                from = to;
            }
            return exact;
        }

        private void TakeRate(int rate, Amount part, Exact exact) =>
            Add(StepKind.Rate, $"{TermsText.Percent(rate)} × {part.Format()}", new(exact.Units, currency));

        /// <summary>What a closed month's share is for its revenue and base, before guarantee and recoupment.</summary>
        private Amount Closed(Amount revenue, Amount of)
        {
            var closed = new Amount(Rate(of).Units, currency) + (share.Fixed ?? _zero);
            if (share.Floor is { } floor && revenue.Sign > 0 && closed < floor)
                closed = floor;
            return share.Cap is { } cap && closed > cap ? cap : closed;
        }

        private void TakeWaterfall(Backers backers)
        {
            var paid = backers.Paid;
            var had = history.Of(_key).Paid;
            var units = Int128.Zero;
            var left = _base;
            // Until the multiple is reached, all that the rate takes; the base it took stays taken.
            var missing = Above(Times(paid, backers.Multiple), had);
            if (missing.Sign > 0)
            {
                var first = Least(missing, new(Ledger.Exact.Part(left, backers.RecoupPartsPerMillion).Units, currency));
                var used = first == missing ? Least(left, Inverse(first, backers.RecoupPartsPerMillion)) : left;
                Add(StepKind.Rate, $"{TermsText.Percent(backers.RecoupPartsPerMillion)} × {used.Format()}", first);
                (units, left) = (first.Units, left - used);
            }
            if (left.Sign > 0 && backers.ThenPartsPerMillion > 0)
            {
                var then = new Amount(Ledger.Exact.Part(left, backers.ThenPartsPerMillion).Units, currency);
                Add(StepKind.Rate, $"{TermsText.Percent(backers.ThenPartsPerMillion)} × {left.Format()}", then);
                units += then.Units;
            }
            if (backers.Cap is { } cap && Above(Times(paid, cap), had) is var most && units > most.Units)
            {
                Add(StepKind.Cap, $"{TermsText.Multiple(cap)} × {paid.Format()}", new(most.Units - units, currency));
                units = most.Units;
            }
            Exact = new(units, 0);
        }

        private Amount Above(Amount goal, Amount had) => goal > had ? goal - had : _zero;

        private Amount Times(Amount amount, int multiple)
        {
            var (whole, rest) = Int128.DivRem(amount.Units, Backers.One);
            return new(checked(whole * multiple + rest * multiple / Backers.One), currency);
        }

        /// <summary>The least base of which a rate takes an amount.</summary>
        private Amount Inverse(Amount amount, int partsPerMillion)
        {
            var (whole, rest) = Int128.DivRem(amount.Units, partsPerMillion);
            return new(checked(whole * Share.Whole + (rest * Share.Whole + partsPerMillion - 1) / partsPerMillion), currency);
        }

        private void Add(StepKind kind, string? detail, Amount amount)
        {
            _running += amount;
            _steps.Add(new(kind, detail, amount, _running));
        }

        private Amount Sum(IReadOnlyList<NetLine> lines, Func<NetLine, Amount> amount) =>
            lines.Aggregate(_zero, (sum, line) => sum + amount(line));

        private static Amount Least(Amount left, Amount right) => left < right ? left : right;
    }
}
