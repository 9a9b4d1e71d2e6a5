using System.CommandLine;
using System.Text.Json;

namespace Ayni.Bench;

/// <summary><c>bench/run ledger</c>: durable receipts a second, each with its reservation.</summary>
internal static class LedgerCommand
{
    private static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static Command Create()
    {
        var place = new LedgerOptions();
        var keys = new Option<string>("--keys")
        {
            Description = "How many keys share the receipts, a run for each number.",
            HelpName = "N,N",
            DefaultValueFactory = _ => "1,1000",
        };
        var clients = Number("--clients", "Clients at a time, each of which waits for its receipts.", 2048);
        var postings = Number("--postings", "Postings of each receipt's entry; a charge has 2, the others move nothing.", 2);
        var seconds = Number("--seconds", "No new receipts after so long.", 30);
        var receipts = new Option<long>("--receipts")
        {
            Description = "No more receipts than this.",
            HelpName = "N",
            DefaultValueFactory = _ => long.MaxValue,
        };
        var close = new Option<bool>("--close") { Description = "Close the month afterwards." };
        var audit = new Option<bool>("--audit") { Description = "Audit the ledger afterwards." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command(
            "ledger",
            """
            Durable receipts a second, each reserved before and posted after, by clients that wait for the disk.

            Examples:
              bench/run ledger --db sqlite --keys 1,1000 --postings 4 --seconds 30 --json
              bench/run ledger --keys 1000 --receipts 1000000 --seconds 600 --close
            """)
        {
            place.Database, place.Address, place.Folder, keys, clients, postings, seconds, receipts, close, audit, json,
        };
        command.SetAction(async result =>
        {
            var reports = new List<LedgerReport>();
            foreach (var count in result.GetValue(keys)!.Split(',').Select(int.Parse))
            {
                using var ledger = place.Make(result);
                var run = new LedgerRun(
                    ledger.Address, count, result.GetValue(clients), result.GetValue(postings) - 2, result.GetValue(receipts),
                    TimeSpan.FromSeconds(result.GetValue(seconds)));
                reports.Add(await run.RunAsync(
                    result.GetValue(place.Database)!, result.GetValue(close), result.GetValue(audit), Console.Error.WriteLine).ConfigureAwait(false));
                if (!result.GetValue(json))
                    Write(reports[^1]);
            }
            if (result.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(reports, Json));
            return reports.Exists(report => report.AuditFindings is { Count: > 0 }) ? 1 : 0;
        });
        return command;
    }

    private static void Write(LedgerReport report)
    {
        Console.WriteLine(
            $"{report.Database}, {report.Keys} keys, {report.Clients} clients, {report.Postings} postings: "
            + $"{report.PerSecond:f0} durable receipts a second ({report.Receipts} in {report.Seconds:f1} s, {report.Flushes} flushes), "
            + $"{report.ProcessorMicroseconds:f1} us of this process each");
        Console.WriteLine(
            $"  reserved and posted within: median {report.Latency.MedianSeconds * 1000:f1} ms, p99 {report.Latency.P99Seconds * 1000:f1} ms");
        if (report.Close is { } close)
            Console.WriteLine($"  closed in {close.Seconds:f1} s, resident at most {close.PeakResidentBytes / 1e6:f0} MB");
        if (report.AuditFindings is { } findings)
            Console.WriteLine($"  the audit finds {(findings.Count == 0 ? "nothing" : string.Join(' ', findings))}");
    }

    private static Option<int> Number(string name, string description, int standard) =>
        new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard };
}
