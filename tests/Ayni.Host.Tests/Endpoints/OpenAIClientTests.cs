using System.ClientModel;
using Ayni.Tests;
using OpenAI.Chat;

namespace Ayni.Host.Tests;

/// <summary>The official OpenAI client works against a host as it is.</summary>
public sealed class OpenAIClientTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private readonly TestHost _test = fixture.Test;

    [Fact]
    public async Task It_lists_the_models()
    {
        var models = (await _test.OpenAI().GetOpenAIModelClient().GetModelsAsync()).Value;
        var model = Assert.Single(models);
        Assert.Equal(TestHost.ModelName, model.Id);
        Assert.Equal("Tiny Llamas", model.OwnedBy);
        Assert.Equal(TestHost.ModelName, (await _test.OpenAI().GetOpenAIModelClient().GetModelAsync(TestHost.ModelName)).Value.Id);
    }

    [Fact]
    public async Task It_gets_a_whole_answer_with_its_usage()
    {
        var completion = (await Client().CompleteChatAsync(
            [new SystemChatMessage("Be brief."), new UserChatMessage("Hello")], Options(12))).Value;
        Assert.Equal(ChatMessageRole.Assistant, completion.Role);
        Assert.NotEmpty(completion.Content[0].Text);
        Assert.Equal(ChatFinishReason.Length, completion.FinishReason);
        Assert.Equal(12, completion.Usage.OutputTokenCount);
        Assert.True(completion.Usage.InputTokenCount > 10);
        Assert.Equal(completion.Usage.InputTokenCount + 12, completion.Usage.TotalTokenCount);
        Assert.StartsWith("chatcmpl-", completion.Id, StringComparison.Ordinal);
        Assert.Equal(TestHost.ModelName, completion.Model);
        Assert.InRange(completion.CreatedAt, DateTimeOffset.UtcNow.AddMinutes(-2), DateTimeOffset.UtcNow.AddMinutes(2));
    }

    [Fact]
    public async Task It_streams_the_same_answer_that_it_gets_whole_from_the_same_seed()
    {
        var whole = (await Client().CompleteChatAsync([new UserChatMessage("Hello")], Options(40, seed: 7))).Value;
        var streamed = "";
        ChatFinishReason? reason = null;
        ChatTokenUsage? usage = null;
        await foreach (var update in Client().CompleteChatStreamingAsync([new UserChatMessage("Hello")], Options(40, seed: 7)))
        {
            streamed += string.Concat(update.ContentUpdate.Select(part => part.Text));
            reason = update.FinishReason ?? reason;
            usage = update.Usage ?? usage;
        }

        Assert.Equal(whole.Content[0].Text, streamed);
        Assert.Equal(ChatFinishReason.Length, reason);
        Assert.Equal(40, usage?.OutputTokenCount);
        var other = (await Client().CompleteChatAsync([new UserChatMessage("Hello")], Options(40, seed: 8))).Value;
        Assert.NotEqual(whole.Content[0].Text, other.Content[0].Text);
    }

    [Fact]
    public async Task It_ends_at_a_stop_text_and_leaves_it_out()
    {
        var whole = (await Client().CompleteChatAsync([new UserChatMessage("Hello")], Options(40, seed: 7))).Value.Content[0].Text;
        var stop = whole.Substring(10, 3);
        var options = Options(40, seed: 7);
        options.StopSequences.Add(stop);
        var completion = (await Client().CompleteChatAsync([new UserChatMessage("Hello")], options)).Value;
        Assert.Equal(ChatFinishReason.Stop, completion.FinishReason);
        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], completion.Content[0].Text);
    }

    [Fact]
    public async Task It_is_told_that_its_key_is_wrong()
    {
        var refusal = await Assert.ThrowsAsync<ClientResultException>(() =>
            _test.OpenAI("ayni_nonsense").GetChatClient(TestHost.ModelName).CompleteChatAsync([new UserChatMessage("Hello")]));
        Assert.Equal(401, refusal.Status);
        Assert.Contains("invalid_api_key", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_told_that_there_is_no_such_model()
    {
        var refusal = await Assert.ThrowsAsync<ClientResultException>(() =>
            _test.OpenAI().GetChatClient("gpt-4o").CompleteChatAsync([new UserChatMessage("Hello")]));
        Assert.Equal(404, refusal.Status);
        Assert.Contains("model_not_found", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_told_which_field_is_wrong_and_when_a_prompt_is_too_long_or_a_body_too_large()
    {
        await AssertRefusedAsync(400, "temperature", new UserChatMessage("Hello"), new ChatCompletionOptions { Temperature = 7 });
        await AssertRefusedAsync(400, "context_length_exceeded", new UserChatMessage(new string('a', 5000)));
        await AssertRefusedAsync(413, "request_too_large", new UserChatMessage(new string('a', 5 << 20)));
    }

    [Fact]
    public async Task It_is_told_that_a_limit_is_spent_and_a_queue_full()
    {
        await using var test = await TestHost.StartAsync(
            TinyModel.Slow, options => options with { Engine = new() { QueueLimit = 1, MaxSequences = 1 } });
        var client = test.OpenAI().GetChatClient(TestHost.ModelName);
        using (var running = await test.OpenStreamAsync("/v1/completions", """{"model":"tiny","prompt":"a","max_tokens":4000,"stream":true}"""))
        using (var waiting = new CancellationTokenSource())
        {
            var queued = client.CompleteChatAsync([new UserChatMessage("Hello")], cancellationToken: waiting.Token);
            while (test.Host.Engine?.QueuedCount != 1)
                await Task.Delay(10);
            var full = await Assert.ThrowsAsync<ClientResultException>(() => client.CompleteChatAsync([new UserChatMessage("Hello")]));
            Assert.Equal(429, full.Status);
            Assert.True(full.GetRawResponse()!.Headers.TryGetValue("Retry-After", out _));
            await waiting.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queued);
        }

        await test.Books.SetSpendingLimitAsync(
            Assert.Single(test.Books.ListCustomers()).Id, Receipts.Amount.Parse("0.000000000001", Receipts.Currency.Parse("USD")));
        while (!test.Books.ListReceipts(new()).Receipts.Any())
            await Task.Delay(10);
        var spent = await Assert.ThrowsAsync<ClientResultException>(() => client.CompleteChatAsync([new UserChatMessage("Hello")]));
        Assert.Equal(402, spent.Status);
        Assert.Contains("insufficient_quota", spent.Message, StringComparison.Ordinal);
    }

    private async Task AssertRefusedAsync(int status, string word, UserChatMessage message, ChatCompletionOptions? options = null)
    {
        var refusal = await Assert.ThrowsAsync<ClientResultException>(() => Client().CompleteChatAsync([message], options));
        Assert.Equal(status, refusal.Status);
        Assert.Contains(word, refusal.Message, StringComparison.Ordinal);
    }

    private ChatClient Client() => _test.OpenAI().GetChatClient(TestHost.ModelName);

#pragma warning disable OPENAI001 // The seed is marked experimental in the client.
    private static ChatCompletionOptions Options(int maxTokens, long? seed = null) =>
        new() { MaxOutputTokenCount = maxTokens, Seed = seed, Temperature = 0.8f, TopP = 0.95f };
#pragma warning restore OPENAI001
}
