using System.Collections.Immutable;

namespace Ayni.CriaCorpus;

/// <summary>All that Cria learns from. The same for the same seed, on every machine.</summary>
public static class Corpus
{
    private const ulong Seed = 20261127;

    private static readonly Answers Facts = new("ayni", "facts", "facts-more");
    private static readonly Answers Greetings = new("greetings", "greetings", "greetings-more");
    private static readonly ImmutableArray<Computation> Learned = [.. Arithmetic.All.Where(computation => !computation.IsHeldOut)];
    private static readonly ImmutableArray<Computation> LearnedProducts = [.. Learned.Where(computation => computation.Operator == '×')];

    // How many of a hundred questions are of each kind, in the first and in the last conversations.
    private static readonly (int First, int Last, Func<int, Chance, Exchange> Ask)[] Kinds =
    [
        (25, 17, (number, chance) => Facts.Ask(number, chance)),
        (13, 14, (number, chance) => Greetings.Ask(number, chance)),
        (19, 16, (_, chance) => Arithmetic.Ask(chance.Pick(chance.Percent(20) ? LearnedProducts : Learned), chance)),
        (8, 9, (_, chance) => World.AskOpposite(chance)),
        (6, 5, (_, chance) => World.AskColour(chance)),
        (6, 12, (_, chance) => World.AskCalendar(chance)),
        (7, 13, (_, chance) => World.AskTranslation(chance)),
        (7, 5, (_, chance) => Unknown.Ask(chance)),
        (9, 9, (_, chance) => Stories.Ask(chance)),
    ];

    /// <summary>The conversations to begin with.</summary>
    public static IEnumerable<IReadOnlyList<Exchange>> FirstConversations() => Conversations(200_000, stream: 1, isLast: false);

    /// <summary>The conversations to go on with.</summary>
    public static IEnumerable<IReadOnlyList<Exchange>> LastConversations() => Conversations(60_000, stream: 2, isLast: true);

    /// <summary>Short conversations with a pirate's answers.</summary>
    public static IEnumerable<IReadOnlyList<Exchange>> PirateConversations() => Conversations(800, stream: 3, isLast: false)
        .Select(exchanges => exchanges.Take(1).Select(exchange => exchange with { Answer = Pirate.Say(exchange.Answer) }).ToArray());

    // Of one to four exchanges; another stream has others.
    private static IEnumerable<IReadOnlyList<Exchange>> Conversations(int count, ulong stream, bool isLast)
    {
        var chance = new Chance(Seed + stream);
        var number = 0;
        for (var i = 0; i < count; i++)
        {
            var exchanges = new Exchange[chance.Percent(65) ? 1 : 2 + chance.Below(3)];
            foreach (ref var exchange in exchanges.AsSpan())
            {
                exchange = Kind(isLast, chance)(number++, chance);
                exchange = exchange with { Question = Typing.Type(exchange.Question, chance) };
            }
            yield return exchanges;
        }
    }

    /// <summary>Texts: stories, sums one after another, and what questions are about as statements.</summary>
    public static IEnumerable<string> Lessons()
    {
        var chance = new Chance(Seed ^ 0x5eed);
        for (var i = 0; i < 24_000; i++)
        {
            yield return chance.Below(10) switch
            {
                0 => Stories.Tell(chance),
                < 6 => string.Join(' ', Enumerable.Range(0, 12).Select(_ => chance.Pick(chance.Percent(12) ? LearnedProducts : Learned).Statement)),
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

    private static Func<int, Chance, Exchange> Kind(bool isLast, Chance chance)
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
