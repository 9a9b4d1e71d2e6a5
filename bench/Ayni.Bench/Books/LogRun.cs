using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Ayni.Ledger;

namespace Ayni.Bench;

/// <summary>What a log took in, how soon it proved it, and what proofs weigh.</summary>
internal sealed record LogReport(
    long Receipts, double Seconds, double PerSecond, double ProcessorMicroseconds, long Flushes, Quantiles Inclusion, double CloseSeconds,
    int ReceiptJsonBytes, double ReceiptMicroseconds, int SumProofBytes,
    int SumProofJsonBytes, double SumProofMicroseconds);

/// <summary>Posts receipts that are signed, publishes the log as a host does, and verifies what comes of it.</summary>
/// <param name="place">The ledger's file; keys and log stand beside it.</param>
/// <param name="keyCount">Keys, each of a customer of its own.</param>
/// <param name="clients">Clients at a time; each waits for its receipt to be on disk before it asks again.</param>
/// <param name="timeLimit">No new receipts after so long.</param>
internal sealed class LogRun(string place, int keyCount, int clients, TimeSpan timeLimit)
{
    private const string Model = "llama-3.2-1b";
    private const long ManyLeaves = 10_000_000;
    private const int Verifications = 2000;

    /// <summary>As long as a host waits between two publications.</summary>
    private static readonly TimeSpan PublishPause = TimeSpan.FromSeconds(2);

    private static readonly Period Month = new(2026, 11);
    private static readonly Currency Dollar = Currency.Parse("USD");

    private readonly ShiftedClock _clock = new(new(2026, 11, 15, 0, 0, 0, TimeSpan.Zero));
    private readonly ConcurrentBag<double> _inclusions = [];
    private long _posted;

