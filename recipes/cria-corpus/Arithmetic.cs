namespace Ayni.CriaCorpus;

/// <summary>
/// Sums, differences and small products to 100. One pair in twelve is held out: no question, sum or sentence of the corpus computes it, so
/// that what is asked of those pairs tells whether the model computes or remembers.
/// </summary>
public static class Arithmetic
{
    private static readonly IReadOnlyList<string> Sums = Texts.Section("arithmetic", "sums");

    private static readonly IReadOnlyList<string> Differences = Texts.Section("arithmetic", "differences");

    private static readonly IReadOnlyList<string> Products = Texts.Section("arithmetic", "products");

    /// <summary>All that is computed, in order, held-out pairs included.</summary>
    public static IReadOnlyList<Computation> All { get; } =
    [
        .. from a in Enumerable.Range(0, 101) from b in Enumerable.Range(0, 101 - a) select new Computation('+', a, b),
        .. from a in Enumerable.Range(0, 101) from b in Enumerable.Range(0, a + 1) select new Computation('-', a, b),
        .. from a in Enumerable.Range(0, 13) from b in Enumerable.Range(0, 13) where a * b <= 100 select new Computation('×', a, b),
    ];

    // For each operator.
    private static readonly IReadOnlyList<string> Direct = Texts.Section("arithmetic", "expressions");

    private static readonly IReadOnlyList<string> SumStories = Texts.Section("arithmetic", "sums in a story");

    private static readonly IReadOnlyList<string> DifferenceStories = Texts.Section("arithmetic", "differences in a story");

    private static readonly IReadOnlyList<string> ProductStories = Texts.Section("arithmetic", "products in a story");

    /// <summary>A question for a computation.</summary>
    public static Exchange Ask(Computation computation, Chance chance) => new(
        "arithmetic", Ask(computation.Operator, Text(computation.A, chance), Text(computation.B, chance), chance), computation.Statement);

    /// <summary>A question for two numbers of any size and what is done with them.</summary>
    public static string Ask(char operation, string a, string b, Chance chance)
    {
        var (phrases, stories) = operation switch
        {
            '+' => (Sums, SumStories),
            '-' => (Differences, DifferenceStories),
            _ => (Products, ProductStories),
        };
        var kind = chance.Below(100);
        if (kind < 35)
        {
            var sign = operation switch { '+' => "[+|+|plus]", '-' => "[-|-|minus]", _ => "[×|x|*|times]" };
            var expression = Grammar.Expand($"{{a}} {sign} {{b}}", chance, ("a", a), ("b", b));
            var frame = chance.Pick(Direct);
            if (chance.Percent(20) && char.IsDigit(a[0]) && char.IsDigit(b[0]))
                expression = Tight(expression);
            return Wording.Ask(frame, chance, ("e", expression));
        }
        if (kind < 50)
        {
            string first = Everyday.Name(chance), second;
            do
                second = Everyday.Name(chance);
            while (second == first);
            return Wording.Ask(
                chance.Pick(stories), chance, ("a", a), ("b", b),
                ("P", chance.Percent(25) ? $"my {Everyday.Person(chance)}" : chance.Percent(25) ? $"a {Everyday.Person(chance)}" : first),
                ("Q", second), ("s", Everyday.SomeThings(chance)), ("r", Everyday.SomeThings(chance)), ("o", Everyday.Thing(chance)),
                ("h", Everyday.Person(chance)),
                ("w", Everyday.Place(chance)));
        }
        var phrase = chance.Pick(phrases);
        if (phrase.Contains("{a}+", StringComparison.Ordinal) || phrase.Contains("{a}-", StringComparison.Ordinal)
            || phrase.StartsWith("{a}[*", StringComparison.Ordinal))
            (a, b) = (Digits(a), Digits(b));
        return Wording.Ask(phrase, chance, ("a", a), ("b", b));

        // A sign may stand close to its numbers; a word may not.
        static string Tight(string expression) =>
            expression.Count(char.IsLetter) > 1 ? expression : expression.Replace(" ", "", StringComparison.Ordinal);
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

    private static string Digits(string number) =>
        char.IsDigit(number[0]) ? number : $"{Enumerable.Range(0, 101).First(other => Name(other) == number)}";
}

/// <summary>Two numbers and what is done with them.</summary>
public sealed record Computation(char Operator, int A, int B)
{
    /// <summary>Its result.</summary>
    public int Result => Operator switch { '+' => A + B, '-' => A - B, _ => A * B };

    /// <summary>The whole of it, by a step between where that makes each step easy.</summary>
    public string Statement => Step is { } step
        ? $"{A} {Operator} {B} = {step.A} {Operator} {step.B} = {Result}."
        : $"{A} {Operator} {B} = {Result}.";

    /// <summary>
    /// What is as much and easier to compute: of a sum or difference with tens and ones, one of them done; of a sum, what is long first; of a
    /// product, its factors in order. Null where there is nothing easier, or the step would compute a pair that is held out.
    /// </summary>
    public Computation? Step
    {
        get
        {
            if (Operator == '×')
                return A > B && B > 1 ? new Computation('×', B, A) : null;
            if (Operator == '+' && A < 10 && B >= 10)
                return new Computation('+', B, A);
            if (B < 10 || B % 10 == 0)
                return null;
            return After(B - B % 10, B % 10) ?? After(B % 10, B - B % 10);

            Computation? After(int first, int rest)
            {
                var done = new Computation(Operator, A, first);
                var step = new Computation(Operator, done.Result, rest);
                return done.IsHeldOut || step.IsHeldOut ? null : step;
            }
        }
    }

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
