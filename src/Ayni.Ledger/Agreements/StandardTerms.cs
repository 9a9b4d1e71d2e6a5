using System.Collections.Immutable;
using System.Reflection;

namespace Ayni.Ledger;

/// <summary>
/// The public standard terms that come with Ayni, by the roles of the parties: something to begin with, and what agreements are held
/// against.
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
    /// The clauses of an agreement that are worse for the smaller party than the standard between the same two roles, by name. Shares
    /// between roles that no standard is about are left out.
    /// </summary>
    /// <param name="terms">The agreement, with ids or roles for parties.</param>
    /// <param name="roleOf">A party's role by its id.</param>
    /// <param name="words">The words of the language.</param>
    internal static IReadOnlyList<WorseClause> FindWorse(AgreementTerms terms, Func<string, Role> roleOf, TermsWords words)
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
                var comparison = new TermsComparison(terms, share, standardTerms, model, standard.Name, words);
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
