namespace Ayni.CriaCorpus;

/// <summary>Short stories on a theme.</summary>
public static class Stories
{
    private static readonly IReadOnlyList<string> Requests = Texts.Section("stories", "requests");

    private static readonly IReadOnlyList<string> SpanishRequests = Texts.Section("stories", "Spanish requests");

    private static readonly IReadOnlyList<string> SpanishThemes = Texts.Section("stories", "Spanish themes");

    private static readonly IReadOnlyList<string> SpanishPlots = Texts.Section("stories", "Spanish plots");

    private static readonly string[] SpanishGoods = ["pan", "maíz", "queso"];

    private static readonly IReadOnlyList<string> ArabicRequests = Texts.Section("stories", "Arabic requests");

    private static readonly IReadOnlyList<string> ArabicThemes = Texts.Section("stories", "Arabic themes");

    private static readonly IReadOnlyList<string> ArabicPlots = Texts.Section("stories", "Arabic plots");

    private static readonly IReadOnlyList<string> NamedRequests = Texts.Section("stories", "requests with a name");

    private static readonly IReadOnlyList<string> PlainRequests = Texts.Section("stories", "plain requests");

    private static readonly IReadOnlyList<string> Themes = Texts.Section("stories", "themes");

    // {n} who it is about, {m} a friend, {t} the theme, {s} the thing seen or met, {g} a good, {p} a place. A story begins with its theme as
    // it was asked for, which is the easiest way to keep to it.
    private static readonly IReadOnlyList<string> Plots = Texts.Section("stories", "plots");

    private static readonly IReadOnlyList<string> Characters = Texts.Section("stories", "heroes");

    private static readonly IReadOnlyList<string> Kinds = Texts.Section("stories", "kinds");

    private static readonly IReadOnlyList<string> Deeds = Texts.Section("stories", "deeds");

    private static readonly IReadOnlyList<string> Adjectives = Texts.Section("stories", "adjectives");

    private static readonly string[] Goods =
        ["wool", "maize", "potatoes", "salt", "bread", "cheese", "honey", "blankets", "beans", "apples"];

    private static readonly string[] Places =
        ["Cusco", "the valley", "a small village", "the high plain", "the village by the lake", "the mountains", "Puno"];

    /// <summary>A wish for a story, and the story.</summary>
    public static Exchange Ask(Chance chance)
    {
        if (chance.Percent(7))
            return InAnotherLanguage(chance);
        return Ask(Theme(chance), chance);
    }

    /// <summary>A wish for another story in one's own words, and the story.</summary>
    /// <param name="ask">The wish, given the theme.</param>
    /// <param name="chance">What chooses.</param>
    public static Exchange AskFor(Func<string, string> ask, Chance chance)
    {
        var theme = Theme(chance);
        return new Exchange(
            "stories", ask(theme[..theme.IndexOf(';', StringComparison.Ordinal)]), Tell(theme, Everyday.Name(chance), chance));
    }

    /// <summary>A wish for a story about what there is no word for, and the story: its words can only be taken from the wish.</summary>
    public static Exchange AskAnew(Chance chance)
    {
        var word = chance.Below(4) switch
        {
            0 => Unknown.Word(chance),
            1 => $"{chance.Pick(Adjectives)} {Unknown.Word(chance)}",
            2 => $"{Everyday.Thing(chance)}{Everyday.Thing(chance)}",
            _ => $"{Unknown.Word(chance)}{Everyday.Thing(chance)}",
        };
        var theme = chance.Below(4) switch { 0 => word, 1 => $"the {word}", 2 => $"two {word}s", _ => Everyday.A(word) };
        return Ask($"{theme};{theme}", chance);
    }