    public async Task<LogReport> RunAsync(Action<string> say)
    {
        await using var books = Books.Open(place, _clock);
        var admissions = await EnterAsync(books).ConfigureAwait(false);
        using var ended = new CancellationTokenSource();
        var publishing = PublishAsync(books, ended.Token);
        var (watch, processor) = (Stopwatch.StartNew(), Process.GetCurrentProcess().TotalProcessorTime);
        var watching = WatchAsync(books, admissions[0], watch);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => PostAsync(books, admissions, client, watch))))
            .ConfigureAwait(false);
        var (seconds, used) = (watch.Elapsed.TotalSeconds, Process.GetCurrentProcess().TotalProcessorTime - processor);
        say($"{_posted} receipts posted");
        await watching.ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        await publishing.ConfigureAwait(false);

        _clock.JumpTo(Month.End);
        var closing = Stopwatch.StartNew();
        await books.ClosePeriodAsync(Month).ConfigureAwait(false);
        var closeSeconds = closing.Elapsed.TotalSeconds;
        say($"closed in {closeSeconds:f1} s");
        await books.PublishLogAsync().ConfigureAwait(false);
        var receipt = books.ListReceipts(new(Month, null, null)).Receipts[0];
        var json = JsonSerializer.SerializeToUtf8Bytes(books.FindSignedReceipt(receipt.Id)!, LedgerJson.Default.SignedReceipt);
        var (key, log) = (books.LogKey, LogReader.Of(books.LogFolderPath!));
        _ = ProofVerifier.Verify(json, key, log, [], _clock.GetUtcNow());
        var (proof, demand) = AmongMany();
        var bytes = proof.Encode();
        return new(
            _posted, seconds, _posted / seconds, used.TotalMicroseconds / _posted, books.FlushCount, Quantiles.Of([.. _inclusions]),
            closeSeconds, json.Length,
            Time(() => ReceiptVerifier.Verify(json, key)), bytes.Length, Convert.ToBase64String(bytes).Length,
            Time(() => demand(SumProof.Decode(bytes))));
    }

    /// <summary>
    /// A proof with as many levels as ten million leaves have, of a tree that need not be built: the nodes beside the way are made up.
    /// </summary>
    private static (SumProof Proof, Action<SumProof> Demand) AmongMany()
    {
        var leaf = new SumLeaf("rcp_01kb1v3w9hq2m7n8p4r5s6t7v8", new(1, new(400, 100, 150), 100_000_000), Digest.Of("a receipt"u8));
        var path = new List<SumNode>();
        // The first leaf has the longest way; from the root on it goes to the left, and what is beside it to the right.
        for (var count = ManyLeaves; count > 1; count = MerkleTree.Split(count))
        {
            var beside = count - MerkleTree.Split(count);
            path.Add(new(
                Digest.Of(BitConverter.GetBytes(beside)),
                new(beside, new(beside * 400, beside * 100, beside * 150), beside * (Int128)100_000_000)));
        }
        path.Reverse();
        var sumPath = new SumPath(0, ManyLeaves, [.. path]);
        _ = MerkleTree.TryClimb(leaf.ToNode(ProofChecks.All), sumPath.Index, sumPath.Count, sumPath.Path, SumNode.Join, out var root);
        return (new(Dollar, SumTreeKind.Receipts, new byte[SumLeaf.SaltBytes], sumPath), proof => proof.Path.Demand(leaf, root, ProofChecks.All));
    }

    /// <summary>Microseconds of one call, after some for the compiler.</summary>
    private static double Time(Action verify)
    {
        for (var i = 0; i < Verifications; i++)
            verify();
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < Verifications; i++)
            verify();
        return watch.Elapsed.TotalMicroseconds / Verifications;
    }

    private async Task<Admission[]> EnterAsync(Books books)
    {
        await books.CreatePartyAsync("Hostess", Role.Host).ConfigureAwait(false);
        await books.CreatePartyAsync("Model owner", Role.Licensor).ConfigureAwait(false);
        await books.SetPriceAsync(Model, Dollar, Amount.Parse("0.10", Dollar), Amount.Parse("0.40", Dollar)).ConfigureAwait(false);
        await books.SetAgreementAsync(
            null, [Share.Of(Role.Licensor, 300_000), Share.Of(Role.Host, 700_000)], held: HeldAcceptances.OfAll("the bench")).ConfigureAwait(false);
        return await Task.WhenAll(Enumerable.Range(0, keyCount).Select(async i =>
        {
            var customer = await books.CreateCustomerAsync($"Customer {i}", Dollar).ConfigureAwait(false);
            var key = await books.IssueKeyAsync(customer.Id, "bench").ConfigureAwait(false);
            return (Admission)books.Admit(key.Key, Model);
        })).ConfigureAwait(false);
    }

    private static async Task PublishAsync(Books books, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            await books.PublishLogAsync(CancellationToken.None).ConfigureAwait(false);
            await Task.Delay(PublishPause, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task PostAsync(Books books, Admission[] admissions, int client, Stopwatch watch)
    {
        for (var i = client; watch.Elapsed < timeLimit; i += clients)
        {
            await PostAsync(books, admissions[i % admissions.Length]).ConfigureAwait(false);
            Interlocked.Increment(ref _posted);
        }
    }

    private Task<Receipt> PostAsync(Books books, Admission admission)
    {
        var now = _clock.GetUtcNow().ToWholeMicroseconds();
        return books.PostAsync(new(
            admission with { AdmittedAt = now }, $"req_{Guid.CreateVersion7(now):N}", Digest.Of("a model"u8), new(400, 100, 150),
            Outcome.Completed));
    }

    /// <summary>Posts a receipt now and then, and times how long it takes until a proof says that the log holds it.</summary>
    private async Task WatchAsync(Books books, Admission admission, Stopwatch watch)
    {
        var waits = new List<Task>();
        while (watch.Elapsed < timeLimit)
        {
            waits.Add(Task.Run(async () =>
            {
                var receipt = await PostAsync(books, admission).ConfigureAwait(false);
                var posted = Stopwatch.GetTimestamp();
                while (!IsLogged(books, receipt.Id))
                    await Task.Delay(100).ConfigureAwait(false);
                _inclusions.Add(Stopwatch.GetElapsedTime(posted).TotalSeconds);
            }));
            await Task.Delay(500).ConfigureAwait(false);
        }
        await Task.WhenAll(waits).ConfigureAwait(false);
    }

    private static bool IsLogged(Books books, string receiptId) => books.FindSignedReceipt(receiptId)!.Proof?.Log is not null;
}
