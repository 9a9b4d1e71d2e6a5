namespace Ayni.CriaCorpus;

/// <summary>
/// Sums, differences and small products to 100. One pair in twelve is held out: no question, sum or sentence of the corpus computes it, so
/// that what is asked of those pairs tells whether the model computes or remembers.
/// </summary>
public static class Arithmetic
{
    private static readonly string[] Sums =
    [
        "what is {a} + {b}?", "{a}+{b}[=|=?|?|]", "{a} + {b}[ =| = ?|?|]", "[what is|what's|how much is|calculate|compute|work out|] {a} plus {b}[?|]",
        "add {a} and {b}[.|]", "add {b} to {a}[.|]", "[what is |what's |give me |]the sum of {a} and {b}[?|]", "how much [is|are|does|do] {a} and {b} [make|together]?",
        "[calculate|compute|solve|evaluate|work out] {a} + {b}[.|]", "what do you get when you add {a} [and|to] {b}?", "{a} and {b} [make|is|are]?",
        "I have {a} [llamas|potatoes|coins|apples|sheep|bags|stones] and [get|buy|find] {b} more. How many [do I have|are there|in all|is that][ now|]?",
        "what [number |]is {b} more than {a}?", "if I add {b} to {a}, what do I get?", "there are {a} llamas, and {b} more come. How many are there?",
        "¿[cuánto|cuanto] es {a} más {b}?", "[cuánto|cuanto] es {a} + {b}", "suma {a} y {b}", "{a} más {b}", "كم يساوي {a} + {b}؟", "ما هو {a} زائد {b}؟",
        "can you add {a} and {b}?", "the result of {a} + {b}", "tell me {a} + {b}", "{a} increased by {b}", "what does {a} + {b} equal?", "{a} + {b} equals what?", "[put|count|take] {a} and {b} together[.|]",
        "Ana has {a} [llamas|potatoes|coins|apples|sheep] and Pedro gives her {b}. How many [now|has she|does she have]?", "a basket holds {a} apples, another {b}. How many together?",
        "what's the total [of|for|if I add] {a} and {b}?", "i need the sum {a} + {b}[.|]", "{a} then {b} more[?| makes?]", "¿cuánto suman {a} y {b}?", "make the sum of {a} and {b}[.|]",
    ];

    private static readonly string[] Differences =
    [
        "what is {a} - {b}?", "{a}-{b}[=|=?|?|]", "{a} - {b}[ =| = ?|?|]", "[what is|what's|how much is|calculate|compute|work out|] {a} minus {b}[?|]",
        "subtract {b} from {a}[.|]", "take {b} [away |]from {a}[.|]", "{a} take away {b}[?|]", "{a} less {b}[?|]",
        "[what is |what's |]the difference between {a} and {b}[?|]", "[calculate|compute|solve|evaluate|work out] {a} - {b}[.|]",
        "what [remains|is left] [of {a} without|when you take] {b}[ from {a}|]?", "how much is {a} without {b}?", "what [number |]is {b} less than {a}?",
        "I have {a} [llamas|potatoes|coins|apples|sheep|bags|stones] and [give away|lose|sell|eat] {b}. How many [are left|remain|do I have]?",
        "if I take {b} from {a}, what remains?", "¿[cuánto|cuanto] es {a} menos {b}?", "[cuánto|cuanto] es {a} - {b}", "resta {b} de {a}", "{a} menos {b}",
        "كم يساوي {a} - {b}؟", "ما هو {a} ناقص {b}؟", "can you take {b} from {a}?", "the result of {a} - {b}", "tell me {a} - {b}", "{a} reduced by {b}", "what does {a} - {b} equal?", "{a} - {b} equals what?", "from {a} take {b}[.|]",
        "Ana has {a} [llamas|potatoes|coins|apples|sheep] and gives {b} to Pedro. How many [are left|does she keep|has she now]?", "{b} of {a} apples are eaten. How many are left?",
        "there were {a} llamas, and {b} went away. How many [stayed|are there now|are left]?", "i need {a} - {b}[.|]", "{a}, go down by {b}[.|]", "{b} fewer than {a}[?|]", "¿cuánto queda de {a} si quito {b}?",
    ];

