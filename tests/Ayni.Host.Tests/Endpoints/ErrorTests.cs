using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Ayni.Host.Tests;

/// <summary>Every refusal: its status, and the words by which a client's program tells them apart.</summary>
public sealed class ErrorTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private const string Chat = "/v1/chat/completions";
    private const string Good = """{"model":"tiny","messages":[{"role":"user","content":"Hello"}],"max_tokens":2}""";

    private readonly TestHost _test = fixture.Test;

    [Theory]
    [InlineData("POST", Chat, """{"model":"nope","messages":[{"role":"user","content":"x"}]}""", 404, "model", "model_not_found")]
    [InlineData("POST", "/v1/completions", """{"model":"nope","prompt":"x"}""", 404, "model", "model_not_found")]
    [InlineData("GET", "/v1/models/nope", null, 404, "model", "model_not_found")]
    [InlineData("GET", "/v1/models/meta-llama/nope", null, 404, "model", "model_not_found")]
    [InlineData("POST", Chat, """{"model":"tiny","messages":[""", 400, null, "invalid_json")]
    [InlineData("POST", Chat, "", 400, null, "invalid_json")]
    [InlineData("POST", Chat, """{"model":"tiny","messages":[{"role":"user","content":"x"}],"n":17}""", 400, "n", null)]
    [InlineData("POST", Chat, """{"model":"tiny","messages":[{"role":"user","content":"x"}],"temperature":3}""", 400, "temperature", null)]
    [InlineData("POST", Chat, """{"model":"tiny","messages":[{"role":"assistant","content":"x"}]}""", 400, "messages[0]", null)]
    [InlineData("POST", "/v1/completions", """{"model":"tiny","prompt":[1,999999]}""", 400, "prompt", null)]
    [InlineData("GET", "/v1/nothing", null, 404, null, "unknown_url")]
    [InlineData("GET", "/", null, 404, null, "unknown_url")]
    [InlineData("GET", "/v1/chat/completions", null, 405, null, "method_not_allowed")]
    [InlineData("DELETE", "/v1/models", null, 405, null, "method_not_allowed")]
    [InlineData("GET", "/api/receipts/req_nothing", null, 404, null, "receipt_not_found")]
    public async Task A_bad_request_gets_its_status_param_and_code(
        string method, string path, string? body, int status, string? param, string? code)
    {
        using var request = new HttpRequestMessage(new(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _test.Http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        var error = await response.ErrorAsync();
        Assert.Equal("invalid_request_error", error.Type);
        Assert.Equal(param, error.Param);
        Assert.Equal(code, error.Code);
        Assert.NotEmpty(response.Headers.GetValues("Ayni-Request-Id"));
    }

    [Theory]
    [InlineData("application/json", null, 200)]
    [InlineData("application/json; charset=\"UTF-8\"", null, 200)]
    [InlineData("application/json", "identity", 200)]
    [InlineData("application/json; charset=utf-16", null, 415)]
    [InlineData("text/plain", null, 415)]
    [InlineData("application/json", "gzip", 415)]
    [InlineData("application/json", "identity, gzip", 415)]
    public async Task A_body_is_read_in_one_form(string type, string? coding, int status)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Good));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (coding is not null)
            content.Headers.TryAddWithoutValidation("Content-Encoding", coding);
        using var response = await _test.Http.PostAsync(new Uri(Chat, UriKind.Relative), content);
        Assert.Equal(status, (int)response.StatusCode);
        if (status == 415)
            Assert.Equal("unsupported_media_type", (await response.ErrorAsync()).Code);
    }

    [Theory]
    [InlineData("/healthz", 200)]
    [InlineData("/v1/models", 200)]
    [InlineData("/api/customers", 200)]
    [InlineData("/v1/completions", 405)]
    [InlineData("/nothing", 404)]
    public async Task Whatever_can_be_asked_for_can_be_asked_about(string path, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using var response = await _test.Http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("GET", "/v1/models", null)]
    [InlineData("GET", "/v1/models", "Bearer")]
    [InlineData("GET", "/v1/models", "Bearer ")]
    [InlineData("GET", "/v1/models", "Bearer sk-123")]
    [InlineData("GET", "/v1/models", "Bearer ayni_key_0")]
    [InlineData("GET", "/v1/models", "Basic YTpi")]
    [InlineData("GET", "/v1/models/tiny", null)]
    [InlineData("POST", Chat, null)]
    [InlineData("POST", "/v1/completions", "Bearer ayni_x_y")]
    [InlineData("GET", "/api/receipts/req_x", null)]
    public async Task Without_a_valid_key_there_is_401(string method, string path, string? authorization)
    {
        using var http = new HttpClient { BaseAddress = _test.Host.Address };
        using var request = new HttpRequestMessage(new(method), path);
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var response = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
        Assert.Equal("invalid_api_key", (await response.ErrorAsync()).Code);
    }

    [Fact]
    public async Task A_prompt_longer_than_the_context_is_told_so()
    {
        var body = $$"""{"model":"tiny","messages":[{"role":"user","content":"{{new string('a', 3000)}}"}]}""";
        using var response = await _test.PostAsync("/v1/chat/completions", body);
        Assert.Equal(400, (int)response.StatusCode);
        var error = await response.ErrorAsync();
        Assert.Equal(("context_length_exceeded", "messages"), (error.Code, error.Param));

        using var text = await _test.PostAsync("/v1/completions", $$"""{"model":"tiny","prompt":"{{new string('a', 3000)}}"}""");
        Assert.Equal("prompt", (await text.ErrorAsync()).Param);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_the_limit_gets_413_also_without_a_length(bool chunked)
    {
        await using var test = await TestHost.StartAsync(configure: options => options with { BodyLimitBytes = 10_000 });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Body(20_000_000) };
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await test.Http.SendAsync(request);
        Assert.Equal(413, (int)response.StatusCode);
        Assert.Equal("request_too_large", (await response.ErrorAsync()).Code);

        using var fitting = await test.PostAsync("/v1/chat/completions", Good);
        Assert.Equal(200, (int)fitting.StatusCode);

        static ByteArrayContent Body(int bytes)
        {
            var content = new ByteArrayContent(new byte[bytes]);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            return content;
        }
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("nonsense")]
    public async Task A_body_of_another_type_gets_415(string type)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Good));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var response = await _test.Http.PostAsync("/v1/chat/completions", content);
        Assert.Equal(415, (int)response.StatusCode);
        Assert.Equal("unsupported_media_type", (await response.ErrorAsync()).Code);
    }

    [Fact]
    public async Task Malformed_bodies_leave_the_server_serving()
    {
        var valid = Encoding.UTF8.GetBytes("""
            {"model":"tiny","messages":[{"role":"user","content":"Hello"}],"max_tokens":1,"stop":["x"],"temperature":0.5,
             "stream":false,"prompt":"a"}
            """);
        var random = new Random(815);
        for (var round = 0; round < 400; round++)
        {
            using var response = await _test.PostAsync(round % 2 == 0 ? Chat : "/v1/completions", Mutation.Of(valid, random));
            Assert.Contains((int)response.StatusCode, (int[])[200, 400, 404]);
            if (response.StatusCode != HttpStatusCode.OK && response.Content.Headers.ContentType?.MediaType == "application/json")
                await response.ErrorAsync();
        }

        using var good = await _test.PostAsync("/v1/chat/completions", Good);
        Assert.Equal(200, (int)good.StatusCode);
    }
}
