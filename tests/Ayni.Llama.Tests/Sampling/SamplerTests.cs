using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

public sealed class SamplerTests
{
    [ConformanceFact]
    public void Recorded_distributions()
    {
        var tested = 0;
        foreach (var line in File.ReadLines(Conformance.PathOf("sampling", "cases.jsonl")))
        {
            using var document = JsonDocument.Parse(line);
            var item = document.RootElement;
            float[] logits = [.. item.GetProperty("logits").EnumerateArray().Select(value => (float)Number(value))];
            var sampler = new Sampler(Parameters(item.GetProperty("params")), logits.Length);
            foreach (var token in item.GetProperty("history").EnumerateArray())
                sampler.Observe(token.GetInt32());
            var actual = new double[logits.Length];
            sampler.Probabilities(logits, actual);
            AssertEqual(item.GetProperty("name").GetString()!, item.GetProperty("probs"), actual);
            var kept = item.GetProperty("kept").EnumerateArray().Select(id => id.GetInt32()).ToHashSet();
            for (var id = 0; id < actual.Length; id++)
                Assert.True(actual[id] > 0 == kept.Contains(id) || (actual[id] == 0 && kept.Contains(id) && logits[id] < -80), line);
            tested++;
        }
        Assert.InRange(tested, 80, int.MaxValue);
    }

