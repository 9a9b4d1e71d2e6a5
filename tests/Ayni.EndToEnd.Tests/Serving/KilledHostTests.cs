using System.Collections.Concurrent;
using System.Text.Json;
using Ayni.Ledger;
using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary>A host that is killed forgets no receipt whose answer had ended.</summary>
public sealed class KilledHostTests : IDisposable
{
    private const int Rounds = 4;
    private const int Clients = 4;
    private const int Seed = 20261122;

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentBag<(string Key, string ReceiptId)> _receipts = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_killed_host_has_every_receipt_whose_answer_had_ended()
    {
        var random = new Random(Seed);
        var model = _folder.Write(new TinyModel());
        var data = _folder.PathOf("data");
        var keys = await IssueKeysAsync(Path.Combine(data, "ledger.db"));
        for (var round = 0; round < Rounds; round++)
        {
            await using var host = await HostProcess.StartAsync(model, data);
            await CheckReceiptsAsync(host);
            var before = _receipts.Count;
            // Two clients share a key, so that the numbers of one key are fought for.
            var clients = Enumerable.Range(0, Clients).Select(
                i => AskUntilKilledAsync(host, keys[i % keys.Length], stream: i % 2 == 0)).ToArray();
            while (_receipts.Count - before < 2 * Clients && !clients.All(client => client.IsCompleted))
                await Task.Delay(10);
            await Task.Delay(random.Next(300));
            await host.KillAsync();
            await Task.WhenAll(clients);
            Assert.True(_receipts.Count - before >= 2 * Clients, host.Log);
        }

        await using (var last = await HostProcess.StartAsync(model, data))
            await CheckReceiptsAsync(last);
        var receipts = (await AyniCommand.RunAsync("ledger", "receipts", "--json", "--data", data)).Succeeded().Json;
        CheckChains([.. receipts.EnumerateArray()]);
        (await AyniCommand.RunAsync("ledger", "audit", "--data", data)).Succeeded();
    }

    private static async Task<string[]> IssueKeysAsync(string path)
    {
        await using var books = Books.Open(path, TimeProvider.System);
        var customer = await books.CreateCustomerAsync("Killa", Currency.Parse("USD"));
        return [.. await Task.WhenAll(
            Enumerable.Range(0, Clients - 1).Select(async i => (await books.IssueKeyAsync(customer.Id, $"{i}")).Text))];
    }

    /// <summary>Asks one question after another; what counts is only what had ended before the kill.</summary>
    private async Task AskUntilKilledAsync(HostProcess host, string key, bool stream)
    {
        using var client = host.Client(key);
        try
        {
            while (true)
            {
                using var answer = await client.PostAsync("v1/chat/completions", host.Question(12, stream));
                var text = await answer.Content.ReadAsStringAsync();
                Assert.True(answer.IsSuccessStatusCode, text);
                if (stream)
                {
                    var events = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
                    if (events is not [.., var last, "data: [DONE]"])
                        return;
                    text = last["data: ".Length..];
                }
                var receipt = JsonSerializer.Deserialize<JsonElement>(text).GetProperty("ayni").GetProperty("receipt");
                _receipts.Add((key, receipt.GetProperty("id").GetString()!));
            }
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            // Killed.
        }
    }

    private async Task CheckReceiptsAsync(HostProcess host)
    {
        foreach (var receipts in _receipts.GroupBy(receipt => receipt.Key))
        {
            using var client = host.Client(receipts.Key);
            foreach (var (_, id) in receipts)
            {
                var receipt = JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync($"api/receipts/{id}"));
                Assert.Equal(id, receipt.GetProperty("id").GetString());
            }
        }
    }

    private void CheckChains(JsonElement[] all)
    {
        Assert.Empty(_receipts.Select(receipt => receipt.ReceiptId).Except(all.Select(receipt => receipt.GetProperty("id").GetString()!)));
        foreach (var key in all.GroupBy(receipt => receipt.GetProperty("key_id").GetString()))
        {
            var previous = new string('0', 64);
            var number = 0;
            foreach (var receipt in key)
            {
                Assert.Equal(++number, receipt.GetProperty("key_number").GetInt32());
                Assert.Equal(previous, receipt.GetProperty("previous_hash").GetString());
                previous = receipt.GetProperty("hash").GetString()!;
            }
        }
    }
}
