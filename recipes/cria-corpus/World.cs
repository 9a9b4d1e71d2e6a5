using System.Globalization;

namespace Ayni.CriaCorpus;

/// <summary>Opposites, colours, days, months and small translations.</summary>
public static class World
{
    private static readonly string[] Opposites =
    [
        "[what is|what's|tell me|give me|name|say|] the opposite of {w}[?|]", "[what is|what's] {w}'s opposite?", "opposite of {w}[?|]", "opposite {w}",
        "what is opposite to {w}?", "[the |]antonym of {w}[?|]", "[what is|what's|give me] an antonym [for|of] {w}?", "[which|what] word is the opposite of {w}?",
        "what is the contrary of {w}?", "{w}: what is the opposite?", "if something is not {w}, [it is what|what is it]?", "the opposite of {w} is[|?|...| what?]",
        "what's the reverse of {w}?", "[find|write] the opposite of the word {w}", "{w} is the opposite of what?", "[which|what] word means the opposite of '{w}'?",
        "what would be the opposite of \"{w}\"?", "not {w} but ...?", "I say {w}, you say the opposite[.|:|]", "{w} versus what?", "the contrary of {w}",
        "do you know the opposite of {w}?", "what stands against {w}?", "please invert {w}",
        "{w} has what opposite?", "say [something|the word] opposite to {w}[.|]", "opposite word: {w}", "tell me what's opposite to {w}[.|]", "the word {w} has which antonym?",
        "can you name the opposite of {w}?", "could I have an antonym for {w}?", "which is the opposite of {w}?", "what would you say is the opposite of {w}?",
        "my teacher asks for the opposite of {w}[.|]", "{w}, and the opposite?", "is there an opposite [of|to|for] {w}?", "think of {w}. Now the opposite?", "how do you call the opposite of {w}?",
        "[find|write|get] me an antonym of {w}", "the exact opposite of {w}[?|]", "one word that is opposite to {w}", "what is {w} the opposite of?",
    ];

    private static readonly string[] Colours =
    [
        "what [colour|color] [is|are|has|have] {t}?", "what is the [colour|color] of {t}?", "[which|what] [colour|color] [does|do] {t} have?",
        "[tell me|say|name|give me] the [colour|color] of {t}[.|]", "[colour|color] of {t}[?|]", "{t}: [what|which] [colour|color]?", "{t} [is|are] what [colour|color]?",
        "in [what|which] [colour|color] [would you|should I|do I] [paint|draw] {t}?", "what [colour|color] would you [give|paint] {t}?", "{t} [colour|color]",
        "do you know what [colour|color] {t} [is|are]?", "[is|are] {t} {c} or {d}?", "[is|are] {t} {d} or {c}?", "i want to paint {t}. which [colour|color]?",
        "what's the usual [colour|color] of {t}?", "which [colour|color] [is|are] {t} [usually|mostly|normally]?", "how would you describe the [colour|color] of {t}?",
        "the [colour|color] of {t} is?", "when I look at {t}, what [colour|color] do I see?",
        "which [colour|color] would you say {t} [is|are]?", "{t} [comes|come] in which [colour|color]?", "can you name the [colour|color] of {t}?", "I forgot the [colour|color] of {t}[.|]",
        "of what [colour|color] [is|are] {t}?", "[colour|color]: {t}", "{t}, what [colour|color] [is it|are they]?", "think of {t}: what [colour|color] do you see?",
        "say which [colour|color] {t} [has|have][.|]", "guess the [colour|color] of {t}[.|!]", "{t}: {c} or {d}?", "{t}: {d} or {c}?", "would you call {t} {d} or {c}?",
        "what [colour|color] should {t} have in my picture?", "a pencil of which [colour|color] for {t}?", "what [colour|color] would I paint {t}?", "name {t}'s [colour|color]",
    ];

    private static readonly string[] ColourNames = ["red", "green", "blue", "yellow", "white", "black", "brown", "grey", "orange", "pink", "purple"];

