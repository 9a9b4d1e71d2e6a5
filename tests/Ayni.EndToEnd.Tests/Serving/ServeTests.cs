using System.ClientModel;
using System.Net;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;

namespace Ayni.EndToEnd.Tests;

/// <summary>A served model, and its ledger looked at and changed by commands while it serves.</summary>
public sealed class ServeTests(RunningHost host) : IClassFixture<RunningHost>
{
    [Fact]
    public async Task The_official_client_gets_whole_and_streamed_answers()
    {
        var client = new ChatClient(
            host.Process.Model, new ApiKeyCredential(host.Process.Key!),
            new OpenAIClientOptions { Endpoint = new Uri($"{host.Process.Url}/v1") });
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 9, Temperature = 0 };

        ChatCompletion whole = await client.CompleteChatAsync([new UserChatMessage("hello")], options);
        var streamed = "";
        await foreach (var update in client.CompleteChatStreamingAsync([new UserChatMessage("hello")], options))
            streamed += string.Concat(update.ContentUpdate.Select(part => part.Text));

        Assert.Equal(9, whole.Usage.OutputTokenCount);
        Assert.Equal(whole.Content[0].Text, streamed);
        Assert.NotEmpty(streamed);
    }

    [Fact]
    public async Task A_key_made_by_a_command_works_at_once_earns_for_its_app_and_can_be_revoked()
    {
        var developer = await IdAsync("party", "create", "Sumaq Apps", "--role", "developer");
        var app = await IdAsync("app", "create", "Stories", "--developer", developer);
        var customer = await IdAsync("customer", "create", "Inti", "--currency", "USD");
        var issued = (await CommandAsync("key", "create", "--customer", customer, "--app", app, "--json")).Json;
        using var client = host.Process.Client(issued.GetProperty("key").GetString()!);

        using var answer = await client.PostAsync("v1/chat/completions", host.Process.Question(3));
        var extension = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()).GetProperty("ayni");
        var receiptId = extension.GetProperty("receipt").GetProperty("id").GetString()!;
        var receipts = (await CommandAsync("ledger", "receipts", "--key", issued.GetProperty("id").GetString()!, "--json")).Json;

        Assert.Equal(receiptId, Assert.Single(answer.Headers.GetValues("Ayni-Receipt")));
        var receipt = Assert.Single(receipts.EnumerateArray());
        Assert.Equal(receiptId, receipt.GetProperty("id").GetString());
        Assert.Equal(app, receipt.GetProperty("app_id").GetString());
        Assert.Equal(1, receipt.GetProperty("key_number").GetInt32());

        var month = receipt.GetProperty("period").GetString()!;
        var statement = Assert.Single(
            (await CommandAsync("ledger", "statement", "--period", month, "--party", developer, "--json")).Json.EnumerateArray());
        Assert.Equal("estimate", statement.GetProperty("status").GetString(), ignoreCase: true);
        Assert.Equal(300_000, Assert.Single(statement.GetProperty("lines").EnumerateArray()).GetProperty("parts_per_million").GetInt32());

        await CommandAsync("key", "revoke", issued.GetProperty("id").GetString()!);
        using var refused = await client.PostAsync("v1/chat/completions", host.Process.Question(3));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task The_running_month_is_not_closed()
    {
        using var client = host.Process.Client(host.Process.Key!);
        using var answer = await client.PostAsync("v1/chat/completions", host.Process.Question(2));
        Assert.True(answer.IsSuccessStatusCode);
        var months = (await CommandAsync("period", "list", "--json")).Json.EnumerateArray().ToArray();
        var month = months[^1].GetProperty("period").GetString()!;

        Assert.Equal("open", months[^1].GetProperty("status").GetString());
        (await AyniCommand.RunAsync("period", "close", month, "--data", host.Data)).Failed($"{month} has not ended");
    }

    [Fact]
    public async Task Balances_of_all_time_and_of_a_month_balance()
    {
        using var client = host.Process.Client(host.Process.Key!);
        using var answer = await client.PostAsync("v1/chat/completions", host.Process.Question(2));
        var id = Assert.Single(answer.Headers.GetValues("Ayni-Receipt"));
        var receipt = JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync($"api/receipts/{id}"));

        // Both are read while others may add charges, so each is checked against itself.
        foreach (var balances in new[]
        {
            (await CommandAsync("ledger", "balance", "--json")).Json,
            (await CommandAsync("ledger", "balance", "--period", receipt.GetProperty("period").GetString()!, "--json")).Json,
        })
        {
            var nets = balances.EnumerateArray().Select(balance => decimal.Parse(
                balance.GetProperty("net").GetString()!, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
            Assert.True(nets.Length >= 2);
            Assert.Contains(nets, net => net > 0);
            Assert.Equal(0, nets.Sum());
        }
    }

    [Fact]
    public async Task Lists_never_show_a_key_again()
    {
        var secret = host.Process.Key![(host.Process.Key!.LastIndexOf('_') + 1)..];
        var lists = await Task.WhenAll(CommandAsync("key", "list"), CommandAsync("key", "list", "--json"));

        Assert.All(lists, list => Assert.DoesNotContain(secret, list.Output, StringComparison.Ordinal));
        Assert.All(lists, list => Assert.Contains("key_", list.Output, StringComparison.Ordinal));
        Assert.DoesNotContain(secret, host.Process.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_one_sentence()
    {
        var port = new Uri(host.Process.Url).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        using var folder = new TemporaryFolder();
        var result = await AyniCommand.RunAsync("serve", "--model", host.ModelPath, "--data", folder.PathOf("data"), "--port", port);
        result.Failed($"Can't listen on 127.0.0.1 port {port}");
    }

    private async Task<string> IdAsync(params string[] arguments) =>
        (await CommandAsync([.. arguments, "--json"])).Json.GetProperty("id").GetString()!;

    private async Task<CommandResult> CommandAsync(params string[] arguments) =>
        (await AyniCommand.RunAsync([.. arguments, "--data", host.Data])).Succeeded();
}
