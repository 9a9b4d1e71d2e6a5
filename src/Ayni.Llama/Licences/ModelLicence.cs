using System.Text.RegularExpressions;

namespace Ayni.Llama;

/// <summary>Which licence a model is under, and how we know.</summary>
/// <param name="Name">The licence's name as it was found or given; null if nothing says it.</param>
/// <param name="Terms">What it asks, if it is one of Llama's; null for every other licence, about which we say nothing.</param>
/// <param name="Evidence">What says so, such as the file's field.</param>
/// <param name="IsMultimodal">Whether the model is one of a family's multimodal ones, of which only the text part may be used here.</param>
/// <param name="Parents">The models it was made from, by their files' word.</param>
public sealed partial record ModelLicence(string? Name, Licence? Terms, string Evidence, bool IsMultimodal, IReadOnlyList<string> Parents)
{
    /// <summary>What says so where a person has.</summary>
    public const string Stated = "as stated";

    /// <summary>The licence all of whose models are multimodal.</summary>
    private const string Multimodal = "llama4";

    private const string LicenceKey = "general.license", NameKey = "general.name";

    /// <summary>How the families' names look in texts. The newest stands first where one text could be two.</summary>
    private static readonly (string Id, Regex Pattern)[] Families =
    [
        ("llama4", Llama4()), ("llama3.3", Llama33()), ("llama3.2", Llama32()), ("llama3.1", Llama31()), ("llama3", Llama3()),
        ("llama2", Llama2()), ("llama1", Llama1()),
    ];

    /// <summary>
    /// Reads a model's metadata: what it says of its licence; what it says of the models it was made from, whose licence follows it; and
    /// if it says nothing of a licence, its name.
    /// </summary>
    public static ModelLicence Of(GgufMetadata metadata)
    {
        var declared = Bounded(metadata.FindString(LicenceKey));
        var parents = ParentsIn(metadata);
        var name = Bounded(metadata.FindString(NameKey)) ?? Bounded(metadata.FindString("_name_or_path"));
        var texts = new List<(string Text, string Evidence)>();
        Add(declared, LicenceKey);
        Add(Bounded(metadata.FindString("general.license.name")), "general.license.name");
        Add(Bounded(metadata.FindString("general.license.link")), "general.license.link");
        parents.ForEach(parent => Add(parent, "general.base_model"));
        if (declared is null)
            Add(name, NameKey);
        var isMultimodal = metadata.FindString("general.architecture") is "llama4" or "mllama"
            || new[] { name }.Concat(parents).Any(text => text is not null && Vision().IsMatch(text));
        foreach (var (text, evidence) in texts)
        {
            if (FindFamily(text) is { } terms)
                return new(terms.Id, terms, $"{evidence} is '{text}'", isMultimodal || terms.Id == Multimodal, parents);
        }
        return declared is null
            ? new(null, null, $"neither {LicenceKey} nor {NameKey} says", isMultimodal, parents)
            : new(declared, null, $"{LicenceKey} is '{declared}'", isMultimodal, parents);

        void Add(string? text, string evidence)
        {
            if (text is not null)
                texts.Add((text, evidence));
        }
    }

    /// <summary>The same model under the licence that a person states: a Llama licence's short name, or any other's.</summary>
    public ModelLicence As(string name)
    {
        var terms = FindFamily(name);
        return this with { Name = terms?.Id ?? name, Terms = terms, Evidence = Stated, IsMultimodal = IsMultimodal || terms?.Id == Multimodal };
    }

    /// <summary>The licence of the Llama model that a text names, such as <c>meta-llama/Llama-3.1-8B</c>; null if it names none.</summary>
    public static Licence? FindFamily(string text) =>
        Licence.Find(text) ?? Licence.Find(Families.FirstOrDefault(family => family.Pattern.IsMatch(text)).Id);

    /// <summary>Metadata is a stranger's: what is shown of it is short and without control characters.</summary>
    private static string? Bounded(string? text)
    {
        if (text is null)
            return null;
        var clean = string.Concat(text.EnumerateRunes().Where(rune => !System.Text.Rune.IsControl(rune)).Take(200)).Trim();
        return clean.Length == 0 ? null : clean;
    }

    private static List<string> ParentsIn(GgufMetadata metadata)
    {
        const int MostParents = 16;
        var parents = new List<string>();
        for (var i = 0; i < Math.Min(metadata.FindInteger("general.base_model.count") ?? 0, MostParents); i++)
        {
            foreach (var field in (string[])["name", "repo_url"])
            {
                if (Bounded(metadata.FindString(FormattableString.Invariant($"general.base_model.{i}.{field}"))) is { } text)
                    parents.Add(text);
            }
        }
        return parents;
    }

    // Between the family's name and its number stand nothing, a blank, a hyphen, an underscore or a v. OpenLLaMA and TinyLlama are other
    // families, and a number of billions (Llama-3B) is no number of the family.

    [GeneratedRegex(@"llama[-_ ]?v?4(?![0-9.]|b\b)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Llama4();

    [GeneratedRegex(@"llama[-_ ]?v?3[._]3(?![0-9])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Llama33();

    [GeneratedRegex(@"llama[-_ ]?v?3[._]2(?![0-9])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Llama32();

    [GeneratedRegex(@"llama[-_ ]?v?3[._]1(?![0-9])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Llama31();

    [GeneratedRegex(@"llama[-_ ]?v?3(?![0-9.]|b)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Llama3();

    [GeneratedRegex(@"(?<!open|open[-_ ])llama[-_ ]?v?2(?![0-9.]|b)|code[-_ ]?llama", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Llama2();

    [GeneratedRegex(
        @"(?<!tiny|open|open[-_ ])llama[-_ ]?(v?1[-_ ])?(7|13|30|33|65)b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Llama1();

    [GeneratedRegex("vision", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Vision();
}
