using System.Globalization;

namespace Ayni.Ledger;

/// <summary>An agreement's document in plain English, a sentence for each thing that it says.</summary>
internal static class TermsProse
{
    /// <summary>The sentences.</summary>
    /// <param name="terms">The document.</param>
    /// <param name="nameOf">What to call a party, by its id or role.</param>
    public static IReadOnlyList<string> Write(AgreementTerms terms, Func<string, string> nameOf)
    {
        var model = terms.Model is { } only ? $"the model '{only}'" : "every model without an agreement of its own";
        var money = terms.Currency is { } currency ? $"revenue in {currency}" : "revenue in every currency";
        var lines = new List<string>
        {
            $"This is the agreement '{terms.Name}' about {model} and {money}, {When(terms)}.",
            $"{nameOf(terms.CollectorId)} collects the revenue, pays the shares below and keeps the rest.",
        };
        if (terms.RequiresAcceptance)
            lines.Add("It is in force only when every party named in it has accepted it.");
        var taken = terms.Deductions.Select(deduction =>
            Plural(deduction.Type) + (deduction.CapPartsPerMillion is { } cap ? $" (at most {TermsText.Percent(cap)} of the revenue)" : ""))
            .Concat(terms.MarketplaceFee is null ? [] : ["the marketplace's fee"]).ToList();
        lines.Add(taken.Count == 0
            ? "Nothing is taken off the revenue before it is shared."
            : $"Net revenue is the revenue less {List(taken)}. If that is less than nothing, the lack is taken off the next month's.");
        if (terms.MarketplaceFee is { } fee)
            lines.Add($"{nameOf(fee.PayeeId)} takes {TermsText.Percent(fee.PartsPerMillion)} of the revenue, less refunds and taxes, as the marketplace's fee.");
        foreach (var share in terms.Shares)
            lines.Add(Write(share, nameOf));
        return lines;
    }

    private static string Write(ShareTerms share, Func<string, string> nameOf)
    {
        var sentences = new List<string> { $"'{share.Name}': {Who(share, nameOf)} {Rate(share)}{Scope(share)}." };
        if (share.Measure == ShareMeasure.Collected)
            sentences.Add("Revenue counts when customers have paid it.");
        if (share.IsEachDeveloper)
            sentences.Add("Each developer's apps are counted by themselves, without what its own customers use.");
        if (share.Fixed is { } amount)
            sentences.Add($"{amount} are added each month, whatever the revenue.");
        if (share.Floor is { } floor)
            sentences.Add($"In a month with revenue it is at least {floor}.");
        if (share.Cap is { } cap)
            sentences.Add($"It is at most {cap} a month.");
        if (share.Guarantee is { } guarantee)
            sentences.Add($"{guarantee.Amount} are guaranteed each month; what is added to reach them "
                + (guarantee.CarriesForward ? "comes off what later months earn above them." : "is never taken back."));
        if (share.Advance is { } advance)
            sentences.Add($"{advance.Amount} {(advance.PaidElsewhere ? "were paid in advance elsewhere" : "are paid in advance")}; "
                + $"{TermsText.Percent(advance.RecoupPartsPerMillion)} of each month's share goes to earn them back.");
        if (share.Pool is { } pool)
            sentences.Add("It is divided " + (pool.ManifestDigest is { } digest ? $"by the manifest {digest} " : "")
                + $"among {List([.. pool.Members.Select(member => $"{nameOf(member.PartyId)} ({member.Weight.ToString(CultureInfo.InvariantCulture)}{(member.Source is { } source ? $" for '{source}'" : "")})")])}.");
        if (share.Backers is { } backers)
            sentences.Add($"It is divided by what they paid: {List([.. backers.Members.Select(member => $"{nameOf(member.PartyId)} {member.Paid}")])}.");
        return string.Join(' ', sentences);
    }

    private static string When(AgreementTerms terms) => (terms.From, terms.Until) switch
    {
        ({ } from, { } until) => $"from {from} to {until}",
        ({ } from, null) => $"from {from} on",
        (null, { } until) => $"at once and until {until}",
        _ => "at once",
    };

    private static string Who(ShareTerms share, Func<string, string> nameOf) =>
        share.Pool is not null ? "the pool gets"
        : share.Backers is not null ? "the backers get"
        : share.IsEachDeveloper ? "the developer of each app gets"
        : $"{nameOf(share.PayeeId!)} gets";

    private static string Rate(ShareTerms share)
    {
        var what = share.Base switch
        {
            ShareBase.Gross => "the revenue",
            ShareBase.Net => "the net revenue",
            _ => "what the collector has left of the net revenue after the shares before",
        };
        if (share.Backers is { } backers)
            return $"{TermsText.Percent(backers.RecoupPartsPerMillion)} of {what} until they have had {TermsText.Multiple(backers.Multiple)} times what they paid, "
                + $"then {TermsText.Percent(backers.ThenPartsPerMillion)}"
                + (backers.Cap is { } cap ? $", and nothing beyond {TermsText.Multiple(cap)} times" : "");
        if (share.Tiers.IsEmpty)
            return "a fixed amount";
        if (share.Tiers is [var only])
            return $"{TermsText.Percent(only.PartsPerMillion)} of {what}";
        var tiers = share.Tiers.Select(tier => $"{TermsText.Percent(tier.PartsPerMillion)} {(tier.UpTo is { } edge ? $"up to {edge}" : "above")}");
        return $"{List([.. tiers])} of a month of {what}, "
            + (share.TierKind == TierKind.Marginal ? "each rate for the part between its edges" : "the rate that the month reaches for all of it");
    }

    private static string Scope(ShareTerms share)
    {
        var parts = new List<string>();
        Add("model", share.Models);
        Add("adapter", share.Adapters);
        Add("app", share.Apps);
        if (!share.Territories.IsEmpty)
            parts.Add($"from customers in {List(share.Territories)}");
        return parts.Count == 0 ? "" : ", only " + string.Join(", ", parts);

        void Add(string what, IReadOnlyList<string> names)
        {
            if (names.Count > 0)
                parts.Add($"of the {what}{(names.Count == 1 ? "" : "s")} {List([.. names.Select(name => $"'{name}'")])}");
        }
    }

    private static string Plural(DeductionType type) => type switch
    {
        DeductionType.Refund => "refunds",
        DeductionType.Chargeback => "chargebacks",
        DeductionType.BadDebt => "bad debts",
        DeductionType.Tax => "taxes",
        DeductionType.PaymentFee => "payment fees",
        DeductionType.StoreFee => "store fees",
        _ => "other named costs",
    };

    private static string List(IReadOnlyList<string> items) =>
        items.Count == 1 ? items[0] : $"{string.Join(", ", items.SkipLast(1))} and {items[^1]}";
}
