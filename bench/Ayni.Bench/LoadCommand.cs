using System.CommandLine;
using System.Text.Json;
using Ayni.Ledger;

namespace Ayni.Bench;

/// <summary>
/// <c>bench/run load</c>: an hour's traffic compressed. Fails if an answer is not what was asked for, if anything is left behind, or if
/// what was generated is not what was billed; memory and latency are reported.
/// </summary>
internal static class LoadCommand
{
    private const int BodyLimitBytes = 256 << 10;

    private static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static Command Create()
    {
        var model = new Option<string>("--model")
        {
            Description = "A small model.",
            HelpName = "FILE",
            DefaultValueFactory = _ => Path.Combine("..", "shared", "conformance", "models", "stories260K", "stories260K-f32.gguf"),
        };
        var context = Number("--context", "The context, in tokens.", 512);
        var requests = Number("--requests", "Requests altogether.", 10_000);
        var clients = Number("--clients", "Clients at a time.", 64);
        var seed = Number("--seed", "The same seed sends the same requests.", 1);
        var seconds = Number("--seconds", "No new requests after so long.", 3600);
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("load", "Load a host with requests of all kinds, good and bad.")
        {
            model, context, requests, clients, seed, seconds, json,
        };
        command.SetAction(async result =>
        {
            using var host = new ServedHost(result.GetValue(model)!, result.GetValue(context), BodyLimitBytes);
            var run = new LoadRun(
                host.Target,
                result.GetValue(requests),
                result.GetValue(clients),
                result.GetValue(seed),
                TimeSpan.FromSeconds(result.GetValue(seconds)),
                () => host.ResidentBytes);
            var report = WithLedger(await run.RunAsync().ConfigureAwait(false), host);
            if (result.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(report, Json));
            else
                Write(report);
            foreach (var complaint in host.Complaints)
                Console.Error.WriteLine(complaint);
            return report.IsClean ? 0 : 1;
        });
        return command;
    }

    private static LoadReport WithLedger(LoadReport report, ServedHost host)
    {
        host.Stop();
        var books = Books.Open(host.DatabasePath, TimeProvider.System);
        try
        {
            long billed = 0;
            for (long? after = 0; after is { } from;)
            {
                var page = books.ListReceipts(new ReceiptQuery(After: from, Limit: ReceiptQuery.LongestPage));
                billed += page.Receipts.Sum(receipt => receipt.Counts.Generated);
                after = page.Next;
            }
            return report with { BilledTokens = billed, AuditFindings = books.Audit() };
        }
        finally
        {
            books.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static void Write(LoadReport report)
    {
        Console.WriteLine($"{report.Requests} requests of {report.Clients} clients in {report.Seconds:f0} s (seed {report.Seed})");
        foreach (var (ending, count) in report.Endings)
            Console.WriteLine($"  {count,6}  {ending}");
        Console.WriteLine($"not what was asked for: {report.ProblemCount}");
        foreach (var problem in report.Problems)
            Console.WriteLine($"  {problem}");
        Console.WriteLine($"left behind: {(report.Left.Count == 0 ? "nothing" : string.Join(", ", report.Left))}");
        Console.WriteLine($"tokens generated {report.GeneratedTokens}, billed {report.BilledTokens}");
        Console.WriteLine($"the audit finds {(report.AuditFindings.Count == 0 ? "nothing" : string.Join(' ', report.AuditFindings))}");
        Console.WriteLine(Line("first token", report.FirstToken));
        Console.WriteLine(Line("inter-token", report.InterToken));
        Console.WriteLine(Line("GET /healthz meanwhile", report.Health));
        Console.WriteLine(
            $"resident over the last half: {report.Resident.MedianBytes / 1e6:f1} MB, drift {report.Resident.Drift:p2}, "
            + $"farthest {report.Resident.Deviation:p2}: "
            + (report.Resident.IsFlat ? "flat" : "not flat"));
    }

    private static string Line(string name, Quantiles times) =>
        $"{name}: median {times.MedianSeconds * 1000:f1} ms, p99 {times.P99Seconds * 1000:f1} ms, "
        + $"longest {times.MaxSeconds * 1000:f1} ms of {times.Count}";

    private static Option<int> Number(string name, string description, int standard) =>
        new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard };
}
