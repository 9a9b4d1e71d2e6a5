using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Chat;

namespace Ayni.Host.Tests;

/// <summary>A client verifies its receipts unasked, against a real host and against one that cheats.</summary>
public sealed class ReceiptHandlerTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private const string Whole = """{"model":"tiny","prompt":"a","max_tokens":3}""";
    private const string Streamed = """{"model":"tiny","prompt":"a","max_tokens":3,"stream":true,"stream_options":{"include_usage":true}}""";

    private readonly TestHost _test = fixture.Test;

    [Fact]
    public async Task OpenAIs_client_has_every_answer_verified()
    {
        var (kept, key) = (new List<VerifiedReceipt>(), await KeyAsync());
        using var handler = new ReceiptHandler(_test.Books.LogKey) { Verified = kept.Add };
        using var http = new HttpClient(handler);
        using var transport = new HttpClientPipelineTransport(http);
        var client = new ChatClient(TestHost.ModelName, new ApiKeyCredential(key), new OpenAIClientOptions
        {
            Endpoint = new Uri(_test.Host.Address, "v1"),
            Transport = transport,
        });
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 5 };
        Assert.Equal(5, (await client.CompleteChatAsync([new UserChatMessage("Hello")], options)).Value.Usage.OutputTokenCount);
        Assert.Equal(5, client.CompleteChat([new UserChatMessage("Hello")], options).Value.Usage.OutputTokenCount);
        var text = "";
        await foreach (var update in client.CompleteChatStreamingAsync([new UserChatMessage("Hello")], options))
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
        foreach (var update in client.CompleteChatStreaming([new UserChatMessage("Hello")], options))
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
        Assert.NotEmpty(text);
        Assert.Equal([1L, 2, 3, 4], kept.Select(receipt => receipt.Receipt.KeyNumber));
        Assert.All(kept, receipt => Assert.Equal(5, receipt.Receipt.Counts.Generated));
        // What is kept is what 'ayni verify' reads.
        Assert.All(kept, receipt => ReceiptVerifier.Verify(receipt.Json, _test.Books.LogKey));
        Assert.Empty(handler.Chain.Missing);
    }

    [Theory]
    [InlineData(Whole)]
    [InlineData(Streamed)]
    public async Task An_answer_is_passed_on_as_it_is(string body)
    {
        var kept = new List<VerifiedReceipt>();
        using var client = Client(await KeyAsync(), new ReceiptHandler(_test.Books.LogKey) { Verified = kept.Add });
        using var response = await PostAsync(client, body);
        using var direct = await _test.PostAsync("/v1/completions", body);
        Assert.Equal(direct.Content.Headers.ContentType, response.Content.Headers.ContentType);
        var (text, other) = (await response.Content.ReadAsStringAsync(), await direct.Content.ReadAsStringAsync());
        Assert.Equal(other.Length, text.Length);
        Assert.Equal(other.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal), text.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal));
        Assert.Single(kept);
    }

    [Theory]
    [InlineData(ProofCheck.View, "the charge of the receipt", "receipt")]
    [InlineData(ProofCheck.Signature, "the signature", "receipt")]
    [InlineData(ProofCheck.Path, "the bytes that were signed", "receipt")]
    [InlineData(ProofCheck.Signature, "no signature", "receipt")]
    [InlineData(ProofCheck.Format, "no receipt at all", "receipt")]
    [InlineData(ProofCheck.View, "the tokens of the answer", "answer")]
    [InlineData(ProofCheck.View, "the model of the answer", "answer")]
    [InlineData(ProofCheck.View, "the charge of the answer", "answer")]
    [InlineData(ProofCheck.View, "the answer's id", "answer")]
    [InlineData(ProofCheck.Inclusion, "no receipt in the answer", "answer")]
    public async Task What_a_host_forges_is_refused_whole_and_streamed(ProofCheck check, string what, string where)
    {
        // A signature that never comes is waited for.
        var patience = TimeSpan.FromSeconds(what == "no signature" ? 1 : 30);
        foreach (var body in new[] { Whole, Streamed })
        {
            var prefix = where == "receipt" ? "/api/" : "/v1/";
            using var cheating = new Cheating(path => path.StartsWith(prefix, StringComparison.Ordinal), Forge);
            var handler = new ReceiptHandler(_test.Books.LogKey, cheating) { Patience = patience };
            using var client = Client(await KeyAsync(), handler);
            Assert.Equal(check, (await Assert.ThrowsAsync<ProofException>(() => ReadAsync(client, body))).Check);

            // The same is reported instead, and the answer read.
            var problems = new List<ProofException>();
            using var again = new Cheating(cheating.Cheats, Forge);
            handler = new ReceiptHandler(_test.Books.LogKey, again) { Patience = patience, Problem = problems.Add };
            using var told = Client(await KeyAsync(), handler);
            Assert.NotEmpty(await ReadAsync(told, body));
            await handler.WhenVerifiedAsync();
            Assert.Equal(check, Assert.Single(problems).Check);
        }

        string Forge(string text) => what switch
        {
            "the charge of the receipt" => Change(text, json => json["charge"] = "0.000000000001"),
            "the signature" => Change(text, json => json["proof"]!["signature"] = Convert.ToBase64String(new byte[64])),
            "the bytes that were signed" => Resign(text),
            "no signature" => Change(text, json => json.Remove("proof")),
            "no receipt at all" => "[]",
            "the tokens of the answer" => Replace(text, "\"completion_tokens\":3", "\"completion_tokens\":2"),
            "the model of the answer" => Replace(text, "\"model\":\"tiny\"", "\"model\":\"huge\""),
            "the charge of the answer" => Replace(text, "\"charge\":\"0.", "\"charge\":\"1."),
            "the answer's id" => Replace(text, "\"id\":\"cmpl-", "\"id\":\"cmpl-0"),
            "no receipt in the answer" => text.Replace("\"ayni\"", "\"inya\"", StringComparison.Ordinal),
            _ => throw new ArgumentOutOfRangeException(nameof(what)),
        };
    }

    [Fact]
    public async Task Another_hosts_key_and_another_keys_receipt_are_refused()
    {
        var other = SigningKeyName();
        using var stranger = Client(await KeyAsync(), new ReceiptHandler(other));
        Assert.Equal(ProofCheck.Certificate, (await Assert.ThrowsAsync<ProofException>(() => ReadAsync(stranger, Whole))).Check);

        // One receipt for the answers of two customers: the second is shown the first one's.
        string? first = null;
        var (one, two) = (await KeyAsync(), await KeyAsync());
        using var client = Client(one, new ReceiptHandler(_test.Books.LogKey) { Verified = receipt => first = Encoding.UTF8.GetString(receipt.Json.Span) });
        await ReadAsync(client, Whole);
        using var cheating = new Cheating(path => path.StartsWith("/api/", StringComparison.Ordinal), _ => first!);
        using var cheated = Client(two, new ReceiptHandler(_test.Books.LogKey, cheating));
        Assert.Equal(ProofCheck.View, (await Assert.ThrowsAsync<ProofException>(() => ReadAsync(cheated, Whole))).Check);
    }

    [Fact]
    public async Task Another_model_than_was_asked_is_refused_whatever_the_answer_says()
    {
        // The host takes the request for one of a model that it has.
        using var cheating = new Cheating(_ => false, text => text) { Asks = text => text.Replace("huge", "tiny", StringComparison.Ordinal) };
        using var client = Client(await KeyAsync(), new ReceiptHandler(_test.Books.LogKey, cheating));
        var refusal = await Assert.ThrowsAsync<ProofException>(() => ReadAsync(client, Whole.Replace("tiny", "huge", StringComparison.Ordinal)));
        Assert.Contains("'huge' was asked", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_gap_in_the_keys_numbers_is_closed_by_the_host_or_refused(bool hides)
    {
        var (key, kept) = (await KeyAsync(), new List<VerifiedReceipt>());
        using var cheating = new Cheating(path => hides && path == "/api/receipts", text => Change(text, json => json["data"] = new JsonArray()));
        var handler = new ReceiptHandler(_test.Books.LogKey, cheating) { Verified = kept.Add };
        using var client = Client(key, handler);
        await ReadAsync(client, Whole);
        // Two uses of the key elsewhere.
        using var elsewhere = new HttpClient { BaseAddress = _test.Host.Address };
        elsewhere.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        for (var i = 0; i < 2; i++)
            await ReadAsync(elsewhere, Whole);
        if (hides)
        {
            Assert.Equal(ProofCheck.KeyNumbers, (await Assert.ThrowsAsync<ProofException>(() => ReadAsync(client, Whole))).Check);
            var missing = Assert.Single(handler.Chain.Missing);
            Assert.Equal((2L, 3L), (missing.First, missing.Last));
        }
        else
        {
            await ReadAsync(client, Streamed);
            Assert.Equal([1L, 4, 2, 3], kept.Select(receipt => receipt.Receipt.KeyNumber));
            Assert.Empty(handler.Chain.Missing);
            // Those that were kept are gone on from.
            var chain = new ReceiptChain();
            kept.ForEach(chain.Add);
            using var later = Client(key, new ReceiptHandler(_test.Books.LogKey) { Chain = chain });
            await ReadAsync(later, Whole);
            Assert.Empty(chain.Missing);
        }
    }

    [Fact]
    public async Task What_is_no_completion_and_what_failed_is_left_alone()
    {
        using var client = Client(await KeyAsync(), new ReceiptHandler(_test.Books.LogKey));
        using (var models = await client.GetAsync(new Uri("/v1/models", UriKind.Relative)))
            Assert.True(models.IsSuccessStatusCode);
        using var refused = await PostAsync(client, """{"model":"tiny"}""");
        Assert.Equal(400, (int)refused.StatusCode);
    }

    [Fact]
    public async Task Many_at_once_are_all_verified()
    {
        var numbers = new System.Collections.Concurrent.ConcurrentBag<long>();
        var handler = new ReceiptHandler(_test.Books.LogKey) { Verified = receipt => numbers.Add(receipt.Receipt.KeyNumber) };
        using var client = Client(await KeyAsync(), handler);
        await Task.WhenAll(Enumerable.Range(0, 24).Select(i => ReadAsync(client, i % 2 == 0 ? Whole : Streamed)));
        Assert.Equal(Enumerable.Range(1, 24).Select(number => (long)number), numbers.Distinct().Order());
        Assert.Empty(handler.Chain.Missing);
    }

    private async Task<string> KeyAsync()
    {
        var customer = await _test.Books.CreateCustomerAsync("Client", Currency.Parse("USD"));
        return (await _test.Books.IssueKeyAsync(customer.Id, "client")).Text;
    }

    private HttpClient Client(string key, ReceiptHandler handler)
    {
        var client = new HttpClient(handler) { BaseAddress = _test.Host.Address, Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = content };
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task<string> ReadAsync(HttpClient client, string body)
    {
        using var response = await PostAsync(client, body);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        return await reader.ReadToEndAsync();
    }

    private PublicKey SigningKeyName()
    {
        var path = Path.Combine(_test.Folder, $"{Guid.NewGuid():N}.key");
        return Ledger.SigningKey.Create(path).ForNotes(_test.Books.LogKey.Name);
    }

    [Theory]
    [InlineData(Whole)]
    [InlineData(Streamed)]
    public async Task A_host_that_never_hands_out_a_receipt_is_not_waited_for_without_end(string body)
    {
        var patience = TimeSpan.FromMilliseconds(100);
        using var silent = new Silent();
        using var client = Client(await KeyAsync(), new ReceiptHandler(_test.Books.LogKey, silent) { Patience = patience });
        Assert.Equal(ProofCheck.Inclusion, (await Assert.ThrowsAsync<ProofException>(() => ReadAsync(client, body))).Check);

        var problems = new List<ProofException>();
        using var again = new Silent();
        var handler = new ReceiptHandler(_test.Books.LogKey, again) { Patience = patience, Problem = problems.Add };
        using var told = Client(await KeyAsync(), handler);
        Assert.NotEmpty(await ReadAsync(told, body));
        await handler.WhenVerifiedAsync();
        Assert.Contains("no answer within", Assert.Single(problems).Message, StringComparison.Ordinal);
    }

    private static string Change(string text, Action<JsonObject> change)
    {
        var json = JsonNode.Parse(text)!.AsObject();
        change(json);
        return json.ToJsonString();
    }

    /// <summary>Another charge, in the bytes as in what is shown of them.</summary>
    private static string Resign(string text)
    {
        var proof = JsonNode.Parse(text)!["proof"]!.DeepClone();
        var receipt = ReceiptFormat.Decode(Convert.FromBase64String(proof["canonical"]!.GetValue<string>()));
        receipt = receipt with { Charge = receipt.Charge + receipt.Charge };
        proof["canonical"] = Convert.ToBase64String(ReceiptFormat.Encode(receipt));
        var view = JsonSerializer.SerializeToNode(receipt, Ledger.LedgerJson.Default.Receipt)!.AsObject();
        view["proof"] = proof;
        return view.ToJsonString();
    }

    private static string Replace(string text, string before, string after) => text.Replace(before, after, StringComparison.Ordinal);

    /// <summary>A host that answers completions, and nothing that is asked of their receipts.</summary>
    private sealed class Silent() : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.AbsolutePath.StartsWith("/api/", StringComparison.Ordinal))
                await Task.Delay(Timeout.Infinite, cancellationToken);
            return await base.SendAsync(request, cancellationToken);
        }
    }

    /// <summary>A host's answers to some paths, forged on the way.</summary>
    private sealed class Cheating(Func<string, bool> cheats, Func<string, string> forge) : DelegatingHandler(new SocketsHttpHandler())
    {
        public Func<string, bool> Cheats => cheats;

        /// <summary>Changes what is asked.</summary>
        public Func<string, string>? Asks { get; init; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (Asks is not null && request.Content is { } content)
                request.Content = new StringContent(Asks(await content.ReadAsStringAsync(cancellationToken)), Encoding.UTF8, "application/json");
            var response = await base.SendAsync(request, cancellationToken);
            if (!cheats(request.RequestUri!.AbsolutePath))
                return response;
            var type = response.Content.Headers.ContentType;
            var forged = new StringContent(forge(await response.Content.ReadAsStringAsync(cancellationToken)));
            forged.Headers.ContentType = type;
            response.Content = forged;
            response.Headers.Remove("Ayni-Receipt");
            return response;
        }
    }
}
