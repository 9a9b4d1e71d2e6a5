using System.Globalization;
using System.Text;

namespace Ayni.Ledger;

/// <summary>
/// The canonical text of an agreement's document: YAML with every field in one order, everything resolved, nothing that says nothing.
/// Reading it back gives the same terms, and the same terms have the same text.
/// </summary>
internal static class TermsText
{
    /// <summary>The text.</summary>
    public static string Write(AgreementTerms terms)
    {
        var yaml = new StringBuilder();
        Line(yaml, 0, "agreement", Quoted(terms.Name));
        Line(yaml, 0, "model", Quoted(terms.Model));
        Line(yaml, 0, "currency", terms.Currency?.Code);
        Line(yaml, 0, "collector", Quoted(terms.CollectorId));
        Line(yaml, 0, "from", terms.From?.ToString() ?? (terms.At is { } at ? PriceList.FromOf(at) : null));
        Line(yaml, 0, "until", terms.Until?.ToString());
        Line(yaml, 0, "retroactive", terms.IsRetroactive ? "true" : null);
        Lines(yaml, 0, "replaces", [.. terms.Replaces.Select(version => version.ToString(CultureInfo.InvariantCulture))]);
        Lines(yaml, 0, "affected", terms.Affected);
        if (!terms.Deductions.IsEmpty)
            Line(yaml, 0, "deductions", "");
        foreach (var deduction in terms.Deductions)
        {
            Line(yaml, 1, "- type", deduction.Type.Name());
            Line(yaml, 2, "cap", Percent(deduction.CapPartsPerMillion));
        }
        if (terms.MarketplaceFee is { } fee)
        {
            Line(yaml, 0, "marketplace_fee", "");
            Line(yaml, 1, "payee", Quoted(fee.PayeeId));
            Line(yaml, 1, "rate", Percent(fee.PartsPerMillion));
        }
        if (terms.IsSplit)
            Line(yaml, 0, "split", "");
        foreach (var share in terms.Split)
        {
            Line(yaml, 1, "- payee", Quoted(share.PartyId ?? ShareTerms.EachDeveloper));
            Line(yaml, 2, "rate", Percent(share.PartsPerMillion));
        }
        if (!terms.Shares.IsEmpty)
            Line(yaml, 0, "shares", "");
        foreach (var share in terms.Shares)
            Write(yaml, share);
        return yaml.ToString();
    }

    /// <summary>Parts of a million as percent.</summary>
    public static string? Percent(int? partsPerMillion) =>
        partsPerMillion is { } parts ? ((decimal)parts / 10_000).ToString("0.####", CultureInfo.InvariantCulture) + "%" : null;

    /// <summary>Ten-thousandths as a multiple.</summary>
    public static string? Multiple(int? tenThousandths) =>
        tenThousandths is { } parts ? ((decimal)parts / Backers.One).ToString("0.####", CultureInfo.InvariantCulture) : null;

    private static void Write(StringBuilder yaml, ShareTerms share)
    {
        Line(yaml, 1, "- name", Quoted(share.Name));
        Line(yaml, 2, "payee", Quoted(share.PayeeId));
        Lines(yaml, 2, "models", share.Models);
        Lines(yaml, 2, "adapters", share.Adapters);
        Lines(yaml, 2, "apps", share.Apps);
        Lines(yaml, 2, "hosts", share.Hosts);
        Lines(yaml, 2, "territories", share.Territories);
        Line(yaml, 2, "base", share.Base.ToString().ToLowerInvariant());
        Line(yaml, 2, "measure", share.Measure.ToString().ToLowerInvariant());
        if (share.Tiers is [{ UpTo: null } only])
        {
            Line(yaml, 2, "rate", Percent(only.PartsPerMillion));
        }
        else if (!share.Tiers.IsEmpty)
        {
            Line(yaml, 2, "tiers", "");
            Line(yaml, 3, "kind", share.TierKind.ToString().ToLowerInvariant());
            Line(yaml, 3, "steps", "");
            foreach (var tier in share.Tiers)
            {
                Line(yaml, 4, "- rate", Percent(tier.PartsPerMillion));
                Line(yaml, 5, "up_to", tier.UpTo?.Format());
            }
        }
        Line(yaml, 2, "fixed", share.Fixed?.Format());
        Line(yaml, 2, "floor", share.Floor?.Format());
        Line(yaml, 2, "cap", share.Cap?.Format());
        if (share.Guarantee is { } guarantee)
        {
            Line(yaml, 2, "guarantee", "");
            Line(yaml, 3, "amount", guarantee.Amount.Format());
            Line(yaml, 3, "carry_forward", guarantee.CarriesForward ? "true" : "false");
        }
        if (share.Advance is { } advance)
        {
            Line(yaml, 2, "advance", "");
            Line(yaml, 3, "amount", advance.Amount.Format());
            Line(yaml, 3, "paid", advance.PaidElsewhere ? "elsewhere" : "here");
            Line(yaml, 3, "recoup", Percent(advance.RecoupPartsPerMillion));
        }
        Write(yaml, share.Pool);
        Write(yaml, share.Backers);
    }

    private static void Write(StringBuilder yaml, Pool? pool)
    {
        if (pool is null)
            return;
        Line(yaml, 2, "pool", "");
        Line(yaml, 3, "sha256", pool.ManifestDigest?.ToString());
        Line(yaml, 3, "members", "");
        foreach (var member in pool.Members)
        {
            Line(yaml, 4, "- party", Quoted(member.PartyId));
            Line(yaml, 5, "weight", member.Weight.ToString(CultureInfo.InvariantCulture));
            Line(yaml, 5, "source", Quoted(member.Source));
        }
    }

    private static void Write(StringBuilder yaml, Backers? backers)
    {
        if (backers is null)
            return;
        Line(yaml, 2, "backers", "");
        Line(yaml, 3, "recoup", Percent(backers.RecoupPartsPerMillion));
        Line(yaml, 3, "multiple", Multiple(backers.Multiple));
        Line(yaml, 3, "then", Percent(backers.ThenPartsPerMillion));
        Line(yaml, 3, "cap", Multiple(backers.Cap));
        Line(yaml, 3, "members", "");
        foreach (var member in backers.Members)
        {
            Line(yaml, 4, "- party", Quoted(member.PartyId));
            Line(yaml, 5, "paid", member.Paid.Format());
        }
    }

    private static void Lines(StringBuilder yaml, int depth, string name, IReadOnlyCollection<string> items)
    {
        if (items.Count > 0)
            Line(yaml, depth, name, "");
        foreach (var item in items)
            yaml.Append(' ', (2 * depth) + 2).Append("- ").Append(Quoted(item)).Append('\n');
    }

    /// <summary>A field, unless there is nothing to say.</summary>
    private static void Line(StringBuilder yaml, int depth, string name, string? value)
    {
        if (value is null)
            return;
        // A list's dash stands where its fields' names would begin, less two.
        yaml.Append(' ', 2 * depth).Append(name).Append(':');
        if (value.Length > 0)
            yaml.Append(' ').Append(value);
        yaml.Append('\n');
    }

    /// <summary>A name in double quotes, with what YAML takes for more than a character written as its number.</summary>
    private static string? Quoted(string? text)
    {
        if (text is null)
            return null;
        var quoted = new StringBuilder("\"");
        foreach (var unit in text)
        {
            if (unit is '"' or '\\')
                quoted.Append('\\').Append(unit);
            else if (unit is '\u2028' or '\u2029' or '\ufeff' or >= '\ufffe')
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
            else
                quoted.Append(unit);
        }
        return quoted.Append('"').ToString();
    }
}
