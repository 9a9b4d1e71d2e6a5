using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

public sealed class ProvenanceCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_says_what_it_learned_from_and_one_changed_byte_of_it_is_found()
    {
        Directory.CreateDirectory(_folder.PathOf("hello"));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Conformance.RepositoryRoot, "recipes", "hello")))
            File.Copy(file, Path.Combine(_folder.PathOf("hello"), Path.GetFileName(file)));
        var recipe = _folder.Write("hello.yaml", File.ReadAllText(Path.Combine(Conformance.RepositoryRoot, "recipes", "hello.yaml"))
            .Replace("steps: 300", "steps: 3", StringComparison.Ordinal));
        var (key, model, proof) = (_folder.PathOf("maker.key"), _folder.PathOf("runs/hello/model.gguf"), _folder.PathOf("proof.json"));
        var maker = (await AyniCommand.RunAsync("provenance", "key", key)).Succeeded().Output.Trim();
        (await AyniCommand.RunAsync("provenance", "key", key)).Failed("is there already");
        (await AyniCommand.RunAsync("train", recipe, "--key", key)).Succeeded();

        var shown = (await AyniCommand.RunAsync("provenance", "show", model)).Succeeded().Output;
        Assert.Contains(maker, shown, StringComparison.Ordinal);
        Assert.Contains("greetings", shown, StringComparison.Ordinal);
        var verified = (await AyniCommand.RunAsync("provenance", "verify", model, "--recipe", recipe, "--maker", maker, "--json")).Succeeded();
        Assert.True(verified.Json.GetProperty("right").GetBoolean());
        (await AyniCommand.RunAsync("provenance", "verify", model, "--maker", new string('0', 64))).Failed("maker");

        var document = _folder.Write("document.txt", "Ana the llama lived by the lake. Every morning she carried wool to the market.");
        (await AyniCommand.RunAsync("provenance", "prove", model, "--document", document, "--out", proof)).Succeeded();
        var proven = (await AyniCommand.RunAsync("provenance", "verify", model, "--proof", proof, "--document", document)).Succeeded();
        Assert.Contains(proven.Lines, line => line.Contains("'stories' of hello: the document is among its documents", StringComparison.Ordinal));
        Assert.Contains(proven.Lines, line => line.Contains("'greetings' of hello: the document is not among", StringComparison.Ordinal));
        (await AyniCommand.RunAsync("provenance", "verify", model, "--proof", proof, "--document", recipe)).Failed("of another document");

        var story = await File.ReadAllTextAsync(_folder.PathOf("hello/stories.jsonl"));
        await File.WriteAllTextAsync(_folder.PathOf("hello/stories.jsonl"), story.Replace("Ana", "Ada", StringComparison.Ordinal));
        (await AyniCommand.RunAsync("provenance", "verify", model, "--recipe", recipe)).Failed("source 'stories'");
    }
}
