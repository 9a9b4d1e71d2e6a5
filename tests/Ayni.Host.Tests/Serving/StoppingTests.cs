using System.Text.Json;
using Ayni.Ledger;
using Ayni.Tests;

namespace Ayni.Host.Tests;

/// <summary>A host that stops lets answers finish, cuts them short after a while, and records every one.</summary>
public sealed class StoppingTests
{
    [Fact]
    public async Task A_running_stream_finishes_while_new_requests_get_503()
    {
        await using var test = await TestHost.StartAsync(TinyModel.Slow);
        using var response = await test.OpenStreamAsync(
            "/v1/completions", """{"model":"tiny","prompt":"a","max_tokens":300,"stream":true}""");
        var stopping = test.Host.StopAsync();
        using (var late = await test.PostAsync("/v1/completions", """{"model":"tiny","prompt":"a"}"""))
        {
            Assert.Equal(503, (int)late.StatusCode);
            Assert.Equal("server_stopping", (await late.ErrorAsync()).Code);
        }

        var events = await response.EventsAsync().ToListAsync();
        await stopping;
        Assert.Equal("[DONE]", events[^1]);
        var receipt = Assert.Single(test.Books.ListReceipts(new()).Receipts);
        Assert.Equal(300, receipt.Counts.Generated);
        Assert.Equal(Outcome.Completed, receipt.Outcome);
        await Assert.ThrowsAsync<HttpRequestException>(() => test.Http.GetAsync("/healthz"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_the_drain_limit_answers_end_where_they_are_with_a_receipt(bool stream)
    {
        await using var test = await TestHost.StartAsync(
            TinyModel.Slow, options => options with { DrainLimit = TimeSpan.FromMilliseconds(100) });
        var body = $$"""{"model":"tiny","prompt":"a","max_tokens":4000,"stream":{{(stream ? "true" : "false")}}}""";
        var asked = test.OpenStreamAsync("/v1/completions", body);
        // Under way, however long that takes here; a request that was cut short before would have nothing to answer with.
        while (test.Host.Engine!.Counters.GeneratedTokens == 0)
            await Task.Delay(5);
        await test.Host.StopAsync();
        using var response = await asked;
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal(stream, text.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal));
        var last = stream ? text.Split("\n\n")[^3]["data: ".Length..] : text;
        var answer = JsonDocument.Parse(last).RootElement;
        Assert.Equal("length", answer.FinishReason());
        Assert.Equal("server_stopping", answer.GetProperty("ayni").GetProperty("cut_short").GetString());

        var receipt = Assert.Single(test.Books.ListReceipts(new()).Receipts);
        Assert.Equal(answer.GetProperty("ayni").GetProperty("receipt").GetProperty("id").GetString(), receipt.Id);
        Assert.Equal(Outcome.Cancelled, receipt.Outcome);
        Assert.InRange(receipt.Counts.Generated, 1, 3999);
    }

    [Fact]
    public async Task Stopping_twice_is_stopping_once()
    {
        await using var test = await TestHost.StartAsync();
        await Task.WhenAll(test.Host.StopAsync(), test.Host.StopAsync());
        await test.Host.StopAsync();
    }
}
