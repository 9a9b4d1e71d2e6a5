using System.Globalization;

namespace Ayni.CriaCorpus;

/// <summary>Opposites, colours, days, months and small translations.</summary>
public static class World
{
    private static readonly IReadOnlyList<string> Opposites = Texts.Section("world", "opposites");

    private static readonly IReadOnlyList<string> Colours = Texts.Section("world", "colours");

    private static readonly IReadOnlyList<string> MixturePhrases = Texts.Section("world", "mixtures");

    private static readonly string[] ColourNames =
        ["red", "green", "blue", "yellow", "white", "black", "brown", "grey", "orange", "pink", "purple"];

    private static readonly (string A, string B, string Mixed)[] Mixtures =
    [
        ("red", "white", "pink"), ("blue", "yellow", "green"), ("red", "yellow", "orange"), ("red", "blue", "purple"),
        ("black", "white", "grey"),
    ];

    private static readonly string[] Days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    private static readonly string[] DaysInSpanish = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"];
    private static readonly string[] DaysInArabic = ["الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"];

    private static readonly string[] Months =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

    private static readonly string[] MonthsInSpanish =
        ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"];

    private static readonly string[] Ordinals =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"];

    private static readonly int[] Lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

    private static readonly IReadOnlyList<string> After = Texts.Section("world", "after");

    private static readonly IReadOnlyList<string> Before = Texts.Section("world", "before");

    private static readonly IReadOnlyList<string> IntoLanguage = Texts.Section("world", "into a language");

    // Where the languages are spoken.
    private static readonly IReadOnlyList<string> InCountry = Texts.Section("world", "in a country");

    private static readonly string[] SpanishCountries =
        ["Spain", "Peru", "Mexico", "Madrid", "Lima", "Chile", "Argentina", "Colombia", "Bolivia"];
    private static readonly string[] ArabicCountries =
        ["Egypt", "Cairo", "Morocco", "Syria", "Jordan", "Tunis", "Arabia", "Lebanon", "Oman"];

    private static readonly IReadOnlyList<string> IntoEnglish = Texts.Section("world", "into English");

    private static IReadOnlyList<(string Word, string Opposite)> OppositePairs { get; } =
    [
        .. Texts.Lines("opposites").SelectMany(line => line.Split('>') is [var word, var opposite]
            ? [(word, opposite)]
            : line.Split(';') is [var one, var other] ? new[] { (one, other), (other, one) } : throw new FormatException(line)),
    ];

    private static IReadOnlyList<string[]> ColouredThings { get; } = Texts.Table("colours");

    private static IReadOnlyList<string[]> Words { get; } = Texts.Table("words");

    /// <summary>A question for an opposite.</summary>
    public static Exchange AskOpposite(Chance chance)
    {
        if (chance.Percent(5))
        {
            var pair = chance.Pick(SpanishOpposites);
            var (from, to) = chance.Percent(50) ? (pair[0], pair[1]) : (pair[1], pair[0]);
            var phrase = Wording.Ask(chance.Pick(OppositesInSpanish), chance, ("w", Quote(from, chance)));
            return new Exchange("opposites", phrase, $"Lo contrario de {from} es {to}.");
        }
        var (word, other) = chance.Pick(OppositePairs);
        return new Exchange("opposites", AskForOpposite(word, chance), $"The opposite of {word} is {other}.");
    }

    /// <summary>A question for the opposite of any word.</summary>
    public static string AskForOpposite(string word, Chance chance) =>
        Wording.Ask(chance.Pick(Opposites), chance, ("w", Quote(word, chance)));

    /// <summary>A question for any word in any language.</summary>
    public static string AskForWord(string word, string language, Chance chance) =>
        Wording.Ask(chance.Pick(IntoLanguage), chance, ("w", Quote(word, chance)), ("l", language));

    /// <summary>An English word that is translated.</summary>
    public static string AnyWord(Chance chance) => chance.Pick(Words)[0];

    /// <summary>Whether an English word has a translation or an opposite here.</summary>
    public static bool Knows(string word) => Words.Any(row => row[0] == word) || OppositePairs.Any(pair => pair.Word == word);

