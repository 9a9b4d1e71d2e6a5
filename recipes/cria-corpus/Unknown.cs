namespace Ayni.CriaCorpus;

/// <summary>Questions from beyond Cria's world, to which the honest answer is that it does not know.</summary>
public static class Unknown
{
    private const string Admission = "I don't know. I am only a small llama.";

    private static readonly string[] Syllables =
    [
        "bla", "bor", "cra", "dim", "dor", "fen", "fli", "gar", "gu", "hal", "jo", "kre", "lu", "mak", "mor", "nib", "nu", "ol", "pra",
        "qui", "ras", "ri",
        "sno", "sta", "tek", "tu", "ul", "vam", "ver", "wim", "xo", "yar", "zan", "zi", "ble", "ton", "vik", "dax", "rup", "sel", "mi",
        "kan", "to",
    ];

    private static IReadOnlyList<string> Phrases { get; } = Texts.Lines("unknown");

    private static IReadOnlyList<string> Countries { get; } = Texts.Lines("countries");

    private static IReadOnlyList<string> People { get; } = Texts.Lines("people");

    private static IReadOnlyList<string> Topics { get; } = Texts.Lines("topics");

    private static IReadOnlyList<string> Languages { get; } = Texts.Lines("languages");

    // Words that neither have a translation nor an opposite here.
    private static IReadOnlyList<string> Untranslated { get; } = [.. Everyday.AllThings.Where(thing => !World.Knows(thing))];

    /// <summary>A question and the admission.</summary>
    public static Exchange Ask(Chance chance)
    {
        if (chance.Percent(12))
            return new Exchange("unknown", Beyond(chance), Admission);
        var phrase = chance.Pick(Phrases);
        var question = Wording.Ask(phrase, chance, Slots(chance));
        var answer = phrase[0] switch
        {
            '¿' => "No lo sé. Soy solo una llama pequeña.",
            > '\u0600' => "لا أعرف. أنا لاما صغيرة.",
            _ => Admission,
        };
        return new Exchange("unknown", question, answer);
    }

    private static (string Name, string Text)[] Slots(Chance chance)
    {
        var (toDo, done, doing) = Everyday.Deed(chance);
        return
        [
            ("c", chance.Percent(12) ? Texts.Capital(Word(chance)) : chance.Pick(Countries)),
            ("p", chance.Percent(40) ? $"{Texts.Capital(Word(chance))} {Texts.Capital(Word(chance))}" : chance.Pick(People)),
            ("t", chance.Percent(10) ? Word(chance) : chance.Pick(Topics)), ("n", Word(chance)), ("d", $"{101 + chance.Below(9900)}"),
            ("o", Everyday.Thing(chance)), ("s", Everyday.SomeThings(chance)), ("v", toDo), ("b", done), ("g", doing),
            ("h", Everyday.Person(chance)),
            ("w", Everyday.Place(chance)), ("N", Everyday.Name(chance)), ("l", chance.Pick(Languages)), ("e", chance.Pick(Untranslated)),
        ];
    }

    // What is asked as what it knows is, about what it doesn't.
    private static string Beyond(Chance chance) => chance.Below(5) switch
    {
        0 => World.AskForWord(chance.Percent(50) ? chance.Pick(Untranslated) : World.AnyWord(chance), chance.Pick(Languages), chance),
        1 => World.AskForWord(
            chance.Percent(70) ? chance.Pick(Untranslated) : Word(chance), chance.Percent(50) ? "Spanish" : "Arabic", chance),
        2 => World.AskForOpposite(chance.Percent(70) ? chance.Pick(Untranslated) : Word(chance), chance),
        _ => Arithmetic.Ask(
            "+-×"[chance.Below(3)], $"{(chance.Percent(60) ? 101 : 11) + chance.Below(chance.Percent(50) ? 900 : 9000)}",
            $"{101 + chance.Below(chance.Percent(50) ? 900 : 9000)}", chance),
    };

    /// <summary>A word that there is not.</summary>
    public static string Word(Chance chance) => string.Concat(Enumerable.Range(0, 2 + chance.Below(2)).Select(_ => chance.Pick(Syllables)));
}
