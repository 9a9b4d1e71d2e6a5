using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary>Models pulled, listed, run and removed by the commands, from a hub on this machine.</summary>
public sealed class PullCommandTests : IAsyncLifetime, IDisposable
{
    private const int Piece = 4 << 20;

    private readonly TemporaryFolder _folder = new();
    private FakeHub _hub = null!;

    public async Task InitializeAsync() => _hub = await FakeHub.StartAsync();

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_is_pulled_run_by_its_name_and_removed()
    {
        var model = _folder.Write(new TinyModel());
        _hub.Token = "hf_secret";
        _hub.Files["tiny-F32.gguf"] = new FakeFile(await File.ReadAllBytesAsync(model), IsLarge: true);
        _hub.Files["tiny-Q8_0.gguf"] = new FakeFile([1, 2, 3], IsLarge: true);
        (await CommandAsync("run", "--model", FakeHub.Repository, "hello")).Failed("ayni pull ada/Tiny-GGUF");
        var token = _folder.Write("token", "hf_secret\n");
        (await CommandAsync("pull", FakeHub.Repository)).Failed("accept them at");
        (await CommandAsync("pull", FakeHub.Repository + ":Q5_K_M", "--token-file", token)).Failed("It has F32, Q8_0.");
        (await CommandAsync("pull", "nonsense")).Failed("OWNER/NAME");

        var pulled = (await CommandAsync("pull", FakeHub.Repository + ":F32", "--token-file", token)).Succeeded();
        Assert.Equal(File.ReadAllBytes(model), File.ReadAllBytes(pulled.Lines.Single()));
        Assert.Contains("licence llama3.2", pulled.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_secret", pulled.Error, StringComparison.Ordinal);
        (await CommandAsync("run", "--model", FakeHub.Repository, "hello", "-n", "3")).Succeeded();

        await CommandAsync("pull", FakeHub.Repository + ":Q8_0", "--token-file", token);
        (await CommandAsync("run", "--model", FakeHub.Repository, "hello")).Failed("several pulled models");
        (await CommandAsync("run", "--model", FakeHub.Repository + ":f32", "hello", "-n", "3")).Succeeded();
        var models = (await CommandAsync("models", "--json")).Succeeded().Json.EnumerateArray().ToList();
        Assert.Equal(["ada/Tiny-GGUF:F32", "ada/Tiny-GGUF:Q8_0"], models.Select(entry => entry.GetProperty("name").GetString()));
        Assert.Equal(3, models[1].GetProperty("bytes").GetInt64());

        (await CommandAsync("rm", FakeHub.Repository, "--yes")).Failed("means several models");
        (await CommandAsync("rm", FakeHub.Repository + ":Q8_0")).Failed("--yes");
        (await CommandAsync("rm", FakeHub.Repository + ":Q8_0", "--yes")).Succeeded();
        (await CommandAsync("rm", FakeHub.Repository, "--yes")).Succeeded();
        (await CommandAsync("rm", FakeHub.Repository, "--yes")).Failed("No model ada/Tiny-GGUF was pulled");
        Assert.Contains("No model is in", (await CommandAsync("models")).Succeeded().Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_waited_for_is_said()
    {
        _hub.Add("tiny-Q4_0.gguf", 100);
        _hub.OnApi = (number, context) =>
        {
            context.Response.StatusCode = number == 1 ? 503 : 200;
            context.Response.Headers.RetryAfter = "0";
            return number == 1;
        };
        var pulled = (await CommandAsync("pull", FakeHub.Repository)).Succeeded();
        Assert.Contains("127.0.0.1: model: the answer was 503 ServiceUnavailable; attempt 2 of 6 in 0 s.", pulled.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_pull_goes_on_where_it_was()
    {
        var content = _hub.Add("big-Q4_0.gguf", 5 * Piece + 77);
        // One connection, which stops within the fourth piece.
        _hub.Pace = (request, position, gone) => request.Number == 1 && position >= 3 * Piece + 1000 ? Task.Delay(Timeout.Infinite, gone) : Task.CompletedTask;
        string[] pull = ["pull", FakeHub.Repository + ":Q4_0", "--connections", "1"];
        using (var process = AyniCommand.Start(pull, Environment()))
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (!File.Exists(Pieces) || !await EndsWithAsync("111000"))
                await Task.Delay(20, patience.Token);
            process.Kill();
            await process.WaitForExitAsync(patience.Token);
            Assert.NotEqual(0, process.ExitCode);
        }
        var sent = _hub.BytesSent;
        var pulled = (await CommandAsync(pull)).Succeeded();
        Assert.Equal(content, File.ReadAllBytes(pulled.Lines.Single()));
        Assert.Equal(content.Length - 3 * Piece, _hub.BytesSent - sent);
        Assert.False(File.Exists(Pieces));

        async Task<bool> EndsWithAsync(string states)
        {
            using var stream = new FileStream(Pieces, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream);
            return (await reader.ReadToEndAsync()).EndsWith(states, StringComparison.Ordinal);
        }
    }

    private string Pieces => Path.Combine(_folder.PathOf("models"), "ada", "Tiny-GGUF", "main", "big-Q4_0.gguf.pieces");

    private (string, string)[] Environment() =>
        [("AYNI_MODELS", _folder.PathOf("models")), ("HF_ENDPOINT", _hub.Address.ToString()), ("HF_TOKEN", "")];

    private Task<CommandResult> CommandAsync(params string[] arguments) => AyniCommand.RunAsync(arguments, "", Environment());
}
