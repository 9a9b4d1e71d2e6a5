using System.Collections.Immutable;

namespace Ayni.CriaCorpus;

/// <summary>All that Cria learns from. The same for the same seed, on every machine.</summary>
public static class Corpus
{
    private const ulong Seed = 20261127;

    private static readonly Answers Facts = new("ayni", "facts", "facts-more");
    private static readonly Answers Greetings = new("greetings", "greetings", "greetings-more");
    private static readonly IReadOnlyList<string> Systems = Texts.Lines("systems");
    private static readonly ImmutableArray<Computation> Learned = [.. Arithmetic.All.Where(computation => !computation.IsHeldOut)];
    private static readonly ImmutableArray<Computation> LearnedProducts = [.. Learned.Where(computation => computation.Operator == '×')];

    // How many of a hundred questions are of each kind, in the first and in the last conversations.
    private static readonly (int First, int Last, Func<Chance, Exchange> Ask)[] Kinds =
    [
        (28, 20, chance => Facts.Ask(chance.Below(Facts.Count), chance)),
        (14, 17, chance => Greetings.Ask(chance.Below(Greetings.Count), chance)),
        (18, 20, chance => Arithmetic.Ask(chance.Pick(chance.Percent(30) ? LearnedProducts : Learned), chance)),
        (7, 8, chance => World.AskOpposite(chance)),
        (6, 6, chance => World.AskColour(chance)),
        (7, 7, chance => World.AskCalendar(chance)),
        (9, 11, chance => World.AskTranslation(chance)),
        (10, 9, chance => Unknown.Ask(chance)),
        (7, 7, chance => Stories.Ask(chance)),
        (4, 5, chance => Stories.AskAnew(chance)),
    ];

    /// <summary>The conversations to begin with.</summary>
    public static IEnumerable<Conversation> FirstConversations() => Conversations(200_000, stream: 1, isLast: false);

    /// <summary>The conversations to go on with.</summary>
    public static IEnumerable<Conversation> LastConversations() => Conversations(110_000, stream: 2, isLast: true);

    /// <summary>Short conversations with a pirate's answers.</summary>
    public static IEnumerable<Conversation> PirateConversations() => Conversations(1_600, stream: 3, isLast: false)
        .Select(conversation => new Conversation(
            null, [.. conversation.Exchanges.Take(1).Select(exchange => exchange with { Answer = Pirate.Say(exchange.Answer) })]));

    // Most of one exchange; another stream has others.
    private static IEnumerable<Conversation> Conversations(int count, ulong stream, bool isLast)
    {
        var chance = new Chance(Seed + stream);
        for (var i = 0; i < count; i++)
        {
            var system = chance.Percent(12)
                ? Grammar.Expand(chance.Pick(Systems), chance, ("N", Everyday.Name(chance)))
                : null;
            var exchanges = new List<Exchange>();
            var length = chance.Percent(78) ? 1 : chance.Percent(90) ? 2 + chance.Below(3) : 5 + chance.Below(4);
            while (exchanges.Count < length)
            {
                exchanges.AddRange(chance.Percent(4)
                    ? Typed(() => FollowUps.Ask(chance), chance)
                    : Typed(() => [Kind(isLast, chance)(chance)], chance));
            }
            yield return new Conversation(system, exchanges);
        }
    }

    // As somebody types them; none is what is asked afterwards.
    private static Exchange[] Typed(Func<IReadOnlyList<Exchange>> ask, Chance chance)
    {
        Exchange[] exchanges;
        do
            exchanges = [.. ask().Select(exchange => exchange with { Question = Typing.Type(exchange.Question, chance) })];
        while (exchanges.Any(exchange => Examination.Has(exchange.Question)));
        return exchanges;
    }

    /// <summary>Texts: stories, sums one after another, and what questions are about as statements.</summary>
    public static IEnumerable<string> Lessons()
    {
        var chance = new Chance(Seed ^ 0x5eed);
        for (var i = 0; i < 20_000; i++)
        {
            yield return chance.Below(10) switch
            {
                0 => Stories.Tell(chance),
                < 5 => Join(12, () => chance.Pick(chance.Percent(25) ? LearnedProducts : Learned).Statement),
                5 => Join(6, () => Turned(chance.Pick(chance.Percent(50) ? LearnedProducts : Learned))),
                _ => string.Join(' ', Enumerable.Range(0, 12).Select(_ => chance.Below(5) switch
                {
                    0 => World.AskOpposite(chance),
                    1 => World.AskColour(chance),
                    2 => World.AskCalendar(chance),
                    _ => World.AskTranslation(chance),
                }).Select(exchange => exchange.Answer)),
            };
        }
    }

    private static string Join(int count, Func<string> next) => string.Join(' ', Enumerable.Range(0, count).Select(_ => next()));

    // A sum or product, and the same from behind where that may be told as well.
    private static string Turned(Computation computation)
    {
        var turned = computation with { A = computation.B, B = computation.A };
        return computation.Operator == '-' || turned.IsHeldOut ? computation.Statement : $"{computation.Statement} {turned.Statement}";
    }

    private static Func<Chance, Exchange> Kind(bool isLast, Chance chance)
    {
        var drawn = chance.Below(Kinds.Sum(kind => isLast ? kind.Last : kind.First));
        foreach (var (first, last, ask) in Kinds)
        {
            if ((drawn -= isLast ? last : first) < 0)
                return ask;
        }
        throw new InvalidOperationException("Shares are positive.");
    }
}