    /// <summary>A question for a colour.</summary>
    public static Exchange AskColour(Chance chance)
    {
        if (chance.Percent(6))
        {
            var thing = chance.Pick(SpanishColours);
            return new Exchange("colours", Wording.Ask(chance.Pick(ColoursInSpanish), chance, ("t", thing[2])), $"{thing[0]} {thing[1]}.");
        }
        if (chance.Percent(12))
        {
            var (a, b, mixed) = chance.Pick(Mixtures);
            if (chance.Percent(50))
                (a, b) = (b, a);
            var phrase = chance.Pick(MixturePhrases);
            return new Exchange("colours", Wording.Ask(phrase, chance, ("a", a), ("b", b)), $"{Texts.Capital(a)} and {b} make {mixed}.");
        }
        var row = chance.Pick(ColouredThings);
        string other;
        do
            other = chance.Pick(ColourNames);
        while (other == row[1]);
        var question = Wording.Ask(
            chance.Pick(Colours), chance, ("t", chance.Pick(row[2].Split('|'))), ("c", row[1]), ("d", other));
        return new Exchange("colours", question, $"{row[0]} {row[1]}.");
    }

    /// <summary>A question for a day or a month.</summary>
    public static Exchange AskCalendar(Chance chance)
    {
        if (chance.Percent(5))
            return AskSeason(chance);
        var isDay = chance.Percent(60);
        var (names, kind) = isDay ? (Days, "day") : (Months, "month");
        var at = chance.Below(names.Length);
        var (question, answer) = chance.Below(16) switch
        {
            < 4 => (Ask(chance.Pick(After), names[at]), $"After {names[at]} comes {names[(at + 1) % names.Length]}."),
            < 8 => (Ask(chance.Pick(Before), names[at]), $"Before {names[at]} comes {names[(at + names.Length - 1) % names.Length]}."),
            8 or 14 or 15 => Fixed(chance),
            9 when isDay => (
                Ask(chance.Pick(Tomorrow), names[at]),
                $"If today is {names[at]}, tomorrow is {names[(at + 1) % 7]}."),
            10 when isDay => (
                Ask(chance.Pick(Yesterday), names[at]),
                $"If today is {names[at]}, yesterday was {names[(at + 6) % 7]}."),
            9 => (
                Ask(chance.Pick(DaysOfMonth), names[at]),
                at == 1 ? "February has 28 days, and 29 in a leap year." : $"{names[at]} has {Lengths[at]} days."),
            10 or 11 => (
                Wording.Ask(
                    chance.Pick(Numbered),
                    chance, ("k", kind), ("o", at == names.Length - 1 && chance.Percent(50) ? "last" : Ordinals[at]),
                    ("p", isDay ? "week" : "year"), ("n", $"{at + 1}")),
                $"{names[at]} is the {Ordinals[at]} {kind} of the {(isDay ? "week" : "year")}."),
            12 when isDay => (
                Ask(chance.Pick(WeekendOrNot), names[at]),
                at >= 5 ? $"{names[at]} is part of the weekend." : $"{names[at]} is a weekday."),
            12 => (
                Ask(chance.Pick(NumberOfMonth), names[at]), $"{names[at]} is the {Ordinals[at]} month of the year."),
            _ => InSpanish(isDay, at, chance),
        };
        return new Exchange("calendar", question, answer);

        string Ask(string phrase, string name) => Wording.Ask(phrase, chance, ("k", kind), ("x", name));
    }

    private static Exchange AskSeason(Chance chance)
    {
        var (at, isAfter) = (chance.Below(4), chance.Percent(60));
        var phrase = Wording.Ask(
            chance.Pick(SeasonPhrases), chance, ("o", isAfter ? "after" : "before"), ("x", (chance.Percent(15) ? "the " : "") + Seasons[at]));
        return new Exchange(
            "calendar", phrase,
            $"{(isAfter ? "After" : "Before")} {Seasons[at]} comes {Seasons[(at + (isAfter ? 1 : 3)) % 4]}.");
    }

