namespace Ayni.CriaCorpus;

/// <summary>Questions from beyond Cria's world, to which the honest answer is that it does not know.</summary>
public static class Unknown
{
    private static readonly string[] Syllables =
    [
        "bla", "bor", "cra", "dim", "dor", "fen", "fli", "gar", "gu", "hal", "jo", "kre", "lu", "mak", "mor", "nib", "nu", "ol", "pra", "qui", "ras", "ri",
        "sno", "sta", "tek", "tu", "ul", "vam", "ver", "wim", "xo", "yar", "zan", "zi", "ble", "ton", "vik", "dax", "rup", "sel", "mi", "kan", "to",
    ];

    private static IReadOnlyList<string> Phrases { get; } = Texts.Lines("unknown");

    private static IReadOnlyList<string> Countries { get; } = Texts.Lines("countries");

    private static IReadOnlyList<string> People { get; } = Texts.Lines("people");

    private static IReadOnlyList<string> Topics { get; } = Texts.Lines("topics");

    /// <summary>A question and the admission.</summary>
    public static Exchange Ask(Chance chance)
    {
        var phrase = chance.Pick(Phrases);
        var question = Grammar.Expand(
            phrase, chance, ("c", chance.Percent(12) ? Texts.Capital(Word(chance)) : chance.Pick(Countries)),
            ("p", chance.Percent(40) ? $"{Texts.Capital(Word(chance))} {Texts.Capital(Word(chance))}" : chance.Pick(People)),
            ("t", chance.Percent(15) ? Word(chance) : chance.Pick(Topics)), ("n", Word(chance)), ("d", $"{101 + chance.Below(9900)}"));
        var answer = phrase[0] switch
        {
            '¿' => "No lo sé. Soy solo una llama pequeña.",
            > '\u0600' => "لا أعرف. أنا لاما صغيرة.",
            _ => "I don't know. I am only a small llama.",
        };
        return new Exchange("unknown", question, answer);
    }

    /// <summary>A word that there is not.</summary>
    public static string Word(Chance chance) => string.Concat(Enumerable.Range(0, 2 + chance.Below(2)).Select(_ => chance.Pick(Syllables)));
}
