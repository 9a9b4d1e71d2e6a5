using System.Text.Json;
using System.Text.RegularExpressions;
using Ayni.CriaCorpus;
using Ayni.Tests;
using CriaTexts = Ayni.CriaCorpus.Corpus;

namespace Ayni.Training.Tests;

/// <summary>What Cria learns from, held against what it is asked afterwards.</summary>
public sealed partial class CriaCorpusTests
{
    private static readonly Lazy<IReadOnlyList<Exchange>> Exchanges = new(() =>
        [
            .. new[] { CriaTexts.FirstConversations(), CriaTexts.LastConversations() }.AsParallel().AsOrdered()
                .Select(conversations => conversations.SelectMany(conversation => conversation.Exchanges).ToArray()).SelectMany(all => all),
        ]);

    private static readonly Lazy<IReadOnlyList<(string Category, string Prompt)>> Prompts = new(() =>
        [
            .. File.ReadLines(Path.Combine(Conformance.RepositoryRoot, "recipes", "cria-eval.jsonl")).Select(line =>
            {
                using var json = JsonDocument.Parse(line);
                return (json.RootElement.GetProperty("category").GetString()!, json.RootElement.GetProperty("prompt").GetString()!);
            }),
        ]);

    [Fact]
    public void It_is_the_same_each_time()
    {
        static IEnumerable<object?> Said() => CriaTexts.FirstConversations().Take(300)
            .SelectMany(conversation => new object?[] { conversation.System }.Concat(conversation.Exchanges));
        Assert.Equal(Said(), Said());
    }

    [Fact]
    public void Three_hundred_prompts_are_asked_each_once()
    {
        Assert.Equal(300, Prompts.Value.Count);
        Assert.Equal(300, Prompts.Value.Select(prompt => prompt.Prompt).Distinct().Count());
    }

    [Fact]
    public void No_prompt_is_in_the_corpus_whatever_its_numbers_and_words()
    {
        var words = World.AllWords.SelectMany(text => Letters().Matches(text).Select(match => match.Value)).Where(word => word.Length > 2)
            .Concat(Enumerable.Range(0, 101).Select(Arithmetic.Name)).ToHashSet();
        var learned = Exchanges.Value.Select(exchange => Shape(exchange.Question, words)).ToHashSet();
        Assert.Empty(Prompts.Value.Where(prompt => learned.Contains(Shape(prompt.Prompt, words))).Select(prompt => prompt.Prompt));
    }

