using System.Diagnostics;
using System.Globalization;

namespace Ayni.Ledger.Tests;

public sealed class SeveralProcessesTests
{
    /// <summary>How often a loaded process is killed; AYNI_KILLS makes it more.</summary>
    private static readonly int Kills =
        int.TryParse(Environment.GetEnvironmentVariable("AYNI_KILLS"), CultureInfo.InvariantCulture, out var kills) ? kills : 5;

    [Fact]
    public async Task Instances_that_open_a_new_file_at_once_take_turns()
    {
        await using var ledger = TestLedger.Empty();
        var path = ledger.AnotherPlace();
        var opened = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Books.Open(path, ledger.Clock))));
        foreach (var books in opened)
        {
            await books.CreatePartyAsync("A party", Role.Host);
            await books.DisposeAsync();
        }
        await using var last = Books.Open(path, ledger.Clock);
        Assert.Equal(8, last.ListParties().Count);
    }

    [Fact]
    public async Task Processes_that_post_under_the_same_keys_share_one_chain_each()
    {
        const int PerKey = 40;
        await using var ledger = await ReadyAsync();
        var keys = new[] { await ledger.IssueAsync(), await ledger.IssueAsync(ofApp: true) };
        var perKey = PerKey.ToString(CultureInfo.InvariantCulture);
        using var first = Start(ledger, perKey, keys);
        using var second = Start(ledger, perKey, keys);
        for (var i = 0; i < PerKey; i++)
            await ledger.UseAsync(keys[i % 2].Key, i, i, i);
        Assert.Equal(2 * PerKey, (await EndedAsync(first)).Count);
        Assert.Equal(2 * PerKey, (await EndedAsync(second)).Count);
        foreach (var key in keys)
            PostingTests.AssertChain(ledger.Books.ListReceipts(new(KeyId: key.Key.Id, Limit: 1000)).Receipts, 2 * PerKey + PerKey / 2);
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task A_killed_process_has_lost_no_receipt_it_reported()
    {
        await using var ledger = await ReadyAsync();
        var keys = new[] { await ledger.IssueAsync(limit: TestLedger.Eur("1000000")), await ledger.IssueAsync(), await ledger.IssueAsync(ofApp: true) };
        await ledger.Books.DisposeAsync();
        var reported = new List<string>();
        for (var round = 0; round < Kills; round++)
            reported.AddRange(await KilledAsync(ledger, int.MaxValue.ToString(CultureInfo.InvariantCulture), keys));
        await ledger.ReopenAsync();
        Assert.All(reported, id => Assert.NotNull(ledger.Books.FindReceipt(id)));
        Assert.Equal(reported.Count, reported.Distinct().Count());
        Assert.Empty(ledger.Books.Audit());
        // When their leases are over, the next run has let go of what the killed ones held.
        ledger.Clock.Now = DateTimeOffset.UtcNow + HostLease.Term;
        await ledger.Books.BeginHostAsync("next");
        Assert.Equal(0, ledger.Books.CountHolds());
    }

    [Fact]
    public async Task A_named_request_of_a_killed_process_is_answered_again_or_begun_anew_and_charged_once()
    {
        await using var ledger = await ReadyAsync();
        var keys = new[] { await ledger.IssueAsync(limit: TestLedger.Eur("1000000")), await ledger.IssueAsync() };
        await ledger.Books.DisposeAsync();
        var printed = new List<string>();
        for (var round = 0; round < Kills; round++)
            printed.AddRange(await KilledAsync(ledger, "named", keys));
        await ledger.ReopenAsync();
        ledger.Clock.Now = DateTimeOffset.UtcNow + HostLease.Term;
        var lease = await ledger.Books.BeginHostAsync("next");
        var receipts = printed.Select(line => line.Split(' ')).Where(words => words.Length == 2).ToDictionary(words => words[0], words => words[1]);
        var names = printed.Where(line => !line.Contains(' ', StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        Assert.Superset(receipts.Keys.ToHashSet(StringComparer.Ordinal), names);
        foreach (var name in names)
        {
            var key = keys.Single(issued => name.Contains(issued.Key.Id, StringComparison.Ordinal)).Key;
            var named = new IdempotentRequest(
                key.CustomerId!, key.Id, Digest.Of(System.Text.Encoding.UTF8.GetBytes(name)), "/", Digest.Zero);
            var status = await ledger.Books.BeginIdempotentAsync(named, $"{name}-again", lease);
            if (receipts.TryGetValue(name, out var receipt))
                Assert.Equal((IdempotencyState.Answered, receipt), (status.State, status.Receipt!.Id));
            else if (status.State == IdempotencyState.Begun)
                await ledger.Books.PostAsync(ledger.Usage(key, 1, 1, 1) with { RequestId = $"{name}-again", Kept = new(named, [1]) });
            else
                Assert.Equal(IdempotencyState.Answered, status.State);
        }
        var charged = 0;
        for (long? after = 0; after is { } start;)
        {
            var page = ledger.Books.ListReceipts(new(After: start, Limit: ReceiptQuery.LongestPage));
            (charged, after) = (charged + page.Receipts.Count, page.Next);
        }
        Assert.Equal(names.Count, charged);
        Assert.Equal(0, ledger.Books.CountHolds());
        Assert.Empty(ledger.Books.Audit());
    }

    /// <summary>Starts a process, kills it after it printed a line and a while, and returns the lines it printed.</summary>
    internal static async Task<List<string>> KilledAsync(TestLedger ledger, string perKey, IssuedKey[] keys)
    {
        using var writer = Start(ledger, perKey, keys);
        var lines = new List<string>
        {
            await writer.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await writer.StandardError.ReadToEndAsync()),
        };
        var reading = writer.StandardOutput.ReadToEndAsync();
        await Task.Delay(Random.Shared.Next(1, 400));
        writer.Kill();
        await writer.WaitForExitAsync();
        // The last line may be cut off in the pipe.
        lines.AddRange((await reading).Split('\n')[..^1]);
        return lines;
    }

    /// <summary>The other processes live by the system's clock, so the terms must be in force by it.</summary>
    private static Task<TestLedger> ReadyAsync() => TestLedger.ReadyAsync(DateTimeOffset.UtcNow.AddMinutes(-1));

    private static Process Start(TestLedger ledger, string perKey, IssuedKey[] keys)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Ayni.Ledger.Tests.Writer.dll"));
        start.ArgumentList.Add(ledger.Path);
        start.ArgumentList.Add(ledger.Folder);
        start.ArgumentList.Add(perKey);
        foreach (var key in keys)
            start.ArgumentList.Add(key.Text);
        return Process.Start(start)!;
    }

    private static async Task<List<string>> EndedAsync(Process process)
    {
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await process.StandardError.ReadToEndAsync());
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
