using System.Text.Json;
using Ayni.Kernels;
using Ayni.Ledger;
using Ayni.Llama;
using Ayni.Tests;

namespace Ayni.Host.Tests;

/// <summary>What was used is recorded before the answer ends, however it ends; and who may not use it is told why.</summary>
public sealed class MeterTests
{
    private const string LongStream = """{"model":"tiny","prompt":"a","max_tokens":4000,"stream":true}""";

    [Fact]
    public async Task A_receipt_names_the_adapter_that_took_part()
    {
        const string body = """{"model":"tiny","prompt":"a","max_tokens":8,"temperature":0}""";
        var folder = Directory.CreateTempSubdirectory("ayni-adapter-").FullName;
        try
        {
            await using var plain = await TestHost.StartAsync(folder: folder);
            var before = await (await plain.PostAsync("/v1/completions", body)).JsonAsync();
            using var model = LlamaModel.Load(Path.Combine(folder, "tiny.gguf"), KernelTier.Simd, 1);
            var (width, rank) = (model.Config.HiddenSize, 2);
            float[] Values(int count) => [.. Enumerable.Range(0, count).Select(i => MathF.Sin(i))];
            AdapterFolder.Write(
                Path.Combine(folder, "voice"), new AdapterConfig { Rank = rank, Alpha = 8 }, model.Config,
                [new AdapterMatrix("blk.0.attn_q", Values(rank * width), Values(model.Config.QueryWidth * rank))]);

            await using var test = await TestHost.StartAsync(
                configure: options => options with { AdapterPath = Path.Combine(folder, "voice") });
            var answer = await (await test.PostAsync("/v1/completions", body)).JsonAsync();
            var receipt = Assert.Single(test.Books.ListReceipts(new()).Receipts);
            Assert.Equal("voice", receipt.Adapter!.Name);
            Assert.NotEqual(receipt.ModelDigest, receipt.Adapter.Digest);
            Assert.Null(Assert.Single(plain.Books.ListReceipts(new()).Receipts).Adapter);
            Assert.NotEqual(before.GetProperty("system_fingerprint").GetString(), answer.GetProperty("system_fingerprint").GetString());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_client_that_leaves_pays_for_what_was_made_until_then()
    {
        await using var test = await TestHost.StartAsync(TinyModel.Slow);
        string requestId;
        using (var response = await test.OpenStreamAsync("/v1/completions", LongStream))
        {
            requestId = response.Headers.GetValues("Ayni-Request-Id").Single();
            await foreach (var _ in response.EventsAsync().Take(3))
            {
            }
        }

        var receipt = await WaitForAsync(() => test.Books.FindReceipt(requestId));
        Assert.Equal(Outcome.Cancelled, receipt.Outcome);
        Assert.InRange(receipt.Counts.Generated, 3, 3999);
        var shown = await (await test.Http.GetAsync($"/api/receipts/{requestId}")).JsonAsync();
        Assert.Equal(receipt.Id, shown.GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_client_that_leaves_before_a_whole_answer_pays_as_well()
    {
        await using var test = await TestHost.StartAsync(TinyModel.Slow);
        var body = LongStream.Replace("true", "false", StringComparison.Ordinal);
        Receipt? receipt = null;
        // On a busy machine a client may have left before its request began; such a one owes nothing, so the next is more patient.
        for (var patience = 300; receipt is null && patience < 10_000; patience *= 2)
        {
            using var leaving = new CancellationTokenSource(patience);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => test.OpenStreamAsync("/v1/completions", body, leaving.Token));
            await Task.Delay(500);
            receipt = test.Books.ListReceipts(new()).Receipts is [var first, ..] ? first : null;
        }

        Assert.NotNull(receipt);
        Assert.Equal(Outcome.Cancelled, receipt.Outcome);
        Assert.InRange(receipt.Counts.Generated, 1, 3999);
    }

    [Fact]
    public async Task Many_clients_at_once_each_get_their_receipt_numbered_without_gaps()
    {
        await using var test = await TestHost.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async client =>
        {
            for (var i = 0; i < 5; i++)
            {
                var stream = i % 2 == 0 ? "true" : "false";
                var body = $$"""{"model":"tiny","prompt":"client {{client}}","max_tokens":{{8 + i}},"stream":{{stream}}}""";
                using var response = await test.PostAsync("/v1/completions", body);
                Assert.Equal(200, (int)response.StatusCode);
            }
        }));
        var receipts = test.Books.ListReceipts(new()).Receipts;
        Assert.Equal(Enumerable.Range(1, 40).Select(number => (long)number), receipts.Select(receipt => receipt.KeyNumber).Order());
        Assert.Equal(8 * (8 + 9 + 10 + 11 + 12), receipts.Sum(receipt => receipt.Counts.Generated));
        Assert.Equal(40, receipts.Select(receipt => receipt.RequestId).Distinct().Count());
    }

    [Fact]
    public async Task A_spent_limit_gets_402_in_OpenAI_words()
    {
        await using var test = await TestHost.StartAsync();
        var customer = Assert.Single(test.Books.ListCustomers());
        await test.Books.SetSpendingLimitAsync(customer.Id, Amount.Parse("0.000001", Currency.Parse("USD")));
        // 0.10 and 0.40 a million: after three tokens of the prompt, 0.0000007 dollars afford one more.
        using var affordable = await test.PostAsync("/v1/completions", """{"model":"tiny","prompt":"a","max_tokens":5}""");
        Assert.Equal(200, (int)affordable.StatusCode);
        var answer = await affordable.JsonAsync();
        Assert.Equal("length", answer.FinishReason());
        Assert.Equal(1, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());

        using var refused = await test.PostAsync("/v1/completions", """{"model":"tiny","prompt":"a","max_tokens":5}""");
        Assert.Equal(402, (int)refused.StatusCode);
        var error = await refused.ErrorAsync();
        Assert.Equal(("insufficient_quota", "insufficient_quota"), (error.Type, error.Code));
        Assert.Contains("0.0000003 USD are left of the spending limit of 0.000001 USD", error.Message, StringComparison.Ordinal);
        Assert.Single(test.Books.ListReceipts(new()).Receipts);
    }

    [Fact]
    public async Task A_reached_rate_gets_429_and_a_time_to_come_back()
    {
        await using var test = await TestHost.StartAsync();
        var key = Assert.Single(test.Books.ListKeys());
        await test.Books.SetLimitsAsync(new(key.Id, RequestsPerMinute: 1));
        const string Body = """{"model":"tiny","prompt":"a","max_tokens":5}""";
        using var first = await test.PostAsync("/v1/completions", Body);
        Assert.Equal(200, (int)first.StatusCode);
        using var refused = await test.PostAsync("/v1/completions", Body);
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(61));
        var error = await refused.ErrorAsync();
        Assert.Equal(("rate_limit_error", "rate_limit_exceeded"), (error.Type, error.Code));
        Assert.Contains("none is left", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_requests_at_once_on_a_budget_for_ten_get_ten()
    {
        await using var test = await TestHost.StartAsync(
            configure: options => options with { Engine = options.Engine with { QueueLimit = 1000, MaxPerOwner = 1000 } });
        var customer = Assert.Single(test.Books.ListCustomers());
        // Three tokens of prompt and five of the answer cost 0.0000023 dollars; ten such requests 0.000023.
        await test.Books.SetSpendingLimitAsync(customer.Id, Amount.Parse("0.000023", Currency.Parse("USD")));
        const string Body = """{"model":"tiny","prompt":"a","max_tokens":5,"logit_bias":{"2":-100}}""";
        var answered = await Task.WhenAll(Enumerable.Range(0, 1000).Select(async _ =>
        {
            using var response = await test.PostAsync("/v1/completions", Body);
            Assert.Contains((int)response.StatusCode, new[] { 200, 402 });
            return response.IsSuccessStatusCode;
        }));
        var receipts = test.Books.ListReceipts(new(Limit: 1000)).Receipts;
        Assert.Equal(receipts.Count, answered.Count(isAnswered => isAnswered));
        Assert.InRange(receipts.Count, 10, 21);
        Assert.True(test.Books.UnpaidCharges(customer.Id) <= Amount.Parse("0.000023", Currency.Parse("USD")));
        // Nothing is held any more: a raised limit is free to its last unit.
        await test.Books.SetSpendingLimitAsync(customer.Id, test.Books.UnpaidCharges(customer.Id) + Amount.Parse("0.0000023", Currency.Parse("USD")));
        var last = await (await test.PostAsync("/v1/completions", Body)).JsonAsync();
        Assert.Equal(5, last.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Simultaneous_requests_do_not_pass_a_limit_together()
    {
        await using var test = await TestHost.StartAsync(TinyModel.Slow);
        var customer = Assert.Single(test.Books.ListCustomers());
        await test.Books.SetSpendingLimitAsync(customer.Id, Amount.Parse("0.0005", Currency.Parse("USD")));
        // While this stream, which gets what 0.0005 dollars afford, is under way, nothing is left of the limit for others.
        using (var running = await test.OpenStreamAsync("/v1/completions", LongStream))
        {
            Assert.Equal(200, (int)running.StatusCode);
            await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
            {
                using var refused = await test.PostAsync("/v1/completions", """{"model":"tiny","prompt":"a","max_tokens":5}""");
                Assert.Equal(402, (int)refused.StatusCode);
                Assert.Equal("insufficient_quota", (await refused.ErrorAsync()).Code);
            }));
        }

        // Its client left early, so it cost less than it might have and the rest is free again.
        await WaitForAsync(() => test.Books.ListReceipts(new()).Receipts.SingleOrDefault());
        await WaitForAsync(async () =>
        {
            using var response = await test.PostAsync("/v1/completions", """{"model":"tiny","prompt":"a","max_tokens":5}""");
            return response.IsSuccessStatusCode ? response.StatusCode.ToString() : null;
        });
    }

    [Fact]
    public async Task A_revoked_key_gets_401_from_the_next_request_on()
    {
        await using var test = await TestHost.StartAsync();
        using var before = await test.Http.GetAsync("/v1/models");
        Assert.Equal(200, (int)before.StatusCode);
        await test.Books.RevokeKeyAsync(Assert.Single(test.Books.ListKeys()).Id);
        using var after = await test.Http.GetAsync("/v1/models");
        Assert.Equal(401, (int)after.StatusCode);
    }

    [Fact]
    public async Task A_customer_of_another_currency_is_refused_by_name()
    {
        await using var test = await TestHost.StartAsync();
        var customer = await test.Books.CreateCustomerAsync("abroad", Currency.Parse("EUR"));
        test.UseKey((await test.Books.IssueKeyAsync(customer.Id, "k")).Text);
        using var response = await test.PostAsync("/v1/completions", """{"model":"tiny","prompt":"a"}""");
        Assert.Equal(403, (int)response.StatusCode);
        Assert.Equal("currency_mismatch", (await response.ErrorAsync()).Code);
    }

    [Fact]
    public async Task A_full_queue_gets_429_and_a_time_to_come_back()
    {
        await using var test = await TestHost.StartAsync(
            TinyModel.Slow, options => options with { Engine = options.Engine with { MaxSequences = 1, QueueLimit = 1 } });
        using var running = await test.OpenStreamAsync("/v1/completions", LongStream);
        var waiting = test.OpenStreamAsync("/v1/completions", LongStream);

        await WaitForAsync(() => test.Host.Engine?.QueuedCount == 1 ? "The queue's only place is taken." : null);
        using var refused = await test.OpenStreamAsync("/v1/completions", LongStream);
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.True(refused.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
        Assert.Equal("queue_full", (await refused.ErrorAsync()).Code);
        running.Dispose();
        (await waiting).Dispose();
    }

    [Fact]
    public async Task A_stream_that_cannot_be_recorded_ends_with_an_error_and_never_with_DONE()
    {
        await using var test = await TestHost.StartAsync(TinyModel.Slow, options => options with { DrainLimit = TimeSpan.Zero });
        using var response = await test.OpenStreamAsync("/v1/completions", LongStream);
        await test.Books.DisposeAsync();
        await test.Host.StopAsync();
        var events = await response.EventsAsync().ToListAsync();
        var error = JsonDocument.Parse(events[^1]).RootElement.GetProperty("error");
        Assert.Equal("internal_error", error.GetProperty("code").GetString());
        Assert.DoesNotContain("[DONE]", events);
        Assert.DoesNotContain(events, data => data.Contains("finish_reason\":\"", StringComparison.Ordinal));
        Assert.Contains(test.Log.Lines, line => line.StartsWith("Critical 24 ", StringComparison.Ordinal));
    }

    private static Task<T> WaitForAsync<T>(Func<T?> find)
        where T : class => WaitForAsync(() => Task.FromResult(find()));

    private static async Task<T> WaitForAsync<T>(Func<Task<T?>> find)
        where T : class
    {
        for (var tries = 0; tries < 400; tries++)
        {
            if (await find() is { } found)
                return found;
            await Task.Delay(25);
        }

        throw new TimeoutException("It did not come.");
    }
}
