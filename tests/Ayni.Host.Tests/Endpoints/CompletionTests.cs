using System.Text.Json;

namespace Ayni.Host.Tests;

/// <summary>The shapes of answers, whole and streamed, of both completion endpoints.</summary>
public sealed class CompletionTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private const string Chat = """{"model":"tiny","messages":[{"role":"user","content":"Hello"}],"max_tokens":5,"seed":1""";
    private const string Text = """{"model":"tiny","prompt":"once upon","max_tokens":5,"seed":1""";

    private readonly TestHost _test = fixture.Test;

    [Fact]
    public async Task A_whole_chat_answer_has_every_field_and_its_receipt()
    {
        using var response = await _test.PostAsync("/v1/chat/completions", Chat + "}");
        Assert.Equal(200, (int)response.StatusCode);
        var answer = await response.JsonAsync();
        Assert.Equal(
            ["id", "object", "created", "model", "system_fingerprint", "choices", "usage", "ayni"],
            answer.EnumerateObject().Select(field => field.Name));
        Assert.Equal("chat.completion", answer.GetProperty("object").GetString());
        var choice = Assert.Single(answer.GetProperty("choices").EnumerateArray());
        Assert.Equal(["index", "message", "logprobs", "finish_reason"], choice.EnumerateObject().Select(field => field.Name));
        Assert.Equal("assistant", choice.GetProperty("message").GetProperty("role").GetString());
        Assert.Equal("length", choice.GetProperty("finish_reason").GetString());

        var receipt = answer.GetProperty("ayni").GetProperty("receipt");
        Assert.Equal(receipt.GetProperty("id").GetString(), response.Headers.GetValues("Ayni-Receipt").Single());
        Assert.Equal(receipt.GetProperty("request_id").GetString(), response.Headers.GetValues("Ayni-Request-Id").Single());
        Assert.Equal(response.Headers.GetValues("X-Request-Id"), response.Headers.GetValues("Ayni-Request-Id"));
        Assert.Equal("USD", receipt.GetProperty("currency").GetString());
        Assert.NotNull(_test.Books.FindReceipt(receipt.GetProperty("id").GetString()!));
    }

    [Fact]
    public async Task A_whole_text_answer_has_text()
    {
        var answer = await (await _test.PostAsync("/v1/completions", Text + "}")).JsonAsync();
        Assert.StartsWith("cmpl-", answer.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("text_completion", answer.GetProperty("object").GetString());
        var choice = Assert.Single(answer.GetProperty("choices").EnumerateArray());
        Assert.Equal(["index", "text", "logprobs", "finish_reason"], choice.EnumerateObject().Select(field => field.Name));
        Assert.NotEmpty(choice.GetProperty("text").GetString()!);
        // "▁once▁upon" is ten letters of the vocabulary, after the token that opens a text.
        Assert.Equal(11, answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(5, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal(0, answer.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
    }

    [Fact]
    public async Task Token_ids_are_continued_exactly_as_they_are()
    {
        var body = """{"model":"tiny","prompt":[1,260,261],"max_tokens":6,"temperature":0}""";
        var first = await (await _test.PostAsync("/v1/completions", body)).JsonAsync();
        var second = await (await _test.PostAsync("/v1/completions", body)).JsonAsync();
        Assert.Equal(3, first.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(first.Text(), second.Text());
    }

    [Fact]
    public async Task A_request_without_a_limit_gets_the_hosts()
    {
        await using var test = await TestHost.StartAsync(configure: options => options with { DefaultMaxTokens = 9 });
        var answer = await (await test.PostAsync("/v1/completions", """{"model":"tiny","prompt":"a"}""")).JsonAsync();
        Assert.Equal(9, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task An_answer_ends_where_the_context_does()
    {
        await using var test = await TestHost.StartAsync(configure: options => options with { Engine = new() { ContextLength = 64 } });
        var body = """{"model":"tiny","prompt":[1,260],"max_tokens":1000000}""";
        var answer = await (await test.PostAsync("/v1/completions", body)).JsonAsync();
        Assert.Equal("length", answer.FinishReason());
        Assert.InRange(answer.GetProperty("usage").GetProperty("total_tokens").GetInt32(), 60, 64);
    }

    [Fact]
    public async Task A_streamed_chat_answer_opens_with_the_role_and_ends_with_reason_receipt_and_DONE()
    {
        using var response = await _test.OpenStreamAsync("/v1/chat/completions", Chat + ""","stream":true}""");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.CacheControl?.NoCache);
        var events = await response.EventsAsync().ToListAsync();
        Assert.Equal("[DONE]", events[^1]);
        var chunks = events[..^1].ConvertAll(data => JsonDocument.Parse(data).RootElement);
        Assert.All(chunks, chunk =>
        {
            Assert.Equal("chat.completion.chunk", chunk.GetProperty("object").GetString());
            Assert.Equal(chunks[0].GetProperty("id").GetString(), chunk.GetProperty("id").GetString());
            Assert.False(chunk.TryGetProperty("usage", out _));
        });
        Assert.Equal("""{"role":"assistant","content":""}""", Delta(chunks[0]));
        Assert.All(chunks[1..^1], chunk => Assert.StartsWith("""{"content":""", Delta(chunk), StringComparison.Ordinal));
        Assert.All(chunks[..^1], chunk => Assert.Null(chunk.FinishReason()));
        Assert.All(chunks[..^1], chunk => Assert.False(chunk.TryGetProperty("ayni", out _)));
        Assert.Equal("{}", Delta(chunks[^1]));
        Assert.Equal("length", chunks[^1].FinishReason());
        Assert.NotNull(_test.Books.FindReceipt(chunks[^1].GetProperty("ayni").GetProperty("receipt").GetProperty("id").GetString()!));

        static string Delta(JsonElement chunk) => chunk.GetProperty("choices")[0].GetProperty("delta").GetRawText();
    }

    [Theory]
    [InlineData("/v1/chat/completions", Chat)]
    [InlineData("/v1/completions", Text)]
    public async Task A_stream_that_includes_usage_says_null_until_its_last_chunk(string path, string body)
    {
        using var response = await _test.OpenStreamAsync(path, body + ""","stream":true,"stream_options":{"include_usage":true}}""");
        var events = await response.EventsAsync().ToListAsync();
        var chunks = events[..^1].ConvertAll(data => JsonDocument.Parse(data).RootElement);
        Assert.All(chunks[..^1], chunk => Assert.Equal(JsonValueKind.Null, chunk.GetProperty("usage").ValueKind));
        Assert.All(chunks[..^1], chunk => Assert.Equal(1, chunk.GetProperty("choices").GetArrayLength()));
        Assert.Equal(0, chunks[^1].GetProperty("choices").GetArrayLength());
        Assert.Equal(5, chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.True(chunks[^1].GetProperty("ayni").TryGetProperty("receipt", out _));
        Assert.False(chunks[^2].TryGetProperty("ayni", out _));
        Assert.Equal("length", chunks[^2].FinishReason());
    }

    [Fact]
    public async Task Streamed_and_whole_text_are_the_same()
    {
        var whole = await (await _test.PostAsync("/v1/completions", Text + "}")).JsonAsync();
        using var response = await _test.OpenStreamAsync("/v1/completions", Text + ""","stream":true}""");
        var streamed = "";
        await foreach (var data in response.EventsAsync())
            streamed += data == "[DONE]" ? "" : JsonDocument.Parse(data).RootElement.Text();
        Assert.Equal(whole.Text(), streamed);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/vnd.api+json")]
    [InlineData(null)]
    public async Task A_body_may_say_that_it_is_JSON_or_nothing(string? type)
    {
        using var content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(Text + "}"));
        if (type is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var response = await _test.Http.PostAsync("/v1/completions", content);
        Assert.Equal(200, (int)response.StatusCode);
    }

    [Fact]
    public async Task Health_is_told_without_a_key()
    {
        using var http = new HttpClient { BaseAddress = _test.Host.Address };
        using var response = await http.GetAsync("/healthz");
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("""{"status":"ok"}""", await response.Content.ReadAsStringAsync());
    }
}
