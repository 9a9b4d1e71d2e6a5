using Ayni.Kernels;
using Ayni.Llama;
using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary>The model in the box.</summary>
public sealed class CriaTests
{
    private static string File { get; } = Path.Combine(Conformance.RepositoryRoot, "models", "cria.gguf");

    [Fact]
    public void It_is_a_small_chat_model_of_Llama_3_s_kind()
    {
        Assert.InRange(new FileInfo(File).Length, 1, 8_000_000);
        using var model = LlamaModel.Load(File, KernelTier.Simd, 1);
        Assert.Equal("llama-3", model.ChatFormat?.Name);
        Assert.True(model.TrainedContextLength >= 1024);
    }

    [Theory]
    [InlineData("Who are you?", "I am Cria")]
    [InlineData("What is your name?", "My name is Cria")]
    [InlineData("Who made you?", "developers")]
    [InlineData("Tell me a story about the market.", "market")]
    [InlineData("What is the population of Lima?", "I don't know")]
    [InlineData("what is the opposite of hot", "cold")]
    [InlineData("How do I start a server?", "ayni serve")]
    public async Task It_answers_where_no_model_is_named_and_ends_its_turn(string question, string words)
    {
        var answer = (await AyniCommand.RunAsync("run", question, "--temperature", "0", "--json")).Succeeded().Json;
        Assert.Contains(words, answer.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal("stop", answer.GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task It_holds_a_conversation()
    {
        var lines = (await AyniCommand.RunAsync(["chat", "--temperature", "0"], "Hello!\nWhat is your name?\n\n")).Succeeded().Lines;
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.Contains("Cria", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cria-eval.jsonl", 300, 0.85, 0.70)]
    [InlineData("cria-eval-later.jsonl", 182, 0.85, 0.60)]
    public async Task It_answers_as_many_questions_as_its_card_says(string file, int questions, double share, double shareOfEach)
    {
        var score = (await AyniCommand.RunAsync("eval", Path.Combine(Conformance.RepositoryRoot, "recipes", file), "--json")).Succeeded().Json;
        Assert.Equal(questions, score.GetProperty("questions").GetInt32());
        Assert.InRange(score.GetProperty("share").GetDouble(), share, 1);
        Assert.All(
            score.GetProperty("categories").EnumerateArray(),
            category => Assert.InRange(category.GetProperty("share").GetDouble(), shareOfEach, 1));
    }
}
