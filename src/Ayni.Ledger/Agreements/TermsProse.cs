using System.Globalization;

namespace Ayni.Ledger;

/// <summary>An agreement's document in plain words, a sentence for each thing that it says.</summary>
/// <param name="terms">The document.</param>
/// <param name="nameOf">What to call a party, by its id or role.</param>
/// <param name="words">The words of the language.</param>
internal sealed class TermsProse(AgreementTerms terms, Func<string, string> nameOf, TermsWords words)
{
    /// <summary>The sentences: what the agreement is, what is taken off, then a paragraph for each share.</summary>
    public IReadOnlyList<string> Write()
    {
        var lines = new List<string>
        {
            Fill(
                words.About, words.Quote(terms.Name), terms.Model is { } model ? Fill(words.OneModel, words.Quote(model)) : words.EveryModel,
                terms.Currency is { } currency ? Fill(words.RevenueIn, words.Isolate(currency.Code)) : words.AnyRevenue, When()),
        };
        if (!terms.IsSplit)
            lines.Add(Fill(words.Collects, Name(terms.CollectorId)));
        lines.Add(words.Accepted);
        if (terms.IsRetroactive)
            lines.Add(terms.Affected.IsEmpty ? words.Retroactive : $"{words.Retroactive} {Fill(words.Affected, words.List([.. terms.Affected.Select(Name)]))}");
        if (terms.IsSplit)
        {
            lines.Add(Fill(words.Split, words.List([.. terms.Split.Select(Part)])));
            return lines;
        }
        var taken = terms.Deductions.Select(Taken).Concat(terms.MarketplaceFee is null ? [] : [words.MarketplaceFee]).ToList();
        lines.Add(taken.Count == 0 ? words.NothingTaken : Fill(words.Taken, words.List(taken)));
        if (terms.MarketplaceFee is { } fee)
            lines.Add(Fill(words.MarketplaceTakes, Name(fee.PayeeId), words.Percent(fee.PartsPerMillion)));
        lines.AddRange(terms.Shares.Select(Write));
        return lines;
    }

    private string Part(Share share)
    {
        var rate = words.Percent(share.PartsPerMillion);
        return share.PartyId is { } party ? Fill(words.PartyGets, Name(party), rate) : Fill(words.SplitDeveloper, rate, Name(terms.CollectorId));
    }

    private string Taken(AllowedDeduction deduction)
    {
        var name = words.Deductions[(int)deduction.Type];
        return deduction.CapPartsPerMillion is { } cap ? Fill(words.TakenAtMost, name, words.Percent(cap)) : name;
    }

    private string When() => (terms.From, terms.Until) switch
    {
        (null, null) when terms.At is { } at => Fill(words.From, words.Isolate(PriceList.FromOf(at))),
        ({ } from, { } until) => Fill(words.FromTo, Show(from), Show(until)),
        ({ } from, null) => Fill(words.From, Show(from)),
        (null, { } until) => Fill(words.Until, Show(until)),
        _ => words.AtOnce,
    };

    private string Write(ShareTerms share)
    {
        var sentences = new List<string> { Fill(words.Share, words.Quote(share.Name), Scoped(share, Gets(share, Rate(share)))) };
        if (share.Measure == ShareMeasure.Collected)
            sentences.Add(words.Collected);
        if (share.IsEachDeveloper)
            sentences.Add(words.EachDeveloper);
        if (share.Fixed is { } amount)
            sentences.Add(Fill(words.Fixed, Show(amount)));
        if (share.Floor is { } floor)
            sentences.Add(Fill(words.Floor, Show(floor)));
        if (share.Cap is { } cap)
            sentences.Add(Fill(words.Cap, Show(cap)));
        if (share.Guarantee is { } guarantee)
            sentences.Add(Fill(guarantee.CarriesForward ? words.GuaranteeCarried : words.GuaranteeKept, Show(guarantee.Amount)));
        if (share.Advance is { } advance)
        {
            sentences.Add(Fill(
                advance.PaidElsewhere ? words.AdvanceElsewhere : words.AdvanceHere, Show(advance.Amount),
                words.Percent(advance.RecoupPartsPerMillion)));
        }
        if (share.Pool is { } pool)
        {
            var members = words.List([.. pool.Members.Select(Show)]);
            sentences.Add(pool.ManifestDigest is { } digest
                ? Fill(words.PoolByManifest, words.Isolate(digest.ToString()), members)
                : Fill(words.PoolDivided, members));
        }
        if (share.Backers is { } backers)
        {
            sentences.Add(Fill(
                words.BackersDivided, words.List([.. backers.Members.Select(member => $"{Name(member.PartyId)} {Show(member.Paid)}")])));
        }
        return string.Join(' ', sentences);
    }

    private string Gets(ShareTerms share, string what) =>
        share.Pool is not null ? Fill(words.PoolGets, what)
        : share.Backers is not null ? Fill(words.BackersGet, what)
        : share.IsEachDeveloper ? Fill(words.DeveloperGets, what)
        : Fill(words.PartyGets, Name(share.PayeeId!), what);

    private string Rate(ShareTerms share)
    {
        var what = words.Base(share.Base);
        if (share.Backers is { } backers)
        {
            var rate = Fill(
                words.Waterfall, words.Percent(backers.RecoupPartsPerMillion), what, words.Multiple(backers.Multiple),
                words.Percent(backers.ThenPartsPerMillion));
            return backers.Cap is { } cap ? rate + Fill(words.WaterfallEnds, words.Multiple(cap)) : rate;
        }
        if (share.Tiers.IsEmpty)
            return words.FixedOnly;
        if (share.Tiers is [var only])
            return Fill(words.Rate, words.Percent(only.PartsPerMillion), what);
        var tiers = share.Tiers.Select(tier => tier.UpTo is { } edge
            ? Fill(words.TierUpTo, words.Percent(tier.PartsPerMillion), Show(edge))
            : Fill(words.TierAbove, words.Percent(tier.PartsPerMillion)));
        return Fill(share.TierKind == TierKind.Marginal ? words.Marginal : words.Cliff, words.List([.. tiers]), what);
    }

    private string Scoped(ShareTerms share, string clause)
    {
        var parts = new List<string>();
        Add(words.OfModels, share.Models, words.Quote);
        Add(words.OfAdapters, share.Adapters, words.Quote);
        Add(words.OfApps, share.Apps, words.Quote);
        Add(words.OfHosts, share.Hosts, Name);
        Add(words.OfTerritories, share.Territories, words.Isolate);
        return parts.Count == 0 ? clause : Fill(words.Only, clause, string.Join(words.Comma, parts));

        void Add(string format, IReadOnlyList<string> names, Func<string, string> show)
        {
            if (names.Count > 0)
                parts.Add(Fill(format, words.List([.. names.Select(show)])));
        }
    }

    private string Show(PoolMember member)
    {
        var weight = words.Isolate(member.Weight.ToString(CultureInfo.InvariantCulture));
        return member.Source is { } source
            ? Fill(words.MemberOfSource, Name(member.PartyId), weight, words.Quote(source))
            : $"{Name(member.PartyId)} ({weight})";
    }

    private string Show(Amount amount) => words.Isolate(amount.ToString());

    private string Show(Period month) => words.Isolate(month.ToString());

    private string Name(string partyId) => words.Isolate(nameOf(partyId));

    private static string Fill(string format, params ReadOnlySpan<object?> values) => TermsWords.Fill(format, values);
}
