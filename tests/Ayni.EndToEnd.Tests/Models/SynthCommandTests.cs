namespace Ayni.EndToEnd.Tests;

public sealed class SynthCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_of_random_weights_is_written_and_runs()
    {
        var path = _folder.PathOf("random.gguf");
        string[] synth = ["synth", "tinyllama-1.1b:Q4_K_M", "--layers", "2", "--hidden", "256", "--intermediate", "512", "-o", path];
        (await AyniCommand.RunAsync(synth)).Succeeded();
        var answer = (await AyniCommand.RunAsync("run", "--model", path, "--tokens", "1,300,400", "--temperature", "0", "-n", "8", "--json")).Succeeded();
        Assert.Equal(8, answer.Json.GetProperty("ids").GetArrayLength());
    }

    [Fact]
    public async Task Impossible_wishes_are_refused_in_a_sentence()
    {
        var path = _folder.PathOf("random.gguf");
        (await AyniCommand.RunAsync("synth", "llama-9-1b", "-o", path)).Failed("There is no shape llama-9-1b; there are tinyllama-1.1b");
        (await AyniCommand.RunAsync("synth", "llama-3-8b:Q9", "-o", path)).Failed("There is no type Q9");
        (await AyniCommand.RunAsync("synth", "llama-3-8b", "--experts", "4", "-o", path)).Failed("--experts: llama-3-8b has no experts");
        (await AyniCommand.RunAsync("synth", "llama-3-8b", "--layers", "0", "-o", path)).Failed("layers: 0");
        (await AyniCommand.RunAsync("synth", "llama-3-8b:F32", "--layers", "4096", "--hidden", "65536", "-o", path)).Failed("free some space");
        Assert.False(File.Exists(path));
    }
}