    private static readonly (string A, string B, string Mixed)[] Mixtures =
    [
        ("red", "white", "pink"), ("blue", "yellow", "green"), ("red", "yellow", "orange"), ("red", "blue", "purple"), ("black", "white", "grey"),
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

    private static readonly string[] After =
    [
        "[what|which] {k} [comes|is|follows] after {x}?", "[what|which] {k} follows {x}?", "what comes [after|right after|next after] {x}?", "what is the {k} after {x}?",
        "{k} after {x}[?|]", "after {x} comes[?| what?| which {k}?]", "what's [the next {k} after|next after] {x}?", "name the {k} that [comes after|follows] {x}",
        "{x} is followed by [what|which {k}]?", "[which|what] {k} is next after {x}?", "after {x}?", "the {k} following {x}", "what follows {x}?",
        "{x} is over: which {k} [now|next]?", "once {x} ends, which {k} begins?", "tell me the {k} after {x}[.|]", "which is the {k} that [comes after|follows] {x}?",
        "we have {x}; what comes next?", "the next {k} after {x} is?", "what [would|will] come after {x}?", "when {x} is past, what {k} [is it|comes]?", "[say|give] the {k} which comes after {x}",
        "{x}, and then?", "in a row: {x}, ...?",
    ];

    private static readonly string[] Before =
    [
        "[what|which] {k} [comes|is] before {x}?", "[what|which] {k} precedes {x}?", "what comes [before|right before|just before] {x}?", "what is the {k} before {x}?",
        "{k} before {x}[?|]", "before {x} comes[?| what?| which {k}?]", "name the {k} that [comes before|precedes] {x}", "before {x}?", "what precedes {x}?",
        "{x} comes after [what|which {k}]?", "{x} follows [what|which] {k}?", "the {k} preceding {x}",
        "tell me the {k} before {x}[.|]", "which is the {k} that [comes before|precedes] {x}?", "the {k} right before {x} is?", "what [would|will] come before {x}?",
        "[say|give] the {k} which comes before {x}", "which {k} did we have before {x}?", "the {k} just ahead of {x}?",
    ];

    private static readonly string[] IntoLanguage =
    [
        "[what is|what's] {w} in {l}?", "how do [you|I|we] say {w} in {l}?", "translate {w} [to|into] {l}[.|]", "{w} in {l}[?|]", "[what is|what's|] the {l} [word|for|word for] {w}[?|]",
        "[the |]{l} for {w}[?|]", "how [is|do you write] {w} in {l}?", "say {w} in {l}[.|]", "what do they call {w} in {l}?", "[give me|tell me] the {l} word for {w}[.|]",
        "how would you say {w} in {l}?", "in {l}, {w} is[?|...]", "translate to {l}: {w}", "[can|could] you translate {w} into {l}?", "{w}, in {l}?", "how does one say {w} in {l}?",
        "what's the {l} translation of {w}?", "{l} translation of {w}", "which word is {w} in {l}?", "to {l}: {w}", "put {w} into {l}",
        "what word do {l} speakers use for {w}?", "{w} - {l}?", "help me say {w} in {l}[.|]", "I want to say {w} in {l}[.|]", "which {l} word means {w}?", "how is {w} called in {l}?",
        "do you know the {l} word for {w}?", "my teacher wants {w} in {l}[.|]", "express {w} in {l}[.|]", "{l} please: {w}", "{l} word for {w}[?|]", "what is the word for {w} in {l}?",
        "for {w}, what does one say in {l}?", "{w} translated into {l}[?|]", "I need the {l} translation of {w}[.|]", "make {w} {l}", "the word {w} in {l}[?|]", "in {l}: {w}",
        "what is the {l} name for {w}?", "{w} [is|are] called what in {l}?", "if I speak {l}, how do I say {w}?",
    ];

    private static readonly string[] IntoEnglish =
    [
        "what does {w} mean?", "what does {w} mean in [English|english]?", "what is {w} in [English|english]?", "translate {w} [to|into] [English|english][.|]",
        "what does the {l} word {w} mean?", "{w} in English[?|]", "meaning of {w}[?|]", "what is the meaning of {w} in {l}?", "[what is|what's] the English for {w}?",
        "what do you call {w} in English?", "{l} {w} in English?", "how do you say {w} in English?", "in {l} they say {w}. what is that?", "the {l} word {w}?",
        "what is {l} {w}?", "translate from {l}: {w}", "{w} means[?| what?]", "give me the English word for {w}",
        "I read the {l} word {w}. What does it mean?", "what is the English word for {w}?", "English for {w}[?|]", "which English word is {w}?", "[can|could] you translate {w} into English?",
        "{w}: English?", "my friend says {w} in {l}. Meaning?", "the meaning of {l} {w}", "put {w} into English[.|]", "say {w} in English[.|]", "explain the {l} word {w}[.|]",
        "{w} is {l} for what?", "tell me what {w} means[.|]", "I do not understand the word {w}[.|]",
    ];

    private static IReadOnlyList<(string Word, string Opposite)> OppositePairs { get; } =
    [
        .. Texts.Lines("opposites").SelectMany(line => line.Split('>') is [var word, var opposite]
            ? [(word, opposite)] : line.Split(';') is [var one, var other] ? new[] { (one, other), (other, one) } : throw new FormatException(line)),
    ];

    private static IReadOnlyList<string[]> ColouredThings { get; } = Texts.Table("colours");

    private static IReadOnlyList<string[]> Words { get; } = Texts.Table("words");

    /// <summary>A question for an opposite.</summary>
    public static Exchange AskOpposite(Chance chance)
    {
        var (word, other) = chance.Pick(OppositePairs);
        return new Exchange("opposites", Grammar.Expand(chance.Pick(Opposites), chance, ("w", Quote(word, chance))), $"The opposite of {word} is {other}.");
    }

    /// <summary>A question for a colour.</summary>
    public static Exchange AskColour(Chance chance)
    {
        if (chance.Percent(12))
        {
            var (a, b, mixed) = chance.Pick(Mixtures);
            if (chance.Percent(50))
                (a, b) = (b, a);
            var phrase = chance.Pick<string>(
            [
                "what [colour|color] do you get when you mix {a} and {b}?", "mix {a} and {b}[.|]", "what do {a} and {b} make?", "{a} [and|plus|+|with] {b} [make|is|gives] which [colour|color]?",
                "if I mix {a} with {b}, what do I get?", "which [colour|color] is a mix of {a} and {b}?", "what [colour|color] [is|comes from] {a} mixed with {b}?",
                "what happens when I mix {a} paint with {b} paint?", "{a} and {b} together make?", "how about {a} and {b} paint together?",
                "{a} paint and {b} paint [give|make] what?", "what comes of {a} and {b}?", "mixing {a} [and|with] {b} [gives|makes][?| what?| which colour?]",
                "which [colour|color] appears when {a} meets {b}?", "combine {a} and {b}[.|]", "{a} + {b} = which [colour|color]?", "put {a} into {b} paint: what [colour|color] [is it|comes out]?",
            ]);
            return new Exchange("colours", Grammar.Expand(phrase, chance, ("a", a), ("b", b)), $"{Texts.Capital(a)} and {b} make {mixed}.");
        }
        var row = chance.Pick(ColouredThings);
        string other;
        do
            other = chance.Pick(ColourNames);
        while (other == row[1]);
        var question = Grammar.Expand(
            chance.Pick(Colours), chance, ("t", chance.Pick(row[2].Split('|'))), ("c", row[1]), ("d", other));
        return new Exchange("colours", question, $"{row[0]} {row[1]}.");
    }

    /// <summary>A question for a day or a month.</summary>
    public static Exchange AskCalendar(Chance chance)
    {
        var isDay = chance.Percent(60);
        var (names, kind) = isDay ? (Days, "day") : (Months, "month");
        var at = chance.Below(names.Length);
        var (question, answer) = chance.Below(14) switch
        {
            < 4 => (Ask(chance.Pick(After), names[at]), $"After {names[at]} comes {names[(at + 1) % names.Length]}."),
            < 8 => (Ask(chance.Pick(Before), names[at]), $"Before {names[at]} comes {names[(at + names.Length - 1) % names.Length]}."),
            8 => Fixed(chance),
            9 when isDay => (
                Ask("[if|when|suppose] [today is|it is|it's] {x}[, what is| today, what day is|, then what day is|, what day comes|, what day will it be|, which day is] tomorrow?", names[at]),
                $"If today is {names[at]}, tomorrow is {names[(at + 1) % 7]}."),
            10 when isDay => (
                Ask("[if|when|suppose] [today is|it is|it's] {x}[, what was| today, what day was|, then what day was|, which day was] yesterday?", names[at]),
                $"If today is {names[at]}, yesterday was {names[(at + 6) % 7]}."),
            9 => (
                Ask("[how many days [has|does|are in|are there in] {x}[ have|]?|how long is {x}?|days in {x}[?|]|the number of days in {x}|{x} has how many days?|how many days does {x} have?]", names[at]),
                at == 1 ? "February has 28 days, and 29 in a leap year." : $"{names[at]} has {Lengths[at]} days."),
            10 or 11 => (
                Grammar.Expand(
                    chance.Pick<string>(
                    [
                        "[which|what] {k} is the {o} of the {p}?", "[what is|what's|name|tell me] the {o} {k} of the {p}[?|]", "the {o} {k} of the {p}[?|]",
                        "which is the {o} {k}?", "which {k} comes {o} in the {p}?", "{k} number {n}?", "what {k} is number {n}?", "the {o} {k} in a {p}?",
                    ]),
                    chance, ("k", kind), ("o", at == names.Length - 1 && chance.Percent(50) ? "last" : Ordinals[at]), ("p", isDay ? "week" : "year"), ("n", $"{at + 1}")),
                $"{names[at]} is the {Ordinals[at]} {kind} of the {(isDay ? "week" : "year")}."),
            12 when isDay => (
                Ask("[is {x} [a weekend day|part of the weekend|a weekday|a working day]?|{x}: weekend or [weekday|not]?|does {x} belong to the weekend?|do people work on {x}?]", names[at]),
                at >= 5 ? $"{names[at]} is part of the weekend." : $"{names[at]} is a weekday."),
            12 => (
                Ask("[which|what] number [is|has] {x}?", names[at]), $"{names[at]} is the {Ordinals[at]} month of the year."),
            _ => InSpanish(isDay, at, chance),
        };
        return new Exchange("calendar", question, answer);

        string Ask(string phrase, string name) => Grammar.Expand(phrase, chance, ("k", kind), ("x", name));
    }

    /// <summary>A question for a translation.</summary>
    public static Exchange AskTranslation(Chance chance)
    {
        var row = chance.Pick(Words);
        var kind = chance.Below(20);
        var language = kind < 11 ? 1 : 2;
        var (name, word) = (language == 1 ? "Spanish" : "Arabic", row[language]);
        var shown = chance.Percent(20) ? name.ToLowerInvariant() : name;
        if (kind is < 7 or (>= 11 and < 16))
        {
            var asked = Grammar.Expand(chance.Pick(IntoLanguage), chance, ("w", Quote(row[0], chance)), ("l", shown));
            return new Exchange("translation", asked, $"{Texts.Capital(row[0])} in {name} is {word}.");
        }
        if (kind == 10)
        {
            var asked = Grammar.Expand(
                chance.Pick<string>(
                [
                    "¿[cómo|como] se dice {w} en inglés?", "{w} en inglés", "¿qué significa {w} en inglés?", "traduce {w} al inglés", "¿[cuál|cual] es la palabra inglesa para {w}?",
                    "[cómo|como] se dice {w} en ingles",
                ]),
                chance, ("w", Quote(word, chance)));
            return new Exchange("translation", asked, $"{Texts.Capital(word)} en inglés es {row[0]}.");
        }
        if (kind == 19)
        {
            var asked = Grammar.Expand(
                chance.Pick<string>(["ما معنى {w} بالإنجليزية؟", "كيف أقول {w} بالإنجليزية؟", "ترجم {w} إلى الإنجليزية", "{w} بالإنجليزية؟", "ما ترجمة {w}؟"]),
                chance, ("w", word));
            return new Exchange("translation", asked, $"{word} بالإنجليزية: {row[0]}.");
        }
        var question = Grammar.Expand(chance.Pick(IntoEnglish), chance, ("w", Quote(word, chance)), ("l", shown));
        return new Exchange("translation", question, $"{Texts.Capital(word)} means {MeaningOf(row, language)}.");
    }

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

    private static string Quote(string word, Chance chance) => chance.Below(10) switch { 0 or 1 => $"'{word}'", 2 or 3 => $"\"{word}\"", _ => word };

    private static (string Question, string Answer) Fixed(Chance chance)
    {
        var (phrase, answer) = chance.Pick<(string, string)>(
        [
            ("how many days [are in|are there in|has|does] a week[ have|]?", "A week has 7 days."),
            ("how many months [are in|are there in|has|does] a year[ have|]?", "A year has 12 months."),
            ("how many days [are in|are there in|has|does] a year[ have|]?", "A year has 365 days, and 366 in a leap year."),
            ("how many hours [are in|are there in|has|does] a day[ have|]?", "A day has 24 hours."),
            ("how many minutes [are in|are there in|has|does] an hour[ have|]?", "An hour has 60 minutes."),
            ("how many seconds [are in|are there in|has|does] a minute[ have|]?", "A minute has 60 seconds."),
            ("how many weeks [are in|are there in|has|does] a year[ have|]?", "A year has 52 weeks."),
            ("[name|list|tell me|what are|which are|say] the days of the week[.|]", "The days are Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday."),
            ("[name|list|tell me|what are|which are|say] the months[ of the year|][.|]",
                "The months are January, February, March, April, May, June, July, August, September, October, November and December."),
            ("[which|what] [days are the weekend|days make the weekend|is the weekend|days belong to the weekend]?", "The weekend is Saturday and Sunday."),
            ("[name|list|tell me|what are|which are] the [four |]seasons[?|]", "The seasons are spring, summer, autumn and winter."),
            ("how many seasons [are there|has a year|does a year have]?", "A year has 4 seasons."),
            ("[which|what] month has [28 days|the fewest days]?|[which|what] is the shortest month?", "February has 28 days, and 29 in a leap year."),
            ("which months have [30|thirty] days?", "April, June, September and November have 30 days."),
        ]);
        return (Grammar.Expand($"[{phrase}]", chance), answer);
    }

    private static (string Question, string Answer) InSpanish(bool isDay, int at, Chance chance)
    {
        var names = isDay ? DaysInSpanish : MonthsInSpanish;
        var (day, count) = (names[at], names.Length);
        var kind = isDay ? "día" : "mes";
        return chance.Below(isDay ? 4 : 3) switch
        {
            0 => (Ask("[¿|][qué|que] {k} [viene después|sigue|viene despues|va después] [de {x}|de el {x}|a {x}]?"), $"Después de {day} viene {names[(at + 1) % count]}."),
            1 => (Ask("[¿|][qué|que] {k} [viene|va|está] antes de {x}?"), $"Antes de {day} viene {names[(at + count - 1) % count]}."),
            2 => (
                Ask("[[what is|how do you say] {e} in Spanish?|{e} in Spanish|the Spanish for {e}|translate {e} into Spanish]"),
                $"{(isDay ? Days : Months)[at]} in Spanish is {day}."),
            _ => (
                Ask("[[what is|how do you say] {e} in Arabic?|{e} in Arabic|the Arabic for {e}|translate {e} into Arabic]"),
                $"{Days[at]} in Arabic is {DaysInArabic[at]}."),
        };

        string Ask(string phrase) => Grammar.Expand(phrase, chance, ("k", kind), ("x", day), ("e", (isDay ? Days : Months)[at]));
    }
}