    private static readonly string[] Products =
    [
        "what is {a} [*|x|×] {b}?", "{a}[*|x|×]{b}[=|=?|?|]", "{a} [*|x|×] {b}[ =| = ?|?|]", "[what is|what's|how much is|calculate|compute|work out|] {a} times {b}[?|]",
        "multiply {a} [by|and|with] {b}[.|]", "[what is |what's |]the product of {a} and {b}[?|]", "[calculate|compute|solve|evaluate|work out] {a} [*|x|×] {b}[.|]",
        "what do you get when you multiply {a} by {b}?", "{a} [llamas|herders|traders] carry {b} bags each. How many bags [is that|are there|in all]?",
        "{a} rows of {b} potatoes: how many?", "¿[cuánto|cuanto] es {a} por {b}?", "[cuánto|cuanto] es {a} x {b}", "{a} por {b}", "multiplica {a} por {b}",
        "كم يساوي {a} × {b}؟", "ما هو {a} ضرب {b}؟", "can you multiply {a} by {b}?", "the result of {a} × {b}", "tell me {a} × {b}", "{a} multiplied by {b}", "what does {a} × {b} equal?", "{a} [x|×|*] {b} equals what?", "{a} bags with {b} coins each: how many coins?", "i need {a} × {b}[.|]", "{a} times as many as {b}",
    ];

    /// <summary>All that is computed, in order, held-out pairs included.</summary>
    public static IReadOnlyList<Computation> All { get; } =
    [
        .. from a in Enumerable.Range(0, 101) from b in Enumerable.Range(0, 101 - a) select new Computation('+', a, b),
        .. from a in Enumerable.Range(0, 101) from b in Enumerable.Range(0, a + 1) select new Computation('-', a, b),
        .. from a in Enumerable.Range(0, 13) from b in Enumerable.Range(0, 13) where a * b <= 100 select new Computation('×', a, b),
    ];

    /// <summary>A question for a computation.</summary>
    public static Exchange Ask(Computation computation, Chance chance)
    {
        var phrases = computation.Operator switch { '+' => Sums, '-' => Differences, _ => Products };
        // The first ones, which are the ordinary ones, come more often.
        var phrase = phrases[chance.Percent(50) ? chance.Below(5) : chance.Below(phrases.Length)];
        var (a, b) = (Text(computation.A, chance), Text(computation.B, chance));
        if (phrase.Contains("{a}+", StringComparison.Ordinal) || phrase.Contains("{a}-", StringComparison.Ordinal)
            || phrase.StartsWith("{a}[*", StringComparison.Ordinal))
            (a, b) = ($"{computation.A}", $"{computation.B}");
        return new Exchange("arithmetic", Grammar.Expand(phrase, chance, ("a", a), ("b", b)), computation.Statement);
    }

    /// <summary>A number's name in English, to 100.</summary>
    public static string Name(int number) => number switch
    {
        < 20 => Numbers[number],
        100 => "one hundred",
        _ => Tens[number / 10] + (number % 10 == 0 ? "" : "-" + Numbers[number % 10]),
    };

    private static IReadOnlyList<string> Numbers { get; } = Texts.Lines("numbers");

    private static readonly string[] Tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

    private static string Text(int number, Chance chance) => chance.Percent(8) ? Name(number) : $"{number}";
}

/// <summary>Two numbers and what is done with them.</summary>
public sealed record Computation(char Operator, int A, int B)
{
    /// <summary>Its result.</summary>
    public int Result => Operator switch { '+' => A + B, '-' => A - B, _ => A * B };

    /// <summary>The whole of it.</summary>
    public string Statement => $"{A} {Operator} {B} = {Result}.";

    /// <summary>
    /// Whether the corpus never computes it. Sums are held out in both orders. A product can't be found from others, so only one of its
    /// orders is held out, and none with 0 or 1, nor a square.
    /// </summary>
    public bool IsHeldOut => Operator switch
    {
        '+' => Mix(Math.Min(A, B) * 101 + Math.Max(A, B)) % 12 == 0,
        '-' => Mix(20_000 + A * 101 + B) % 12 == 0,
        _ => A > B && B > 1 && Mix(40_000 + A * 101 + B) % 5 == 0,
    };

    private static uint Mix(int number)
    {
        var mixed = (uint)number * 2654435761u;
        mixed ^= mixed >> 15;
        mixed *= 2246822519u;
        return mixed ^ (mixed >> 13);
    }
}