    private static Exchange Ask(string theme, Chance chance)
    {
        var asked = theme[..theme.IndexOf(';', StringComparison.Ordinal)];
        var kind = chance.Below(20);
        if (kind == 0)
            return new Exchange("stories", Wording.Ask(chance.Pick(PlainRequests), chance), Tell(theme, Everyday.Name(chance), chance));
        if (kind < 6)
        {
            var name = chance.Percent(40) ? Texts.Capital(Unknown.Word(chance)) : Everyday.Name(chance);
            var request = chance.Pick(NamedRequests);
            var question = Wording.Ask(request, chance, ("n", name), ("t", asked), ("k", chance.Pick(Characters)));
            var isThemed = request.Contains("{t}", StringComparison.Ordinal);
            return new Exchange("stories", question, Tell(isThemed ? $"{name} and {theme}" : $"{name};a llama", name, chance));
        }
        var text = Wording.Ask(chance.Pick(Requests), chance, ("t", asked), ("h", Everyday.Person(chance)), ("N", Everyday.Name(chance)));
        return new Exchange("stories", text, Tell(theme, Everyday.Name(chance), chance));
    }

    private static Exchange InAnotherLanguage(Chance chance)
    {
        var (name, friend) = (Everyday.Name(chance), chance.Pick<string>(["Pedro", "Mateo", "Diego", "Omar", "Karim", "Pablo", "Bruno"]));
        if (chance.Percent(35))
        {
            var about = chance.Pick(ArabicThemes);
            var she = chance.Pick<string>(["سلمى", "ليلى", "نور", "كيلا", "لونا"]);
            var he = chance.Pick<string>(["عمر", "كريم", "يوسف", "سامي"]);
            return new Exchange(
                "stories", Grammar.Expand(chance.Pick(ArabicRequests), chance, ("t", about)),
                Grammar.Expand(chance.Pick(ArabicPlots), chance, ("t", about), ("n", she), ("m", he)));
        }
        var theme = chance.Pick(SpanishThemes);
        return new Exchange(
            "stories", Grammar.Expand(chance.Pick(SpanishRequests), chance, ("t", theme)),
            Grammar.Expand(chance.Pick(SpanishPlots), chance, ("t", theme), ("n", name), ("m", friend), ("g", chance.Pick(SpanishGoods))));
    }

    /// <summary>A story.</summary>
    public static string Tell(Chance chance) => Tell(Theme(chance), Everyday.Name(chance), chance);

    /// <summary>A theme and the thing that stands for it, between them a <c>;</c>; many of them nobody thought of.</summary>
    private static string Theme(Chance chance)
    {
        var theme = chance.Pick(Themes);
        var end = theme.IndexOf(';', StringComparison.Ordinal);
        var kind = chance.Below(40);
        var own = kind switch
        {
            < 3 => $"{theme[..end]} and {chance.Pick(Themes)}",
            3 => $"{theme[..end]} in {chance.Pick(Places)}{theme[end..]}",
            < 7 => $"{chance.Pick(Kinds)} {chance.Pick(Deeds)};{theme[(end + 1)..]}",
            7 => $"two friends and {Everyday.A(Everyday.Thing(chance))}",
            < 10 => Unknown.Word(chance) is var word ? $"a {word};the {word}" : "",
            10 or 11 => $"a {chance.Pick(Adjectives)} llama",
            12 or 13 => $"{(chance.Percent(50) ? "the " : "")}{Everyday.SomeThings(chance)}",
            < 20 => Everyday.A(Everyday.Thing(chance)),
            20 or 21 => $"{Everyday.A(chance.Pick(Adjectives))} {Everyday.Thing(chance)}",
            22 => $"the {Everyday.Thing(chance)}",
            23 => $"{chance.Pick<string>(["my", "your", "a lost", "the last", "two", "three", "an old"])} {Everyday.Thing(chance)}",
            24 => $"{Everyday.A(Everyday.Thing(chance))} and {Everyday.A(Everyday.Thing(chance))}",
            25 => $"{Everyday.A(Everyday.Person(chance))} {chance.Pick(Deeds)}",
            _ => theme,
        };
        return own.Contains(';', StringComparison.Ordinal) ? own : $"{own};{own}";
    }

    private static string Tell(string theme, string name, Chance chance)
    {
        var parts = theme.Split(';');
        string friend;
        do
            friend = Everyday.Name(chance);
        while (friend == name);
        return Texts.Capital(Grammar.Expand(
            chance.Pick(Plots), chance, ("n", name), ("m", friend), ("t", parts[0]), ("s", parts[1]), ("g", chance.Pick(Goods)),
            ("p", chance.Pick(Places))));
    }
}
