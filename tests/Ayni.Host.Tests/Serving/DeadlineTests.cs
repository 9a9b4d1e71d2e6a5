using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Ayni.Ledger;
using Ayni.Tests;

namespace Ayni.Host.Tests;

/// <summary>A request ends when its time is up, wherever it is, and pays for what it got.</summary>
public sealed class DeadlineTests
{
    private const string Path = "/v1/completions";

    private readonly ManualClock _clock = new();

    [Theory]
    [InlineData(true, null, 600)]
    [InlineData(false, null, 600)]
    [InlineData(true, "2.5", 2.5)]
    [InlineData(false, "2.5", 2.5)]
    [InlineData(false, "86400", 600)]
    public async Task A_running_answer_ends_where_it_is_and_is_paid_for(bool stream, string? timeout, double seconds)
    {
        await using var test = await StartAsync();
        var asked = test.OpenStreamAsync(Path, Body(stream, timeout));
        await UntilAsync(() => test.Host.Engine!.Counters.GeneratedTokens > 0);
        _clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
        var before = test.Host.Engine!.Counters.GeneratedTokens;
        await UntilAsync(() => test.Host.Engine.Counters.GeneratedTokens > before + 2);
        Assert.Equal(1, test.Host.Engine.RunningCount);
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        using var response = await asked;
        Assert.Equal(200, (int)response.StatusCode);
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal(stream, text.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal));
        var answer = JsonDocument.Parse(stream ? text.Split("\n\n")[^3]["data: ".Length..] : text).RootElement;
        Assert.Equal("length", answer.FinishReason());
        Assert.Equal("timeout", answer.GetProperty("ayni").GetProperty("cut_short").GetString());
        var receipt = Assert.Single(test.Books.ListReceipts(new()).Receipts);
        Assert.Equal(Outcome.Cancelled, receipt.Outcome);
        Assert.InRange(receipt.Counts.Generated, 1, 3999);
        AssertNothingIsLeft(test);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_waiting_request_is_answered_while_others_go_on(bool stream)
    {
        await using var test = await StartAsync(options => options with { Engine = options.Engine with { MaxSequences = 1 } });
        using var running = await test.OpenStreamAsync(Path, Body(stream: true, null));
        var waiting = test.OpenStreamAsync(Path, Body(stream, "5"));
        await UntilAsync(() => test.Host.Engine!.QueuedCount == 1);
        _clock.Advance(TimeSpan.FromSeconds(5));

        using var response = await waiting;
        Assert.Equal(504, (int)response.StatusCode);
        var error = await response.ErrorAsync();
        Assert.Equal(("server_error", "timeout"), (error.Type, error.Code));
        Assert.Contains("5 s", error.Message, StringComparison.Ordinal);
        Assert.Contains("Nothing was charged", error.Message, StringComparison.Ordinal);
        Assert.Empty(test.Books.ListReceipts(new()).Receipts);
        Assert.Equal((0, 1), (test.Host.Engine!.QueuedCount, test.Host.Engine.RunningCount));
        Assert.True(await running.EventsAsync().AnyAsync());
    }

    [Fact]
    public async Task A_prompt_computed_in_vain_is_charged_and_the_error_says_so()
    {
        await using var test = await StartAsync(
            options => options with { Engine = options.Engine with { StepTokens = 4, MaxSequences = 1 } });
        var body = $$"""{"model":"tiny","prompt":[{{string.Join(',', Enumerable.Repeat(260, 3900))}}],"timeout":5}""";
        var asked = test.PostAsync(Path, body);
        while (test.Host.Engine!.Counters.Steps == 0)
            await Task.Yield();
        _clock.Advance(TimeSpan.FromSeconds(5));

        using var response = await asked;
        Assert.Equal(504, (int)response.StatusCode);
        var receipt = Assert.Single(test.Books.ListReceipts(new()).Receipts);
        Assert.Equal((Outcome.Cancelled, 0), (receipt.Outcome, receipt.Counts.Generated));
        Assert.InRange(receipt.Counts.Prompt, 1, 3899);
        Assert.Equal(receipt.Id, response.Headers.GetValues("Ayni-Receipt").Single());
        Assert.Contains(receipt.Id, (await response.ErrorAsync()).Message, StringComparison.Ordinal);
        AssertNothingIsLeft(test);
    }

    [Fact]
    public async Task A_body_that_does_not_arrive_gets_408()
    {
        await using var test = await StartAsync();
        var timers = _clock.TimerCount;
        using var client = new TcpClient();
        await client.ConnectAsync(test.Host.Address.Host, test.Host.Address.Port);
        await using var stream = client.GetStream();
        var head = $"POST {Path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {test.Key}\r\nContent-Length: 99\r\n\r\n{{";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
        await UntilAsync(() => _clock.TimerCount > timers);
        _clock.Advance(TimeSpan.FromSeconds(600));
        using var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 408 Request Timeout", await reader.ReadLineAsync());
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("\"5\"")]
    [InlineData("86401")]
    [InlineData("1e999")]
    public async Task A_time_limit_that_is_none_is_refused(string timeout)
    {
        await using var test = await StartAsync();
        using var response = await test.PostAsync(Path, Body(stream: false, timeout));
        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal("timeout", (await response.ErrorAsync()).Param);
    }

    private static string Body(bool stream, string? timeout) =>
        $$"""{"model":"tiny","prompt":"a","max_tokens":4000,"stream":{{(stream ? "true" : "false")}},"timeout":{{timeout ?? "null"}}}""";

    private Task<TestHost> StartAsync(Func<HostOptions, HostOptions>? configure = null) =>
        TestHost.StartAsync(TinyModel.Slow, configure, clock: _clock);

    private static void AssertNothingIsLeft(TestHost test)
    {
        var engine = test.Host.Engine!;
        Assert.Equal((0, 0), (engine.QueuedCount, engine.RunningCount));
        Assert.Equal(engine.CacheBlocks.All, engine.CacheBlocks.Free);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(2);
    }
}
