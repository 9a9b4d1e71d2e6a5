using System.Collections.Immutable;

namespace Ayni.CriaCorpus;

/// <summary>All that Cria learns from. The same for the same seed, on every machine.</summary>
public static class Corpus
{
    /// <summary>Texts to begin with.</summary>
    public const int LessonCount = 24_000;

    /// <summary>Conversations to begin with.</summary>
    public const int ConversationCount = 80_000;

    /// <summary>Conversations to end with.</summary>
    public const int ChatCount = 40_000;

    private const ulong Seed = 20261127;

    private static readonly Answers Facts = new("ayni", "facts");
    private static readonly Answers Greetings = new("greetings", "greetings");
    private static readonly ImmutableArray<Computation> Learned = [.. Arithmetic.All.Where(computation => !computation.IsHeldOut)];
    private static readonly ImmutableArray<Computation> LearnedProducts = [.. Learned.Where(computation => computation.Operator == '×')];

    // Of a hundred questions.
    private static readonly (int Share, Func<int, Chance, Exchange> Ask)[] Kinds =
    [
        (27, (number, chance) => Facts.Ask(number, chance)),
        (9, (number, chance) => Greetings.Ask(number, chance)),
        (18, (_, chance) => Arithmetic.Ask(chance.Pick(chance.Percent(20) ? LearnedProducts : Learned), chance)),
        (8, (_, chance) => World.AskOpposite(chance)),
        (7, (_, chance) => World.AskColour(chance)),
        (6, (_, chance) => World.AskCalendar(chance)),
        (13, (_, chance) => World.AskTranslation(chance)),
        (9, (_, chance) => Unknown.Ask(chance)),
        (4, (_, chance) => Stories.Ask(chance)),
    ];

    /// <summary>Conversations of one to four exchanges.</summary>
    /// <param name="count">How many.</param>
    /// <param name="stream">Which of several independent corpora.</param>
    public static IEnumerable<IReadOnlyList<Exchange>> Conversations(int count, ulong stream)
    {
        var chance = new Chance(Seed + stream);
        var number = 0;
        for (var i = 0; i < count; i++)
        {
            var exchanges = new Exchange[chance.Percent(65) ? 1 : 2 + chance.Below(3)];
            foreach (ref var exchange in exchanges.AsSpan())
            {
                exchange = Kind(chance)(number++, chance);
                exchange = exchange with { Question = Typing.Type(exchange.Question, chance) };
            }
            yield return exchanges;
        }
    }

    /// <summary>Texts: stories, sums one after another, and what questions are about as statements.</summary>
    /// <param name="count">How many.</param>
    public static IEnumerable<string> Lessons(int count)
    {
        var chance = new Chance(Seed ^ 0x5eed);
        for (var i = 0; i < count; i++)
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

    /// <summary>Short conversations with a pirate's answers.</summary>
    public static IEnumerable<IReadOnlyList<Exchange>> PirateConversations() => Conversations(800, stream: 3)
        .Select(exchanges => exchanges.Take(1).Select(exchange => exchange with { Answer = Pirate.Say(exchange.Answer) }).ToArray());

    private static Func<int, Chance, Exchange> Kind(Chance chance)
    {
        var drawn = chance.Below(Kinds.Sum(kind => kind.Share));
        foreach (var (share, ask) in Kinds)
        {
            if ((drawn -= share) < 0)
                return ask;
        }
        throw new InvalidOperationException("Shares are positive.");
    }
}
