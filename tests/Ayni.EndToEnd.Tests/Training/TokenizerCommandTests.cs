using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

public sealed class TokenizerCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string Stories => Path.Combine(Conformance.RepositoryRoot, "LICENSE");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_learned_vocabulary_tokenizes_and_is_what_a_recipe_can_start_from()
    {
        var (gguf, json) = (_folder.PathOf("v.gguf"), _folder.PathOf("new/tokenizer.json"));
        var learned = (await AyniCommand.RunAsync(
            "tokenizer", "train", Stories, "--vocab-size", "500", "--digits", "single", "-o", gguf, "-o", json, "--json")).Succeeded();
        Assert.Equal(500, learned.Json.GetProperty("tokens").GetInt32());
        Assert.True(learned.Json.GetProperty("bytes_per_token").GetDouble() > 2);
        var recipe = _folder.Write("r.yaml", $$"""
            name: tiny
            model:
              tokenizer: v.gguf
              new: { hidden_size: 16, intermediate_size: 24, layers: 1, heads: 2, key_value_heads: 1, context_length: 32 }
            data:
              allow: [Apache-2.0]
              sources: [{ name: licence, path: "{{Stories.Replace('\\', '/')}}", format: text, licence: Apache-2.0, origin: here, rights_holder: us }]
            training: { batch: 1, context: 32, steps: 2 }
            optimizer: { rate: 1e-3 }
            output: { folder: run }
            """);
        (await AyniCommand.RunAsync("train", recipe)).Succeeded();
        var answer = (await AyniCommand.RunAsync(
            "run", "--model", _folder.PathOf("run/model.gguf"), "You may", "-n", "2", "--temperature", "0", "--json")).Succeeded();
        Assert.InRange(answer.Json.GetProperty("timings").GetProperty("generated_tokens").GetInt32(), 1, 2);
    }

    [Fact]
    public async Task What_can_t_be_done_is_said_in_a_sentence()
    {
        var to = _folder.PathOf("v.gguf");
        (await AyniCommand.RunAsync("tokenizer", "train", "nowhere.txt", "-n", "300", "-o", to)).Failed("there is no file or folder");
        (await AyniCommand.RunAsync("tokenizer", "train", Stories, "-n", "99999", "-o", to)).Failed("nothing else occurs twice");
        (await AyniCommand.RunAsync("tokenizer", "train", Stories, "-n", "300", "-o", _folder.PathOf("v.bin"))).Failed("the ending says the kind");
        _folder.Write("v.gguf", "mine");
        (await AyniCommand.RunAsync("tokenizer", "train", Stories, "-n", "300", "-o", to)).Failed("is there already");
        Assert.Equal("mine", await File.ReadAllTextAsync(to));
    }
}