    /// <summary>A question for a translation.</summary>
    public static Exchange AskTranslation(Chance chance)
    {
        if (chance.Percent(6))
        {
            var (translated, isSpanish) = (chance.Pick(Words), chance.Percent(60));
            var phrase = chance.Pick(isSpanish ? IntoSpanishInSpanish : IntoArabicInArabic);
            return new Exchange(
                "translation", Wording.Ask(phrase, chance, ("w", Quote(translated[0], chance))), Translated(translated, isSpanish ? 1 : 2));
        }
        var row = chance.Pick(Words);
        var kind = chance.Below(20);
        var language = kind < 11 ? 1 : 2;
        var (name, word) = (NameOf(language), row[language]);
        var shown = chance.Percent(20) ? name.ToLowerInvariant() : name;
        if (kind is < 7 or (>= 11 and < 16))
        {
            if (chance.Percent(22))
            {
                var country = chance.Pick(language == 1 ? SpanishCountries : ArabicCountries);
                var folk = language == 1
                    ? chance.Pick<string>(
                        ["Spanish people", "Spaniards", "Mexicans", "Peruvians", "the Spanish", "Spanish speakers", "Chileans"])
                    : chance.Pick<string>(["Arabs", "Egyptians", "Moroccans", "Arab people", "Arabic speakers", "Syrians"]);
                var one = language == 1
                    ? chance.Pick<string>(["a Spaniard", "a Mexican", "a Peruvian", "a Chilean", "a Spanish speaker", "a girl in Madrid"])
                    : chance.Pick<string>(["an Arab", "an Egyptian", "a Moroccan", "a Syrian", "an Arabic speaker", "a boy in Cairo"]);
                var there = Wording.Ask(
                    chance.Pick(InCountry), chance, ("w", Quote(row[0], chance)), ("g", country), ("f", folk), ("o", one));
                return new Exchange("translation", there, Translated(row, language));
            }
            var asked = Wording.Ask(chance.Pick(IntoLanguage), chance, ("w", Quote(row[0], chance)), ("l", shown));
            return new Exchange("translation", asked, Translated(row, language));
        }
        if (kind == 10)
        {
            var asked = Wording.Ask(
                chance.Pick(IntoEnglishInSpanish),
                chance, ("w", Quote(word, chance)));
            return new Exchange("translation", asked, $"{Texts.Capital(word)} en inglés es {row[0]}.");
        }
        if (kind == 19)
        {
            var asked = Wording.Ask(
                chance.Pick(IntoEnglishInArabic),
                chance, ("w", word));
            return new Exchange("translation", asked, $"{word} بالإنجليزية: {row[0]}.");
        }
        var question = Wording.Ask(chance.Pick(IntoEnglish), chance, ("w", Quote(word, chance)), ("l", shown));
        return new Exchange("translation", question, $"{Texts.Capital(word)} means {MeaningOf(row, language)}.");
    }

    /// <summary>A question for an opposite, and one for another that says its word alone.</summary>
    /// <param name="again">The second question, given its word.</param>
    /// <param name="chance">What chooses.</param>
    public static IReadOnlyList<Exchange> AskOppositesOf(Func<string, string> again, Chance chance)
    {
        var (word, other) = chance.Pick(OppositePairs);
        return [AskOpposite(chance), new Exchange("opposites", again(word), $"The opposite of {word} is {other}.")];
    }

    /// <summary>A question for a colour, and one for another that says its thing alone.</summary>
    /// <param name="again">The second question, given its thing.</param>
    /// <param name="chance">What chooses.</param>
    public static IReadOnlyList<Exchange> AskColoursOf(Func<string, string> again, Chance chance)
    {
        var row = chance.Pick(ColouredThings);
        return [AskColour(chance), new Exchange("colours", again(chance.Pick(row[2].Split('|'))), $"{row[0]} {row[1]}.")];
    }