    [ConformanceFact]
    public void Top_k_keeps_the_lower_ids_of_equals()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Conformance.PathOf("sampling", "top_k_ties.json")));
        foreach (var item in document.RootElement.EnumerateArray())
        {
            float[] logits = [.. item.GetProperty("logits").EnumerateArray().Select(value => (float)Number(value))];
            var actual = new double[logits.Length];
            new Sampler(Parameters(item.GetProperty("params")), logits.Length).Probabilities(logits, actual);
            AssertEqual("ties", item.GetProperty("probs_exact_k_lowest_id"), actual);
        }
    }

    [Fact]
    public void Cuts_of_a_large_vocabulary_keep_what_sorting_all_of_it_would()
    {
        var random = new Random(4);
        var logits = Enumerable.Range(0, 128_256).Select(_ => (float)(random.NextDouble() * 30 - 15)).ToArray();
        foreach (var parameters in (SamplingParameters[])
            [new() { TopK = 5_000 }, new() { TopK = 3, Temperature = 0.1 }, new() { TopP = 0.9999 }, new() { MinP = 1e-4 }, new() { TopK = 90_000, TopP = 0.7, MinP = 0.2 }])
        {
            var actual = new double[logits.Length];
            new Sampler(parameters, logits.Length).Probabilities(logits, actual);
            var weights = logits.Select(logit => Math.Exp((logit - 15.0) / parameters.Temperature)).ToArray();
            var order = Enumerable.Range(0, logits.Length).OrderByDescending(id => weights[id]).ThenBy(id => id).ToList();
            order = order[..(parameters.TopK == 0 ? order.Count : parameters.TopK)];
            var (all, reached) = (order.Sum(id => weights[id]), 0.0);
            order = [.. order.TakeWhile(id => (reached += weights[id]) - weights[id] < parameters.TopP * all)];
            order = [.. order.Where(id => weights[id] >= parameters.MinP * weights[order[0]])];
            Assert.Equal(order.Count, actual.Count(probability => probability > 0));
            var sum = order.Sum(id => weights[id]);
            foreach (var id in order)
                Assert.Equal(weights[id] / sum, actual[id], 1e-12);
        }
    }

    [Fact]
    public void The_prompt_is_penalized_for_repetition_only()
    {
        var sampler = new Sampler(new SamplingParameters { Temperature = 0, PresencePenalty = 2 }, 2);
        sampler.ObservePrompt(0);
        Assert.Equal(0, sampler.Next([1, 0]));
        sampler.Observe(0);
        Assert.Equal(1, sampler.Next([1, 0]));

        sampler = new Sampler(new SamplingParameters { Temperature = 0, RepetitionPenalty = 3 }, 2);
        sampler.ObservePrompt(0);
        Assert.Equal(1, sampler.Next([1, 0.5f]));
    }

    [Fact]
    public void Banning_everything_is_an_error_and_not_a_token()
    {
        var sampler = new Sampler(new SamplingParameters { LogitBias = Bias((0, double.NegativeInfinity), (1, double.NegativeInfinity)) }, 2);
        Assert.Throws<LogitsException>(() => sampler.Next([1, 2]));
    }

    [Fact]
    public void Parameters_out_of_their_ranges_are_refused()
    {
        foreach (var parameters in (SamplingParameters[])
            [new() { Temperature = -1 }, new() { Temperature = double.NaN }, new() { TopP = 0 }, new() { TopP = 1.1 }, new() { TopK = -1 }, new() { MinP = 2 },
             new() { RepetitionPenalty = 0 }, new() { FrequencyPenalty = double.NaN }, new() { PresencePenalty = double.PositiveInfinity },
             new() { LogitBias = Bias((8, 1)) }, new() { LogitBias = Bias((-1, 1)) }, new() { LogitBias = Bias((0, double.PositiveInfinity)) }])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new Sampler(parameters, 8));
        }
    }

    [Fact]
    public void Draws_follow_the_distribution()
    {
        float[] logits = [0, MathF.Log(2), MathF.Log(5), float.NegativeInfinity];
        var sampler = new Sampler(new SamplingParameters { Seed = 9 }, logits.Length);
        var counts = new int[4];
        const int Draws = 80_000;
        for (var i = 0; i < Draws; i++)
            counts[sampler.Next(logits)]++;
        // Five standard deviations of a binomial count.
        foreach (var (id, probability) in (ReadOnlySpan<(int, double)>)[(0, 1 / 8.0), (1, 2 / 8.0), (2, 5 / 8.0)])
            Assert.InRange(counts[id] - Draws * probability, -5 * Math.Sqrt(Draws / 4.0), 5 * Math.Sqrt(Draws / 4.0));
        Assert.Equal(0, counts[3]);
    }

    [Fact]
    public void Greedy_takes_the_lowest_id_of_equals() =>
        Assert.Equal(1, new Sampler(SamplingParameters.Greedy, 4).Next([1, 7, 7, 3]));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(1, 0.5)]
    public void Logits_that_are_no_numbers_are_an_error_and_not_a_token(double temperature, double topP)
    {
        var sampler = new Sampler(new SamplingParameters { Temperature = temperature, TopP = topP }, 3);
        Assert.Throws<LogitsException>(() => sampler.Next([float.NaN, float.NaN, float.NaN]));
        Assert.Throws<LogitsException>(() => sampler.Next([float.PositiveInfinity, 1, 2]));

        // One of many, wherever it is.
        var longer = new Sampler(new SamplingParameters { Temperature = temperature, TopP = topP }, 21);
        for (var place = 0; place < 21; place++)
        {
            var logits = new float[21];
            logits[place] = float.NaN;
            logits[20 - place] += 1;
            Assert.Throws<LogitsException>(() => longer.Next(logits));
        }
    }

    private static SamplingParameters Parameters(JsonElement element)
    {
        var parameters = new SamplingParameters();
        foreach (var property in element.EnumerateObject())
        {
            parameters = property.Name switch
            {
                "repetition_penalty" => parameters with { RepetitionPenalty = property.Value.GetDouble() },
                "frequency_penalty" => parameters with { FrequencyPenalty = property.Value.GetDouble() },
                "presence_penalty" => parameters with { PresencePenalty = property.Value.GetDouble() },
                "logit_bias" => parameters with { LogitBias = Bias([.. property.Value.EnumerateObject().Select(Named)]) },
                "temperature" => parameters with { Temperature = property.Value.GetDouble() },
                "top_k" => parameters with { TopK = property.Value.GetInt32() },
                "top_p" => parameters with { TopP = Math.Min(1, property.Value.GetDouble()) },
                "min_p" => parameters with { MinP = property.Value.GetDouble() },
                var name => throw new InvalidDataException(name),
            };
        }
        return parameters;
    }

    private static ImmutableDictionary<int, double> Bias(params (int Id, double Value)[] biases) =>
        biases.ToImmutableDictionary(bias => bias.Id, bias => bias.Value);

    private static (int Id, double Value) Named(JsonProperty bias) => (int.Parse(bias.Name, CultureInfo.InvariantCulture), Number(bias.Value));

    private static double Number(JsonElement value) => value.ValueKind == JsonValueKind.String ? double.NegativeInfinity : value.GetDouble();

    private static void AssertEqual(string name, JsonElement expected, double[] actual)
    {
        for (var id = 0; id < actual.Length; id++)
            Assert.True(Math.Abs(expected[id].GetDouble() - actual[id]) <= 1e-5, $"{name}, token {id}: expected {expected[id]}, got {actual[id]}");
    }
}
