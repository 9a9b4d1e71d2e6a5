using System.Text;
using System.Text.Json;
using Ayni.Ledger;
using Ayni.Tests;

namespace Ayni.Host.Tests;

/// <summary>The header Idempotency-Key: the same answer again, and never a second charge.</summary>
public sealed class IdempotencyTests
{
    private const string Path = "/v1/completions";
    private const string Body = """{"model":"tiny","prompt":"once","max_tokens":12,"n":2,"seed":4}""";

    [Fact]
    public async Task A_whole_answer_is_given_again_byte_for_byte_and_charged_once()
    {
        await using var test = await TestHost.StartAsync();
        using var first = await SendAsync(test, "a", Body);
        using var again = await SendAsync(test, "a", Body);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(first.Headers.GetValues("Ayni-Receipt"), again.Headers.GetValues("Ayni-Receipt"));
        Assert.False(first.Headers.Contains("Idempotent-Replayed"));
        Assert.Equal(["true"], again.Headers.GetValues("Idempotent-Replayed"));
        Assert.Single(test.Books.ListReceipts(new()).Receipts);

        foreach (var spelled in (string[])["/v1/Completions", "/V1/completions/"])
        {
            using var same = await SendAsync(test, "a", Body, spelled);
            Assert.Equal(["true"], same.Headers.GetValues("Idempotent-Replayed"));
        }
        test.Http.DefaultRequestHeaders.Remove("Authorization");
        test.Http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"bearer  {test.Key}");
        using var lower = await SendAsync(test, "a", Body);
        Assert.Equal(["true"], lower.Headers.GetValues("Idempotent-Replayed"));
        Assert.Single(test.Books.ListReceipts(new()).Receipts);

        using var chat = await SendAsync(test, "a", """{"model":"tiny","messages":[{"role":"user","content":"x"}],"max_tokens":3}""", "/v1/chat/completions");
        Assert.Equal(200, (int)chat.StatusCode);
        using var otherBody = await SendAsync(test, "a", Body + " ");
        Assert.Equal(422, (int)otherBody.StatusCode);
        Assert.Equal("idempotency_key_reused", (await otherBody.ErrorAsync()).Code);
        foreach (var name in (string[])["", "a b", new string('x', 256)])
        {
            using var bad = await SendAsync(test, name, Body);
            Assert.Equal(400, (int)bad.StatusCode);
        }
        Assert.Equal(2, test.Books.ListReceipts(new()).Receipts.Count);
    }

    [Fact]
    public async Task A_streamed_answer_is_given_again_as_the_same_stream()
    {
        await using var test = await TestHost.StartAsync();
        var body = Body.Replace("\"n\":2", "\"stream\":true,\"stream_options\":{\"include_usage\":true}", StringComparison.Ordinal);
        using var first = await SendAsync(test, "s", body);
        // Its headers come before its end.
        var events = await first.EventsAsync().ToListAsync();
        using var again = await SendAsync(test, "s", body);
        Assert.Equal("text/event-stream", again.Content.Headers.ContentType!.MediaType);
        Assert.Equal(events, await again.EventsAsync().ToListAsync());
        Assert.Equal("[DONE]", events[^1]);
        Assert.Single(test.Books.ListReceipts(new()).Receipts);
    }

    [Fact]
    public async Task While_it_is_answered_409_and_what_was_posted_of_one_whose_client_left_is_given()
    {
        await using var test = await TestHost.StartAsync(TinyModel.Slow);
        const string Long = """{"model":"tiny","prompt":"a","max_tokens":4000,"stream":true}""";
        using (var running = await SendAsync(test, "l", Long))
        {
            await foreach (var _ in running.EventsAsync().Take(3))
            {
            }
            using var second = await SendAsync(test, "l", Long);
            Assert.Equal(409, (int)second.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(1), second.Headers.RetryAfter!.Delta);
            Assert.Equal("idempotency_in_progress", (await second.ErrorAsync()).Code);
        }
        HttpResponseMessage again;
        while ((int)(again = await SendAsync(test, "l", Long)).StatusCode == 409)
            await Task.Delay(25);
        var events = await again.EventsAsync().ToListAsync();
        var receipt = Assert.Single(test.Books.ListReceipts(new()).Receipts);
        Assert.Equal(Outcome.Cancelled, receipt.Outcome);
        var last = JsonDocument.Parse(events[^2]).RootElement.GetProperty("ayni");
        Assert.Equal(receipt.Id, last.GetProperty("receipt").GetProperty("id").GetString());
        Assert.Equal("client_left", last.GetProperty("cut_short").GetString());
        Assert.True(events.Count > 4);
        again.Dispose();
    }

    [Fact]
    public async Task A_refused_request_may_be_sent_again_and_an_old_one_names_its_receipt()
    {
        var clock = new ManualClock();
        await using var test = await TestHost.StartAsync(clock: clock);
        var customer = Assert.Single(test.Books.ListCustomers());
        await test.Books.SetSpendingLimitAsync(customer.Id, Amount.Zero(customer.Currency));
        using var refused = await SendAsync(test, "r", Body);
        Assert.Equal(402, (int)refused.StatusCode);
        await test.Books.SetSpendingLimitAsync(customer.Id, null);
        using var fine = await SendAsync(test, "r", Body);
        Assert.Equal(200, (int)fine.StatusCode);
        clock.Advance(IdempotentRequest.KeptFor);
        using var old = await SendAsync(test, "r", Body);
        Assert.Equal(409, (int)old.StatusCode);
        var error = await old.ErrorAsync();
        Assert.Equal("idempotency_answer_not_kept", error.Code);
        Assert.Contains(Assert.Single(test.Books.ListReceipts(new()).Receipts).Id, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_that_was_said_can_be_read_in_the_ledgers_files_and_another_key_does_not_open_it()
    {
        await using var test = await TestHost.StartAsync();
        using var first = await SendAsync(test, "my-own-name", Body.Replace("once", "xyzzysecret", StringComparison.Ordinal));
        var text = (await first.JsonAsync()).Text();
        var key = await test.Books.IssueKeyAsync(Assert.Single(test.Books.ListCustomers()).Id, "second");
        test.UseKey(key.Text);
        using var other = await SendAsync(test, "my-own-name", Body.Replace("once", "xyzzysecret", StringComparison.Ordinal));
        Assert.Equal("idempotency_other_api_key", (await other.ErrorAsync()).Code);
        await test.Host.StopAsync();
        foreach (var file in Directory.EnumerateFiles(System.IO.Path.Combine(test.Folder, "data"), "ledger.db*"))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var memory = new MemoryStream();
            await stream.CopyToAsync(memory);
            foreach (var secret in (string[])["xyzzysecret", "my-own-name", text])
                Assert.True(memory.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0, $"'{secret}' is in {file}");
        }
    }

    private static Task<HttpResponseMessage> SendAsync(TestHost test, string name, string body, string path = Path)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", name);
        return test.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
