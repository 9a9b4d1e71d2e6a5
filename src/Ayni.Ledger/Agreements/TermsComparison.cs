namespace Ayni.Ledger;

/// <summary>A clause that is worse for the smaller party than the standard.</summary>
/// <param name="Clause">Its name, such as <c>lower-rate</c>; the same in every language.</param>
/// <param name="Share">The share it is about.</param>
/// <param name="Standard">The standard it was held against.</param>
/// <param name="Says">What is worse, in a sentence.</param>
public sealed record WorseClause(string Clause, string Share, string Standard, string Says);

/// <summary>Holds one share against the standard's between the same two roles.</summary>
/// <param name="terms">The agreement.</param>
/// <param name="share">Its share.</param>
/// <param name="standardTerms">The standard.</param>
/// <param name="standard">The standard's share.</param>
/// <param name="name">The standard's name.</param>
/// <param name="words">The words of the language.</param>
internal sealed class TermsComparison(
    AgreementTerms terms, ShareTerms share, AgreementTerms standardTerms, ShareTerms standard, string name, TermsWords words)
{
    /// <summary>What gives the payee less, or later.</summary>
    public IEnumerable<WorseClause> WorseForPayee()
    {
        if (Lowest(share) < Lowest(standard))
            yield return Worse("lower-rate", words.Percent(Lowest(share)), words.Percent(Lowest(standard)));
        if (Breadth(share.Base) < Breadth(standard.Base))
            yield return Worse("narrower-base", words.Base(share.Base), words.Base(standard.Base));
        if (share.Base == ShareBase.Net)
        {
            foreach (var deduction in terms.Deductions)
            {
                var allowed = standardTerms.Deductions.FirstOrDefault(other => other.Type == deduction.Type);
                if (allowed is null)
                    yield return Worse("more-deductions", NameOf(deduction));
                else if (allowed.CapPartsPerMillion is { } cap && !(deduction.CapPartsPerMillion <= cap))
                    yield return Worse("uncapped-deduction", NameOf(deduction), words.Percent(cap));
            }
            if (terms.MarketplaceFee is { } fee && standardTerms.MarketplaceFee is null)
                yield return Worse("marketplace-fee", words.Percent(fee.PartsPerMillion));
        }
        if (share.Measure == ShareMeasure.Collected && standard.Measure == ShareMeasure.Billed)
            yield return Worse("later-payment");
        if (share.Cap is { } most && standard.Cap is null)
            yield return Worse("cap", Show(most));
        if (share.Guarantee is { CarriesForward: true })
            yield return Worse("recovered-guarantee");
        if (share.Advance is { RecoupPartsPerMillion: Share.Whole })
            yield return Worse("whole-recoupment");
    }

    /// <summary>What takes more from the collector.</summary>
    public IEnumerable<WorseClause> WorseForCollector()
    {
        if (Highest(share) > Highest(standard))
            yield return Worse("higher-rate", words.Percent(Highest(share)), words.Percent(Highest(standard)));
        if (Breadth(share.Base) > Breadth(standard.Base))
            yield return Worse("wider-base", words.Base(share.Base), words.Base(standard.Base));
        if (share.Base == ShareBase.Net)
        {
            foreach (var deduction in standardTerms.Deductions)
            {
                var allowed = terms.Deductions.FirstOrDefault(other => other.Type == deduction.Type);
                if (allowed is null)
                    yield return Worse("fewer-deductions", NameOf(deduction));
                else if (deduction.CapPartsPerMillion is null && allowed.CapPartsPerMillion is { } cap)
                    yield return Worse("capped-deduction", NameOf(deduction), words.Percent(cap));
            }
        }
        if (share.Fixed is { Sign: > 0 } amount && standard.Fixed is null)
            yield return Worse("fixed-amount", Show(amount));
        if (share.Floor is { Sign: > 0 } floor && standard.Floor is null)
            yield return Worse("floor", Show(floor));
        if (share.Guarantee is { } guarantee && standard.Guarantee is null)
            yield return Worse("guarantee", Show(guarantee.Amount));
        if (share.Advance is { PaidElsewhere: false } advance && standard.Advance is null)
            yield return Worse("advance", Show(advance.Amount));
        if (share.Backers is { } backers && standard.Backers is { } usual)
        {
            if (backers.Multiple > usual.Multiple)
                yield return Worse("higher-multiple", words.Multiple(backers.Multiple), words.Multiple(usual.Multiple));
            if (backers.Cap is not { } cap || cap > usual.Cap)
                yield return Worse("no-cap", words.Multiple(usual.Cap));
        }
    }

    private WorseClause Worse(string clause, params ReadOnlySpan<object?> values) =>
        new(clause, share.Name, name, TermsWords.Fill(words.Clauses[clause], values));

    private string NameOf(AllowedDeduction deduction) => words.Deductions[(int)deduction.Type];

    private string Show(Amount amount) => words.Isolate(amount.ToString());

    private static int Lowest(ShareTerms share) =>
        share.Backers is { } backers ? Math.Min(backers.RecoupPartsPerMillion, backers.ThenPartsPerMillion)
        : share.Tiers.IsEmpty ? 0 : share.Tiers.Min(tier => tier.PartsPerMillion);

    private static int Highest(ShareTerms share) =>
        share.Backers is { } backers ? Math.Max(backers.RecoupPartsPerMillion, backers.ThenPartsPerMillion)
        : share.Tiers.IsEmpty ? 0 : share.Tiers.Max(tier => tier.PartsPerMillion);

    private static int Breadth(ShareBase of) => of switch { ShareBase.Gross => 2, ShareBase.Net => 1, _ => 0 };
}
