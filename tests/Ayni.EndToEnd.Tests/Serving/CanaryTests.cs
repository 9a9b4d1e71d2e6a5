using System.Text.Json.Nodes;
using Ayni.Ledger;

namespace Ayni.EndToEnd.Tests;

/// <summary>A licensor's canary at a real host: what it asked must be in the log and in the month.</summary>
public sealed class CanaryTests(RunningHost running) : IClassFixture<RunningHost>
{
    [Fact]
    public async Task What_a_canary_asked_is_counted_or_named()
    {
        using var folder = new TemporaryFolder();
        var host = running.Process;
        var file = folder.PathOf("canaries.jsonl");
        var (key, prompts) = (folder.Write("canary.key", host.Key + "\n"), folder.Write("prompts.txt", "hello\n\nwho are you?\n"));
        string[] ask = ["audit", "canary", "--host", host.Url, "--model", host.Model, "--key-file", key, "--prompts", prompts, "--to", file];
        (await AyniCommand.RunAsync([.. ask, "--most", "2", "--max-tokens", "4"])).Succeeded();
        // How many there are is left to chance, so one more makes two at least.
        var asked = (await AyniCommand.RunAsync([.. ask, "--most", "1", "--max-tokens", "3"])).Succeeded();
        Assert.Contains("1/1 asked", asked.Error, StringComparison.Ordinal);
        var lines = await File.ReadAllLinesAsync(file);
        Assert.InRange(lines.Length, 2, 3);

        var logKey = folder.Write("log.pub", (await AyniCommand.RunAsync("prove", "key", "--data", running.Data)).Succeeded().Output);
        string[] check = ["audit", "canary", "check", file, "--key", logKey, "--log", new Uri(new Uri(host.Url), "log/").AbsoluteUri];
        await AyniCommand.RunAsync("log", "publish", "--data", running.Data);
        var found = (await AyniCommand.RunAsync(check)).Succeeded().Output;
        Assert.Contains($"{lines.Length} of {lines.Length} requests have a signed receipt", found, StringComparison.Ordinal);
        Assert.Contains("Not proven: That", found, StringComparison.Ordinal);

        // No receipt, one for two requests, another model, other tokens: each is named.
        var first = JsonNode.Parse(lines[0])!.AsObject();
        await NotCountedAsync("gave no receipt", canary => canary["receipt"] = "");
        await NotCountedAsync("for another request, too", _ => { }, lines[0]);
        await NotCountedAsync("is of the model", canary => canary["model"] = "bard");
        await NotCountedAsync("tokens, and the answer had", canary => canary["generated_tokens"] = 4711);
        await NotCountedAsync("shows something else", canary =>
            canary["receipt"] = canary["receipt"]!.GetValue<string>().Replace("\"charge\":\"", "\"charge\":\"9", StringComparison.Ordinal));
        (await AyniCommand.RunAsync("audit", "canary")).Failed("--host");

        async Task NotCountedAsync(string says, Action<JsonObject> change, params string[] before)
        {
            var changed = first.DeepClone().AsObject();
            change(changed);
            await File.WriteAllLinesAsync(file, [.. before, changed.ToJsonString()]);
            var result = await AyniCommand.RunAsync(check);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains(says, result.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_month_that_leaves_a_canary_out_is_caught()
    {
        using var folder = new TemporaryFolder();
        var month = Period.Of(Period.Of(TimeProvider.System.GetUtcNow()).Start.AddDays(-1));
        var place = folder.PathOf("data/ledger.db");
        await using var books = Books.Open(place, new StoppedClock(month.Start.AddDays(20)));
        var currency = Currency.Parse("USD");
        var machines = await books.CreatePartyAsync("Machines", Role.Host);
        await books.SetPriceAsync("bard", currency, Amount.Parse("1000", currency), Amount.Parse("3000", currency));
        await books.SetAgreementAsync(null, [Share.Of(machines.Id, 1_000_000)], held: HeldAcceptances.OfAll("mine"));
        var customer = await books.CreateCustomerAsync("Canary", currency);
        var key = await books.IssueKeyAsync(customer.Id, "own");
        var lines = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            var admission = (Admission)books.Admit(key.Key, "bard");
            var receipt = await books.PostAsync(new(admission, $"req_{i}", Digest.Of("bard"u8), new(10, 2, 5), Outcome.Completed));
            lines.Add(new Canary(
                receipt.AdmittedAt, "bard", 12, 5,
                System.Text.Json.JsonSerializer.Serialize(books.FindSignedReceipt(receipt.Id)!, LedgerJson.Default.SignedReceipt)).ToLine());
        }
        await books.DisposeAsync();
        await using (var later = Books.Open(place, TimeProvider.System))
        {
            await later.ClosePeriodAsync(month);
            await later.PublishLogAsync();
            later.ExportPeriod(month, folder.PathOf("bundle"));
        }
        var file = folder.Write("canaries.jsonl", string.Join('\n', lines));
        string[] check = ["audit", "canary", "check", file, "--bundle", folder.PathOf("bundle")];
        Assert.Contains(
            "2 of 2 requests", (await AyniCommand.RunAsync([.. check, "--log", folder.PathOf("data/log")])).Succeeded().Output, StringComparison.Ordinal);
        // The same month in another host's books never counted them.
        await using (var other = Books.Open(folder.PathOf("other/ledger.db"), new StoppedClock(month.Start.AddDays(40))))
        {
            await other.CreatePartyAsync("Machines", Role.Host);
            await other.ClosePeriodAsync(month);
            other.ExportPeriod(month, folder.PathOf("others"));
        }
        check[^1] = folder.PathOf("others");
        var caught = await AyniCommand.RunAsync(check);
        Assert.Equal(1, caught.ExitCode);
        Assert.Contains("NOT COUNTED, line 2", caught.Output, StringComparison.Ordinal);
    }
}
