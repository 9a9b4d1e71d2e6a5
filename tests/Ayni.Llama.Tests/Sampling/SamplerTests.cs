using System.Text.Json;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

public sealed class SamplerTests
{
    [ConformanceFact]
    public void Recorded_distributions_of_temperature_and_top_p()
    {
        var tested = 0;
        foreach (var line in File.ReadLines(Conformance.PathOf("sampling", "cases.jsonl")))
        {
            using var document = JsonDocument.Parse(line);
            if (Parameters(document.RootElement.GetProperty("params")) is not { } parameters)
                continue;
            float[] logits = [.. document.RootElement.GetProperty("logits").EnumerateArray()
                .Select(value => value.ValueKind == JsonValueKind.String ? float.NegativeInfinity : value.GetSingle())];
            double[] expected = [.. document.RootElement.GetProperty("probs").EnumerateArray().Select(value => value.GetDouble())];
            var actual = new double[logits.Length];
            new Sampler(parameters, logits.Length).Probabilities(logits, actual);
            for (var id = 0; id < expected.Length; id++)
                Assert.Equal(expected[id], actual[id], 1e-5);
            tested++;
        }
        Assert.True(tested > 10, $"Only {tested} cases use temperature and top-p alone.");
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
        Assert.Throws<ArithmeticException>(() => sampler.Next([float.NaN, float.NaN, float.NaN]));
        Assert.Throws<ArithmeticException>(() => sampler.Next([float.PositiveInfinity, 1, 2]));
    }

    private static SamplingParameters? Parameters(JsonElement element)
    {
        var parameters = new SamplingParameters { Temperature = 1 };
        foreach (var property in element.EnumerateObject())
        {
            switch (property.Name, property.Value.ValueKind)
            {
                case ("temperature", JsonValueKind.Number):
                    parameters = parameters with { Temperature = property.Value.GetDouble() };
                    break;
                case ("top_p", JsonValueKind.Number):
                    parameters = parameters with { TopP = Math.Min(1, property.Value.GetDouble()) };
                    break;
                default:
                    if (!IsNeutral(property))
                        return null;
                    break;
            }
        }
        return parameters;
    }

    private static bool IsNeutral(JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.Number => property.Value.GetDouble() == (property.Name == "repetition_penalty" ? 1 : 0),
        JsonValueKind.Object => !property.Value.EnumerateObject().Any(),
        JsonValueKind.Array => property.Value.GetArrayLength() == 0,
        _ => property.Value.ValueKind == JsonValueKind.Null,
    };
}