    /// <summary>A question for a translation, and one into the same language that says its word alone.</summary>
    /// <param name="again">The second question, given its word.</param>
    /// <param name="chance">What chooses.</param>
    public static IReadOnlyList<Exchange> AskWordsOf(Func<string, string> again, Chance chance)
    {
        var (row, language) = (chance.Pick(Words), 1 + chance.Below(2));
        return [AskInto(chance.Pick(Words), language, chance), new Exchange("translation", again(row[0]), Translated(row, language))];
    }

    /// <summary>A question for a translation, and one for the same word in the other language.</summary>
    /// <param name="again">The second question, given its language.</param>
    /// <param name="chance">What chooses.</param>
    public static IReadOnlyList<Exchange> AskInBothLanguages(Func<string, string> again, Chance chance)
    {
        var (row, language) = (chance.Pick(Words), 1 + chance.Below(2));
        var other = 3 - language;
        return [AskInto(row, language, chance), new Exchange("translation", again(NameOf(other)), Translated(row, other))];
    }

    /// <summary>A question for what comes after a day or a month, and one for what comes then.</summary>
    /// <param name="again">The second question.</param>
    /// <param name="chance">What chooses.</param>
    public static IReadOnlyList<Exchange> AskWhatFollows(Func<string> again, Chance chance)
    {
        var (names, kind) = chance.Percent(60) ? (Days, "day") : (Months, "month");
        var at = chance.Below(names.Length);
        string Following(int step) => names[(at + step) % names.Length];
        return
        [
            new Exchange(
                "calendar", Wording.Ask(chance.Pick(After), chance, ("k", kind), ("x", names[at])), $"After {names[at]} comes {Following(1)}."),
            new Exchange("calendar", again(), $"After {Following(1)} comes {Following(2)}."),
        ];
    }

    private static Exchange AskInto(string[] row, int language, Chance chance) =>
        new("translation", AskForWord(row[0], NameOf(language), chance), Translated(row, language));

    private static string NameOf(int language) => language == 1 ? "Spanish" : "Arabic";

    private static string Translated(string[] row, int language) => $"{Texts.Capital(row[0])} in {NameOf(language)} is {row[language]}.";

    /// <summary>All words that questions of these kinds are about, so that two questions can be compared without them.</summary>
    public static IEnumerable<string> AllWords =>
        OppositePairs.SelectMany(pair => new[] { pair.Word, pair.Opposite })
            .Concat(ColouredThings.SelectMany(row => row[2].Split('|')))
            .Concat(ColourNames)
            .Concat(Words.SelectMany(row => row))
            .Concat(Days).Concat(Months).Concat(DaysInSpanish).Concat(MonthsInSpanish).Concat(Ordinals)
            .Select(word => word.ToLower(CultureInfo.InvariantCulture));

    // Two words may be one in the other language: mañana is morning and tomorrow.
    private static string MeaningOf(string[] row, int language) =>
        string.Join(" or ", Words.Where(other => other[language] == row[language]).Select(other => other[0]));

    private static string Quote(string word, Chance chance) =>
        chance.Below(10) switch { 0 or 1 => $"'{word}'", 2 or 3 => $"\"{word}\"", _ => word };

    // How many of one are in another.
    private static readonly (string Many, string One, string Answer)[] Parts =
    [
        ("days", "week", "A week has 7 days."), ("months", "year", "A year has 12 months."),
        ("days", "year", "A year has 365 days, and 366 in a leap year."),
        ("hours", "day", "A day has 24 hours."), ("minutes", "hour", "An hour has 60 minutes."),
        ("seconds", "minute", "A minute has 60 seconds."), ("weeks", "year", "A year has 52 weeks."),
        ("seasons", "year", "A year has 4 seasons."),
    ];

