using System.Globalization;
using System.Text.Json;
using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary>The tour, on the smallest of models and on a trained one.</summary>
public sealed class TourTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_adds_up_with_a_context_of_256_tokens()
    {
        var model = _folder.Write(new TinyModel { Context = 256 });
        CheckSums((await AyniCommand.RunAsync("tour", "--model", model, "--json")).Succeeded().Json);
    }

    [ConformanceFact]
    public async Task It_adds_up_with_a_trained_base_model_and_tells_its_story()
    {
        var model = Conformance.PathOf("models", "bard", "bard.gguf");
        var runs = await Task.WhenAll(
            AyniCommand.RunAsync("tour", "--model", model, "--json"), AyniCommand.RunAsync("tour", "--model", model));
        CheckSums(runs[0].Succeeded().Json);
        var story = runs[1].Succeeded().Output;
        string[] expected = ["Killa asks", "Inti asks", "A receipt each", "2026-11 is closed", "Sumaq Apps, developer", "exactly", "is refused"];
        foreach (var words in expected)
            Assert.Contains(words, story, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_model_it_asks_the_one_in_the_box() => CheckSums((await AyniCommand.RunAsync("tour", "--json")).Succeeded().Json);

    private static void CheckSums(JsonElement tour)
    {
        var receipts = tour.GetProperty("receipts").EnumerateArray().ToArray();
        var totals = tour.GetProperty("statements").EnumerateArray().SelectMany(
            statement => statement.GetProperty("totals").EnumerateArray()).ToArray();
        var charged = receipts.Sum(receipt => Money(receipt, "charge"));

        Assert.True(tour.GetProperty("adds_up").GetBoolean());
        Assert.True(tour.GetProperty("proven").GetBoolean());
        Assert.True(tour.GetProperty("tampering_refused").GetBoolean());
        Assert.Equal(2, receipts.Length);
        Assert.Single(receipts, receipt => receipt.TryGetProperty("app_id", out _));
        Assert.Equal(3, totals.Length);
        Assert.All(totals, total => Assert.Equal(Money(total, "earned"), Money(total, "payable") + Money(total, "carry_out")));
        Assert.True(charged > 0);
        Assert.Equal(charged, totals.Sum(total => Money(total, "payable") + Money(total, "carry_out")));
        Assert.Equal(charged, Money(tour, "charged"));
    }

    private static decimal Money(JsonElement element, string name) =>
        decimal.Parse(element.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);
}
