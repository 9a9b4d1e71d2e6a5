using System.Globalization;

namespace Ayni.Ledger;

/// <summary>
/// What an agreement says in a language, sentence by sentence: formats whose places are numbered in the order of the English ones. A place
/// in every sentence is given what the summary of its property says.
/// </summary>
internal sealed partial class TermsWords
{
    /// <summary>Name, what it is about, which revenue, when.</summary>
    public required string About { get; init; }

    /// <summary>A model.</summary>
    public required string OneModel { get; init; }

    public required string EveryModel { get; init; }

    /// <summary>A currency.</summary>
    public required string RevenueIn { get; init; }

    public required string AnyRevenue { get; init; }

    /// <summary>First and last month.</summary>
    public required string FromTo { get; init; }

    /// <summary>First month.</summary>
    public required string From { get; init; }

    /// <summary>Last month.</summary>
    public required string Until { get; init; }

    public required string AtOnce { get; init; }

    /// <summary>The collector.</summary>
    public required string Collects { get; init; }

    public required string Accepted { get; init; }

    public required string Retroactive { get; init; }

    /// <summary>A list of parties.</summary>
    public required string Affected { get; init; }

    /// <summary>A list of who gets what.</summary>
    public required string Split { get; init; }

    /// <summary>A rate, and who has it without an app.</summary>
    public required string SplitDeveloper { get; init; }

    public required string NothingTaken { get; init; }

    /// <summary>A list of what is taken off.</summary>
    public required string Taken { get; init; }

    /// <summary>A deduction and its cap.</summary>
    public required string TakenAtMost { get; init; }

    public required string MarketplaceFee { get; init; }

    /// <summary>The store and its rate.</summary>
    public required string MarketplaceTakes { get; init; }

    /// <summary>The share's name, and the clause that says who gets what.</summary>
    public required string Share { get; init; }

    /// <summary>A party and what it gets.</summary>
    public required string PartyGets { get; init; }

    /// <summary>What it gets.</summary>
    public required string PoolGets { get; init; }

    /// <summary>What they get.</summary>
    public required string BackersGet { get; init; }

    /// <summary>What each gets.</summary>
    public required string DeveloperGets { get; init; }

    public required string Gross { get; init; }

    public required string Net { get; init; }

    public required string Remainder { get; init; }

    /// <summary>A rate and what it is of.</summary>
    public required string Rate { get; init; }

    public required string FixedOnly { get; init; }

    /// <summary>A rate and the edge up to which it holds.</summary>
    public required string TierUpTo { get; init; }

    /// <summary>The last rate.</summary>
    public required string TierAbove { get; init; }

    /// <summary>The tiers and what they are of.</summary>
    public required string Marginal { get; init; }

    /// <summary>The tiers and what they are of.</summary>
    public required string Cliff { get; init; }

    /// <summary>The rate, what it is of, the multiple and the rate after.</summary>
    public required string Waterfall { get; init; }

    /// <summary>The multiple at which it ends.</summary>
    public required string WaterfallEnds { get; init; }

    /// <summary>A clause and a list of what it is limited to.</summary>
    public required string Only { get; init; }

    /// <summary>A list of models.</summary>
    public required string OfModels { get; init; }

    /// <summary>A list of adapters.</summary>
    public required string OfAdapters { get; init; }

    /// <summary>A list of apps.</summary>
    public required string OfApps { get; init; }

    /// <summary>A list of hosts.</summary>
    public required string OfHosts { get; init; }

    /// <summary>A list of countries.</summary>
    public required string OfTerritories { get; init; }

    public required string Collected { get; init; }

    public required string EachDeveloper { get; init; }

    /// <summary>An amount.</summary>
    public required string Fixed { get; init; }

    /// <summary>An amount.</summary>
    public required string Floor { get; init; }

    /// <summary>An amount.</summary>
    public required string Cap { get; init; }

    /// <summary>An amount.</summary>
    public required string GuaranteeCarried { get; init; }

    /// <summary>An amount.</summary>
    public required string GuaranteeKept { get; init; }

    /// <summary>The amount and the part of a share that recoups it.</summary>
    public required string AdvanceHere { get; init; }

    /// <summary>The amount and the part of a share that recoups it.</summary>
    public required string AdvanceElsewhere { get; init; }

    /// <summary>A list of members.</summary>
    public required string PoolDivided { get; init; }

    /// <summary>The manifest's digest and a list of members.</summary>
    public required string PoolByManifest { get; init; }

    /// <summary>A member, its weight and its source.</summary>
    public required string MemberOfSource { get; init; }

    /// <summary>A list of backers.</summary>
    public required string BackersDivided { get; init; }

    /// <summary>The types of deductions in their order.</summary>
    public required IReadOnlyList<string> Deductions { get; init; }

    public required string WorseTitle { get; init; }

    /// <summary>The clause's name, the share, the standard, and what is worse.</summary>
    public required string Worse { get; init; }

    /// <summary>What is worse by the clause's name; the places are those of <see cref="TermsComparison"/>.</summary>
    public required IReadOnlyDictionary<string, string> Clauses { get; init; }

    /// <summary>The last two of a list.</summary>
    public required string And { get; init; }

    /// <summary>What stands between the others.</summary>
    public required string Comma { get; init; }

    /// <summary>A name in the language's quotation marks.</summary>
    public required string Quoted { get; init; }

    /// <summary>Whether what is put into a sentence must be kept from disturbing its direction.</summary>
    public required bool IsRightToLeft { get; init; }

    /// <summary>A sentence with its places filled; clauses, which were filled before, stay as they are.</summary>
    public static string Fill(string format, params ReadOnlySpan<object?> values) =>
        string.Format(CultureInfo.InvariantCulture, format, values);

    /// <summary>
    /// A name, number or code as a sentence takes it: in a text from right to left it stands between the marks that isolate its direction
    /// (U+2068, U+2069).
    /// </summary>
    public string Isolate(string value) => IsRightToLeft ? $"\u2068{value}\u2069" : value;

    /// <summary>A list in words.</summary>
    public string List(IReadOnlyList<string> items) =>
        items.Count == 1 ? items[0] : Fill(And, string.Join(Comma, items.SkipLast(1)), items[^1]);

    /// <summary>Percent.</summary>
    public string Percent(int partsPerMillion) => Isolate(TermsText.Percent(partsPerMillion)!);

    /// <summary>A multiple.</summary>
    public string Multiple(int? tenThousandths) => Isolate(TermsText.Multiple(tenThousandths) ?? "");

    /// <summary>A name in quotation marks.</summary>
    public string Quote(string name) => Fill(Quoted, Isolate(name));

    /// <summary>What a share is of.</summary>
    public string Base(ShareBase of) => of switch { ShareBase.Gross => Gross, ShareBase.Net => Net, _ => Remainder };
}