    private static readonly IReadOnlyList<string> Tomorrow = Texts.Section("world", "tomorrow");
    private static readonly IReadOnlyList<string> Yesterday = Texts.Section("world", "yesterday");
    private static readonly IReadOnlyList<string> DaysOfMonth = Texts.Section("world", "days of a month");
    private static readonly IReadOnlyList<string> WeekendOrNot = Texts.Section("world", "weekend or not");
    private static readonly IReadOnlyList<string> NumberOfMonth = Texts.Section("world", "number of a month");
    private static readonly IReadOnlyList<string> Numbered = Texts.Section("world", "first or last");
    private static readonly IReadOnlyList<string> IntoEnglishInSpanish = Texts.Section("world", "into English, asked in Spanish");
    private static readonly IReadOnlyList<string> IntoEnglishInArabic = Texts.Section("world", "into English, asked in Arabic");
    private static readonly IReadOnlyList<string> IntoSpanishInSpanish = Texts.Section("world", "into Spanish, asked in Spanish");
    private static readonly IReadOnlyList<string> IntoArabicInArabic = Texts.Section("world", "into Arabic, asked in Arabic");
    private static readonly IReadOnlyList<string> ColoursInSpanish = Texts.Section("world", "colours in Spanish");
    private static readonly IReadOnlyList<string> OppositesInSpanish = Texts.Section("world", "opposites in Spanish");
    private static readonly IReadOnlyList<string> SeasonPhrases = Texts.Section("world", "season");
    private static readonly IReadOnlyList<string[]> SpanishColours = Texts.Table("spanish-colours");
    private static readonly IReadOnlyList<string[]> SpanishOpposites = Texts.Table("spanish-opposites");
    private static readonly string[] Seasons = ["spring", "summer", "autumn", "winter"];
    private static readonly IReadOnlyList<string> HowMany = Texts.Section("world", "how many");

    private static readonly (IReadOnlyList<string> Phrases, string Answer)[] Listed =
    [
        (Texts.Section("world", "the days"), "The days are Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday."),
        (
            Texts.Section("world", "the months"),
            "The months are January, February, March, April, May, June, July, August, September, October, November and December."),
        (Texts.Section("world", "the weekend"), "The weekend is Saturday and Sunday."),
        (Texts.Section("world", "the seasons"), "The seasons are spring, summer, autumn and winter."),
        (Texts.Section("world", "the shortest month"), "February has 28 days, and 29 in a leap year."),
        (Texts.Section("world", "months of 30 days"), "April, June, September and November have 30 days."),
    ];

    private static (string Question, string Answer) Fixed(Chance chance)
    {
        if (chance.Percent(50))
        {
            var (phrases, listed) = chance.Pick(Listed);
            return (Wording.Ask(chance.Pick(phrases), chance), listed);
        }
        var (many, one, answer) = chance.Pick(Parts);
        var simple = one == "hour" ? "an hour" : $"a {one}";
        var whole = chance.Pick<string>(
            [simple, simple, $"one {one}", $"each {one}", $"a whole {one}", $"the {one}", $"every {one}", $"a single {one}"]);
        return (Wording.Ask(chance.Pick(HowMany), chance, ("m", many), ("o", whole), ("p", one)), answer);
    }

    private static (string Question, string Answer) InSpanish(bool isDay, int at, Chance chance)
    {
        var names = isDay ? DaysInSpanish : MonthsInSpanish;
        var (day, count) = (names[at], names.Length);
        var kind = isDay ? "día" : "mes";
        return chance.Below(isDay ? 4 : 3) switch
        {
            0 => (
                Ask("[¿|][qué|que] {k} [viene después|sigue|viene despues|va después] [de {x}|de el {x}|a {x}]?"),
                $"Después de {day} viene {names[(at + 1) % count]}."),
            1 => (Ask("[¿|][qué|que] {k} [viene|va|está] antes de {x}?"), $"Antes de {day} viene {names[(at + count - 1) % count]}."),
            2 => (
                Ask("[[what is|how do you say] {e} in Spanish?|{e} in Spanish|the Spanish for {e}|translate {e} into Spanish]"),
                $"{(isDay ? Days : Months)[at]} in Spanish is {day}."),
            _ => (
                Ask("[[what is|how do you say] {e} in Arabic?|{e} in Arabic|the Arabic for {e}|translate {e} into Arabic]"),
                $"{Days[at]} in Arabic is {DaysInArabic[at]}."),
        };

        string Ask(string phrase) => Wording.Ask(phrase, chance, ("k", kind), ("x", day), ("e", (isDay ? Days : Months)[at]));
    }
}
