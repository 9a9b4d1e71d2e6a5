using Ayni.Bench;
using Ayni.Ledger;
using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary>Many clients at once, polite and rude: <c>bench/run load</c> in small. Memory and pace are for the large one.</summary>
public sealed class LoadTests
{
    private const int Context = 512;

    [Fact]
    public async Task Under_load_nothing_fails_that_was_not_asked_to_nothing_is_left_and_all_is_billed()
    {
        using var folder = new TemporaryFolder();
        var data = folder.PathOf("data");
        LoadReport report;
        string[] options = ["--context", $"{Context}", "--body-limit", "64", "--sequences", "8"];
        await using (var host = await HostProcess.StartAsync(folder.Write(new TinyModel()), data, options))
        {
            var target = new LoadTarget(new Uri(host.Url), host.Key!, host.Model, Context, 64 << 10);
            report = await new LoadRun(target, requests: 300, clients: 16, seed: 20261122, TimeSpan.FromMinutes(5), () => 0).RunAsync();
            Assert.True(report.ProblemCount == 0, string.Join('\n', report.Problems) + host.Log);
        }
        Assert.Empty(report.Left);
        Assert.Equal(300, report.Requests);
        foreach (var kind in Enum.GetNames<LoadKind>())
            Assert.Contains(report.Endings.Keys, ending => ending.StartsWith(kind, StringComparison.Ordinal));
        Assert.True(report.InterToken.Count > 100);

        await using var books = Books.Open(Path.Combine(data, "ledger.db"), TimeProvider.System);
        var receipts = books.ListReceipts(new ReceiptQuery(Limit: ReceiptQuery.LongestPage)).Receipts;
        Assert.Equal(report.GeneratedTokens, receipts.Sum(receipt => receipt.Counts.Generated));
        Assert.Empty(books.Audit());
    }
}
