using System.Collections.Immutable;
using System.Reflection;

namespace Ayni.Ledger;

/// <summary>
/// The public standard terms that come with Ayni, by the roles of the parties: something to begin with, and what agreements are held against.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Text">The document, with what it is for in its first line.</param>
/// <param name="SmallerParties">Whom it protects.</param>
public sealed record StandardTerms(string Name, string Text, ImmutableArray<Role> SmallerParties)
{
    private const string Folder = "Ayni.Ledger.Agreements.Standards.";

    private static readonly (string Name, ImmutableArray<Role> SmallerParties)[] Names =
    [
        ("host-pays-owner", [Role.Host]),
        ("owner-pays-host", [Role.Host, Role.Developer]),
        ("store-pays-developer", [Role.Host, Role.Developer]),
        ("host-pays-developer", [Role.Developer]),
        ("host-pays-adapter-author", [Role.AdapterAuthor]),
        ("host-pays-data-contributors", [Role.DataContributor]),
        ("host-pays-backers", [Role.Host]),
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<StandardTerms> All { get; } = [.. Names.Select(entry => Load(entry.Name, entry.SmallerParties))];

    /// <summary>What it says, with roles for parties.</summary>
    internal AgreementTerms Terms => TermsReader.Read(Name, Text);

    /// <summary>
    /// The clauses of an agreement that are worse for the smaller party than the standard between the same two roles, by name. Shares between
    /// roles that no standard is about are left out.
    /// </summary>
    /// <param name="terms">The agreement, with ids or roles for parties.</param>
    /// <param name="roleOf">A party's role by its id.</param>
    internal static IReadOnlyList<WorseClause> FindWorse(AgreementTerms terms, Func<string, Role> roleOf)
    {
        var worse = new List<WorseClause>();
        var collector = RoleOf(terms.CollectorId);
        foreach (var share in terms.Shares)
        {
            var payee = share.IsEachDeveloper ? Role.Developer : RoleOf(share.PayeeIds.First());
            foreach (var standard in All)
            {
                var standardTerms = standard.Terms;
                if (standardTerms.CollectorId != collector.Name()
                    || standardTerms.Shares.FirstOrDefault(other => PayeeOf(other) == payee.Name()) is not { } model)
                    continue;
                var comparison = new TermsComparison(terms, share, standardTerms, model, standard.Name);
                if (standard.SmallerParties.Contains(payee))
                    worse.AddRange(comparison.WorseForPayee());
                if (standard.SmallerParties.Contains(collector))
                    worse.AddRange(comparison.WorseForCollector());
            }
        }
        return [.. worse.Distinct()];

        Role RoleOf(string party) => RoleNames.TryParse(party, out var role) ? role : roleOf(party);

        static string PayeeOf(ShareTerms share) => share.IsEachDeveloper ? ShareTerms.EachDeveloper : share.PayeeIds.First();
    }

    private static StandardTerms Load(string name, ImmutableArray<Role> smallerParties)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream($"{Folder}{name}.yaml")!);
        return new(name, reader.ReadToEnd(), smallerParties);
    }
}

/// <summary>A clause that is worse for the smaller party than the standard.</summary>
/// <param name="Clause">Its name, such as <c>lower-rate</c>.</param>
/// <param name="Share">The share it is about.</param>
/// <param name="Standard">The standard it was held against.</param>
/// <param name="Says">What is worse, in a sentence.</param>
public sealed record WorseClause(string Clause, string Share, string Standard, string Says);

