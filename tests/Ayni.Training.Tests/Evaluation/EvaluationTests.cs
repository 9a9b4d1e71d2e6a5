using Ayni.Kernels;
using Ayni.Llama;
using Ayni.Tests;

namespace Ayni.Training.Tests;

public sealed class EvaluationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Answers_asked_together_are_those_asked_one_by_one()
    {
        using var file = new TemporaryModel(new TinyModel());
        using var model = LlamaModel.Load(file.Path, KernelTier.Simd, threads: 2);
        string[] lines =
        [
            .. Enumerable.Range(0, 40).Select(i =>
                $$$"""{"category":"{{{(i % 3 == 0 ? "threes" : "others")}}}","prompt":"tell {{{new string('a', i)}}} tale","check":{"matches":"e"}}"""),
            """{"category":"talk","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"and now"}],"check":{"ends":true}}""",
        ];
        var cases = EvaluationCase.ReadFile(Write(lines));
        var together = await Evaluation.RunAsync(model, cases, system: null, maxTokens: 12);
        for (var i = 0; i < cases.Count; i += 8)
        {
            var alone = await Evaluation.RunAsync(model, [cases[i]], system: null, maxTokens: 12);
            Assert.Equal(together.Answers[i], alone.Answers[0]);
        }
        Assert.Equal(["threes", "others", "talk"], together.Categories.Select(score => score.Category));
        Assert.Equal([14, 26, 1], together.Categories.Select(score => score.Count));
        Assert.Equal(41, together.Total.Count);
        Assert.Equal(together.Answers.Count(answer => answer.Failure is null), together.Total.Passed);
        // Instructions change what is asked, but not of a question with its own.
        var instructed = await Evaluation.RunAsync(model, [cases[1], cases[^1]], system: "in the words of a llama", maxTokens: 12);
        Assert.Equal(together.Answers[^1], instructed.Answers[1]);
        Assert.NotEqual(together.Answers[1].Answer, instructed.Answers[0].Answer);
    }

    [Theory]
    [InlineData("""{"category":"a","prompt":"b"}""", "\"check\" is missing")]
    [InlineData("""{"category":" ","prompt":"b","check":{"any":["c"]}}""", "the category is empty")]
    [InlineData("""{"prompt":"b","check":{"any":["c"]}}""", "\"category\" as a string")]
    [InlineData("""{"category":"a","prompt":"b","messages":[{"role":"user","content":"x"}],"check":{"any":["c"]}}""", "not both")]
    [InlineData("""{"category":"a","prompt":"b","answer":"c","check":{"any":["c"]}}""", "no field \"answer\"")]
    [InlineData("""{"category":"a","prompt":"\ud800","check":{"any":["c"]}}""", "not valid Unicode")]
    [InlineData("[1]", "expected an object, found array")]
    [InlineData("{", "not valid JSON")]
    public void A_line_that_is_no_question_is_named(string line, string problem)
    {
        var path = Write("", line);
        var error = Assert.Throws<DataException>(() => EvaluationCase.ReadFile(path));
        Assert.StartsWith($"{path}, line 2", error.Message, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_questions_give_nothing_but_named_errors()
    {
        var valid = """{"category":"a","messages":[{"role":"user","content":"x é"}],"check":{"any":["c"],"matches":"[a-z]+"}}"""u8.ToArray();
        var random = new Random(4);
        for (var round = 0; round < 500; round++)
        {
            byte[] damaged = [.. valid];
            for (var i = random.Next(1, 4); i > 0; i--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            var path = _folder.PathOf("damaged.jsonl");
            File.WriteAllBytes(path, damaged[..random.Next(damaged.Length / 2, damaged.Length + 1)]);
            try
            {
                EvaluationCase.ReadFile(path);
            }
            catch (DataException)
            {
                // What is to be.
            }
        }
    }

    private string Write(params string[] lines)
    {
        File.WriteAllLines(_folder.PathOf("eval.jsonl"), lines);
        return _folder.PathOf("eval.jsonl");
    }
}