    /// <summary>Counted without the generator's own idea of what is alike: by the words alone.</summary>
    [Theory]
    [InlineData("cria-eval.jsonl", 0, 47)]
    [InlineData("cria-eval-later.jsonl", 51, 135)]
    public void The_card_says_how_many_questions_are_those_of_the_corpus_or_a_word_away(string file, int same, int near)
    {
        var questions = File.ReadLines(Path.Combine(Conformance.RepositoryRoot, "recipes", file)).Select(line =>
        {
            using var json = JsonDocument.Parse(line);
            var text = json.RootElement.TryGetProperty("prompt", out var prompt)
                ? prompt : json.RootElement.GetProperty("messages").EnumerateArray().Last().GetProperty("content");
            return WordsOf(text.GetString()!);
        }).ToArray();
        var wanted = questions.SelectMany(WithinAWord).ToHashSet();
        var learned = Exchanges.Value.Select(exchange => exchange.Question).Distinct().AsParallel().Select(WordsOf).Distinct().ToArray();
        var met = learned.AsParallel().SelectMany(words => WithinAWord(words).Where(wanted.Contains)).ToHashSet();
        var asIs = learned.ToHashSet();
        Assert.Equal(same, questions.Count(asIs.Contains));
        Assert.Equal(near, questions.Count(words => WithinAWord(words).Any(met.Contains)));
        var card = File.ReadAllText(Path.Combine(Conformance.RepositoryRoot, "models", "cria.md")).ReplaceLineEndings(" ");
        Assert.Contains(
            same == 0 ? $"{near} of the {questions.Length}" : $"{same} of them stand in the corpus in just these words, and {near - same} more",
            card, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_prompt_is_known_to_be_kept_out() =>
        Assert.All(Prompts.Value, prompt => Assert.True(Examination.Has(prompt.Prompt), prompt.Prompt));

    [Fact]
    public void Sums_that_are_asked_are_computed_nowhere_in_the_corpus()
    {
        var learned = Exchanges.Value.Select(exchange => exchange.Answer).Concat(CriaTexts.Lessons())
            .SelectMany(text => Statements().Matches(text).SelectMany(ComputationsOf)).ToHashSet();
        Assert.Equal(Arithmetic.All.Count(computation => !computation.IsHeldOut), learned.Count);
        Assert.DoesNotContain(learned, computation => computation.IsHeldOut);
        var asked = Prompts.Value.Where(prompt => prompt.Category == "arithmetic").Select(prompt => NumbersIn(prompt.Prompt)).ToArray();
        Assert.True(asked.Length >= 40);
        foreach (var (first, second) in asked)
            Assert.Contains(Arithmetic.All, one => one.IsHeldOut && ((one.A, one.B) == (first, second) || (one.A, one.B) == (second, first)));
    }

    [Fact]
    public void Every_sum_is_right_and_so_is_its_step()
    {
        foreach (var computation in Arithmetic.All)
        {
            var match = Statements().Match(computation.Statement);
            Assert.Equal(computation.Statement, match.Value);
            Assert.Equal(computation, ComputationsOf(match).First());
            Assert.All(ComputationsOf(match), one => Assert.Equal(
                one.Operator switch { '+' => one.A + one.B, '-' => one.A - one.B, _ => one.A * one.B }, int.Parse(match.Groups[7].ValueSpan, null)));
        }
    }

    [Fact]
    public void Most_sums_are_computed_by_a_step() =>
        Assert.InRange(Arithmetic.All.Count(computation => computation.Step is not null), 6_000, Arithmetic.All.Count);

    [Fact]
    public void A_phrase_has_each_of_its_choices()
    {
        var seen = new HashSet<string>();
        var chance = new Chance(1);
        for (var i = 0; i < 400; i++)
            seen.Add(Grammar.Expand("[a[b|c]|{x}|]!", chance, ("x", "y")));
        Assert.Equal(["!", "ab!", "ac!", "y!"], seen.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("[a|b")]
    [InlineData("a]b")]
    [InlineData("{x")]
    [InlineData("{z}")]
    public void A_broken_phrase_is_refused(string phrase) =>
        Assert.Throws<FormatException>(() => Grammar.Expand(phrase, new Chance(1), ("x", "y")));

    [Fact]
    public void The_pirate_s_conversations_are_those_that_are_kept_beside_his_recipe()
    {
        var kept = File.ReadLines(Path.Combine(Conformance.RepositoryRoot, "recipes", "pirate.jsonl")).Select(line =>
        {
            using var json = JsonDocument.Parse(line);
            var messages = json.RootElement.GetProperty("messages");
            return (messages[0].GetProperty("content").GetString()!, messages[1].GetProperty("content").GetString()!);
        });
        Assert.Equal(CriaTexts.PirateConversations().Select(conversation => (conversation.Exchanges[0].Question, conversation.Exchanges[0].Answer)).Distinct(), kept);
    }

    /// <summary>A text's words in small letters.</summary>
    private static string WordsOf(string text) => string.Join(
        ' ', Letters().Matches(text.ToLowerInvariant().Replace("'", "", StringComparison.Ordinal)).Select(match => match.Value));

    /// <summary>Some words, and they without each: two texts that have one of these in common differ by a word at most.</summary>
    private static IEnumerable<string> WithinAWord(string words)
    {
        yield return words;
        var parts = words.Split(' ');
        for (var left = 0; left < parts.Length; left++)
            yield return string.Join(' ', parts.Where((_, i) => i != left));
    }

    /// <summary>A question without the words and numbers that it is about.</summary>
    private static string Shape(string question, HashSet<string> words) => string.Join(
        ' ', Letters().Matches(question.ToLowerInvariant().Replace("'", "", StringComparison.Ordinal))
            .Select(match => char.IsDigit(match.Value[0]) ? "#" : words.Contains(match.Value) ? "*" : match.Value));

    /// <summary>What a statement computes: itself, and its step.</summary>
    private static IEnumerable<Computation> ComputationsOf(Match match)
    {
        for (var group = 1; group < 7 && match.Groups[group].Success; group += 3)
        {
            yield return new Computation(
                match.Groups[group + 1].Value[0], int.Parse(match.Groups[group].ValueSpan, null), int.Parse(match.Groups[group + 2].ValueSpan, null));
        }
    }

    private static (int First, int Second) NumbersIn(string text)
    {
        int[] numbers = [.. Digits().Matches(text).Select(match => int.Parse(match.ValueSpan, null))];
        return (numbers[0], numbers[1]);
    }

    [GeneratedRegex(@"\p{L}+|\p{N}+")]
    private static partial Regex Letters();

    [GeneratedRegex(@"(\d+) ([-+×]) (\d+)(?: = (\d+) ([-+×]) (\d+))? = (\d+)\.")]
    private static partial Regex Statements();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();
}
