using System.Text.Json;
using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary>How a host starts, starts again, refuses to start, and ends.</summary>
public sealed class ServeLifeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_key_outlives_a_restart_and_only_a_first_start_or_a_wish_shows_one()
    {
        var model = _folder.Write(new TinyModel());
        var data = _folder.PathOf("data");
        string key;
        await using (var first = await HostProcess.StartAsync(model, data))
        {
            key = first.Key!;
            await first.SignalAsync("INT");
            Assert.Equal(0, await first.WaitAsync());
        }

        await using var second = await HostProcess.StartAsync(model, data);
        Assert.Null(second.Key);
        Assert.Equal("tiny", second.Model);
        await AskAsync(second, key);

        // A second host may join on the same ledger.
        await using var third = await HostProcess.StartAsync(model, data, "--new-key");
        Assert.NotNull(third.Key);
        Assert.NotEqual(key, third.Key);
        await AskAsync(third, third.Key!);
        await AskAsync(second, third.Key!);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_signal_lets_a_running_answer_finish(string signal)
    {
        const int Tokens = 250;
        await using var host = await HostProcess.StartAsync(_folder.Write(TinyModel.Slow), _folder.PathOf("data"));
        using var client = host.Client(host.Key!);
        using var question = host.Question(Tokens, stream: true);
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/chat/completions") { Content = question };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.StartsWith("data: ", await reader.ReadLineAsync(), StringComparison.Ordinal);

        await host.SignalAsync(signal);
        var rest = await reader.ReadToEndAsync();

        var events = rest.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", events[^1]);
        var last = JsonSerializer.Deserialize<JsonElement>(events[^2]["data: ".Length..]);
        Assert.Equal("length", last.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.False(last.GetProperty("ayni").TryGetProperty("cut_short", out _));
        Assert.Equal(0, await host.WaitAsync());
        var receipts = (await AyniCommand.RunAsync("ledger", "receipts", "--json", "--data", _folder.PathOf("data"))).Succeeded().Json;
        var receipt = Assert.Single(receipts.EnumerateArray());
        Assert.Equal(Tokens, receipt.GetProperty("counts").GetProperty("generated").GetInt32());
    }

    [Fact]
    public async Task An_answer_that_takes_longer_than_the_drain_ends_where_it_is_and_is_recorded()
    {
        await using var host = await HostProcess.StartAsync(_folder.Write(TinyModel.Slow), _folder.PathOf("data"), "--drain", "0");
        using var client = host.Client(host.Key!);
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/chat/completions") { Content = host.Question(4000, stream: true) };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        await reader.ReadLineAsync();

        await host.SignalAsync("TERM");
        var events = (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("data: [DONE]", events[^1]);
        var extension = JsonSerializer.Deserialize<JsonElement>(events[^2]["data: ".Length..]).GetProperty("ayni");
        Assert.Equal("server_stopping", extension.GetProperty("cut_short").GetString());
        Assert.Equal(0, await host.WaitAsync());
        var receipts = (await AyniCommand.RunAsync("ledger", "receipts", "--json", "--data", _folder.PathOf("data"))).Succeeded().Json;
        var receipt = Assert.Single(receipts.EnumerateArray());
        Assert.Equal(extension.GetProperty("receipt").GetProperty("id").GetString(), receipt.GetProperty("id").GetString());
        Assert.Equal("cancelled", receipt.GetProperty("outcome").GetString(), ignoreCase: true);
    }

    [Fact]
    public async Task A_second_signal_waits_for_nobody()
    {
        await using var host = await HostProcess.StartAsync(_folder.Write(TinyModel.Slow), _folder.PathOf("data"), "--drain", "3600");
        using var client = host.Client(host.Key!);
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/chat/completions") { Content = host.Question(4000, stream: true) };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        await host.SignalAsync("TERM");
        while (!host.Log.Contains("Stopping", StringComparison.Ordinal))
            await Task.Delay(10);
        await host.SignalAsync("TERM");
        Assert.NotEqual(0, await host.WaitAsync());
    }

    [Fact]
    public async Task A_first_start_tells_people_what_to_do()
    {
        var model = _folder.Write(new TinyModel());
        using var process = AyniCommand.Start(["serve", "--model", model, "--data", _folder.PathOf("data"), "--port", "0"]);
        try
        {
            var lines = new List<string>();
            while (await process.StandardOutput.ReadLineAsync() is { } line && !line.StartsWith("Ctrl-C", StringComparison.Ordinal))
                lines.Add(line);
            var key = Assert.Single(lines, line => line.StartsWith("API key: ayni_", StringComparison.Ordinal))["API key: ".Length..];
            var curl = Assert.Single(lines, line => line.StartsWith("curl http://127.0.0.1:", StringComparison.Ordinal));
            Assert.Contains($"Bearer {key}", curl, StringComparison.Ordinal);
            Assert.Contains("\"model\":\"tiny\"", curl, StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_is_one_sentence()
    {
        var model = _folder.Write(new TinyModel());
        var file = _folder.Write("file", "not a folder");
        (await AyniCommand.RunAsync("serve", "--model", model, "--data", file, "--port", "0")).Failed("--data");

        Directory.CreateDirectory(_folder.PathOf("data"));
        _folder.Write("data/ledger.db", new string('x', 5000));
        (await AyniCommand.RunAsync("serve", "--model", model, "--data", _folder.PathOf("data"), "--port", "0")).Failed("ledger.db");
    }

    [Fact]
    public async Task A_bad_model_file_is_one_sentence()
    {
        var model = _folder.Write("bad.gguf", "GGUF, it says, and no more");
        (await AyniCommand.RunAsync("serve", "--model", model, "--data", _folder.PathOf("data"), "--port", "0")).Failed("bad.gguf");
    }

    private static async Task AskAsync(HostProcess host, string key)
    {
        using var client = host.Client(key);
        using var answer = await client.PostAsync("v1/chat/completions", host.Question(2));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
