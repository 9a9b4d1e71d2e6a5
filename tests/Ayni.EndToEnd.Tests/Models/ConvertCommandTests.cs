using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary><c>ayni convert</c> from the command line: kinds of files by their names, and nothing replaced unasked.</summary>
public sealed class ConvertCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public ConvertCommandTests() => _model = _folder.Write(new TinyModel());

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_goes_round_and_answers_the_same()
    {
        var (huggingFace, meta, back) = (_folder.PathOf("hf"), _folder.PathOf("meta"), _folder.PathOf("back.gguf"));
        (await AyniCommand.RunAsync(["convert", _model, huggingFace])).Succeeded();
        (await AyniCommand.RunAsync(["convert", huggingFace, meta, "--to", "meta", "--type", "f32"])).Succeeded();
        (await AyniCommand.RunAsync(["convert", meta, back])).Succeeded();
        Assert.True(File.Exists(Path.Combine(huggingFace, "model.safetensors")));
        Assert.True(File.Exists(Path.Combine(meta, "consolidated.00.pth")));
        string[] run = ["run", "--raw", "--temperature", "0", "-n", "12", "--json", "hello"];
        var expected = await AnswerAsync(_model);
        Assert.Equal(expected, await AnswerAsync(back));
        Assert.Equal(expected, await AnswerAsync(huggingFace));

        async Task<string> AnswerAsync(string model) =>
            System.Text.Json.JsonDocument.Parse((await AyniCommand.RunAsync([.. run, "--model", model])).Succeeded().Output)
                .RootElement.GetProperty("text").GetString()!;
    }

    [Fact]
    public async Task What_is_there_stays_unless_it_is_asked_to_be_replaced()
    {
        var target = _folder.PathOf("there.gguf");
        File.WriteAllText(target, "mine");
        foreach (var command in (string[][])[["convert", _model, target], ["quantize", _model, target, "--type", "F16"]])
        {
            var refused = await AyniCommand.RunAsync(command);
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("is there already; name another one to write, or replace it with --force", refused.Error, StringComparison.Ordinal);
            Assert.Equal("mine", File.ReadAllText(target));
        }
        (await AyniCommand.RunAsync(["convert", _model, target, "--force"])).Succeeded();
        (await AyniCommand.RunAsync(["inspect", "--model", target])).Succeeded();
    }

    [Theory]
    [InlineData("out", "gguf", "F16", "name ends in .gguf")]
    [InlineData("out.gguf", "meta", "F16", "name ends in .gguf")]
    [InlineData("out", "onnx", "F16", "expected gguf, safetensors or meta")]
    [InlineData("out", "meta", "Q4_0", "expected one of F32, F16, BF16")]
    [InlineData("out.gguf", "gguf", "Q9", "expected one of F32")]
    public async Task A_wish_that_can_not_be_met_is_one_sentence(string target, string kind, string type, string words)
    {
        var refused = await AyniCommand.RunAsync(["convert", _model, _folder.PathOf(target), "--to", kind, "--type", type]);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(words, refused.Error, StringComparison.Ordinal);
        Assert.False(Path.Exists(_folder.PathOf(target)));
    }
}