/// <summary>Holds one share against the standard's between the same two roles.</summary>
internal sealed class TermsComparison(
    AgreementTerms terms, ShareTerms share, AgreementTerms standardTerms, ShareTerms standard, string name)
{
    /// <summary>What gives the payee less, or later.</summary>
    public IEnumerable<WorseClause> WorseForPayee()
    {
        if (Lowest(share) < Lowest(standard))
            yield return Worse("lower-rate", $"the lowest rate is {Percent(Lowest(share))}, the standard's {Percent(Lowest(standard))}");
        if (Breadth(share.Base) < Breadth(standard.Base))
            yield return Worse("narrower-base", $"it is of the {Word(share.Base)}, the standard's of the {Word(standard.Base)}");
        if (share.Base == ShareBase.Net)
        {
            foreach (var deduction in terms.Deductions)
            {
                var allowed = standardTerms.Deductions.FirstOrDefault(other => other.Type == deduction.Type);
                if (allowed is null)
                    yield return Worse("more-deductions", $"{deduction.Type.Name()} comes off, which the standard does not take off");
                else if (allowed.CapPartsPerMillion is { } cap && !(deduction.CapPartsPerMillion <= cap))
                    yield return Worse("uncapped-deduction", $"{deduction.Type.Name()} comes off beyond the standard's {Percent(cap)} of the revenue");
            }
            if (terms.MarketplaceFee is { } fee && standardTerms.MarketplaceFee is null)
                yield return Worse("marketplace-fee", $"a marketplace takes {Percent(fee.PartsPerMillion)} first");
        }
        if (share.Measure == ShareMeasure.Collected && standard.Measure == ShareMeasure.Billed)
            yield return Worse("later-payment", "revenue counts when it is collected, the standard's when it is billed");
        if (share.Cap is { } most && standard.Cap is null)
            yield return Worse("cap", $"nothing is paid beyond {most} a month");
        if (share.Guarantee is { CarriesForward: true })
            yield return Worse("recovered-guarantee", "what the guarantee adds comes off later months");
        if (share.Advance is { RecoupPartsPerMillion: Share.Whole })
            yield return Worse("whole-recoupment", "the advance takes all of each month's share until it is earned back");
        if (standardTerms.RequiresAcceptance && !terms.RequiresAcceptance)
            yield return Worse("no-acceptance", "it is in force before the parties have accepted it");
    }

    /// <summary>What takes more from the collector.</summary>
    public IEnumerable<WorseClause> WorseForCollector()
    {
        if (Highest(share) > Highest(standard))
            yield return Worse("higher-rate", $"the highest rate is {Percent(Highest(share))}, the standard's {Percent(Highest(standard))}");
        if (Breadth(share.Base) > Breadth(standard.Base))
            yield return Worse("wider-base", $"it is of the {Word(share.Base)}, the standard's of the {Word(standard.Base)}");
        if (share.Base == ShareBase.Net)
        {
            foreach (var deduction in standardTerms.Deductions)
            {
                var allowed = terms.Deductions.FirstOrDefault(other => other.Type == deduction.Type);
                if (allowed is null)
                    yield return Worse("fewer-deductions", $"{deduction.Type.Name()} does not come off, as in the standard");
                else if (deduction.CapPartsPerMillion is null && allowed.CapPartsPerMillion is { } cap)
                    yield return Worse("capped-deduction", $"{deduction.Type.Name()} comes off up to {Percent(cap)} of the revenue only");
            }
        }
        if (share.Fixed is { Sign: > 0 } amount && standard.Fixed is null)
            yield return Worse("fixed-amount", $"{amount} are due each month whatever the revenue");
        if (share.Floor is { Sign: > 0 } floor && standard.Floor is null)
            yield return Worse("floor", $"at least {floor} are due in each month with revenue");
        if (share.Guarantee is { } guarantee && standard.Guarantee is null)
            yield return Worse("guarantee", $"{guarantee.Amount} are guaranteed each month, with or without revenue");
        if (share.Advance is { PaidElsewhere: false } advance && standard.Advance is null)
            yield return Worse("advance", $"{advance.Amount} are paid before they are earned");
        if (share.Backers is { } backers && standard.Backers is { } usual)
        {
            if (backers.Multiple > usual.Multiple)
                yield return Worse("higher-multiple", $"backers have {TermsText.Multiple(backers.Multiple)} times what they paid first, the standard's {TermsText.Multiple(usual.Multiple)}");
            if (backers.Cap is not { } cap || cap > usual.Cap)
                yield return Worse("no-cap", $"backers' share ends beyond the standard's {TermsText.Multiple(usual.Cap)} times what they paid, or never");
        }
        if (standardTerms.RequiresAcceptance && !terms.RequiresAcceptance)
            yield return Worse("no-acceptance", "it is in force before the parties have accepted it");
    }

    private WorseClause Worse(string clause, string says) => new(clause, share.Name, name, says);

    private static int Lowest(ShareTerms share) =>
        share.Backers is { } backers ? Math.Min(backers.RecoupPartsPerMillion, backers.ThenPartsPerMillion)
        : share.Tiers.IsEmpty ? 0 : share.Tiers.Min(tier => tier.PartsPerMillion);

    private static int Highest(ShareTerms share) =>
        share.Backers is { } backers ? Math.Max(backers.RecoupPartsPerMillion, backers.ThenPartsPerMillion)
        : share.Tiers.IsEmpty ? 0 : share.Tiers.Max(tier => tier.PartsPerMillion);

    private static int Breadth(ShareBase of) => of switch { ShareBase.Gross => 2, ShareBase.Net => 1, _ => 0 };

    private static string Word(ShareBase of) => of.ToString().ToLowerInvariant();

    private static string Percent(int partsPerMillion) => TermsText.Percent(partsPerMillion)!;
}
