using System.CommandLine;
using System.Text.Json;

namespace Ayni.Bench;

/// <summary><c>bench/run log</c>: signed receipts a second, how soon the log holds them, and what a proof weighs.</summary>
internal static class LogCommand
{
    private static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static Command Create()
    {
        var folder = new Option<string>("--folder")
        {
            Description = "Where the ledger and its log are made: a folder on the disk to measure.",
            HelpName = "DIR",
            DefaultValueFactory = _ => Path.GetTempPath(),
        };
        var keys = Number("--keys", "How many keys share the receipts.", 100);
        var clients = Number("--clients", "Clients at a time, each of which waits for its receipts.", 1024);
        var seconds = Number("--seconds", "No new receipts after so long.", 20);
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command(
            "log",
            """
            Posts signed receipts while the log is published as a host does it, watches some until the log proves them, closes the month and verifies
            proofs.

            Example:
              bench/run log --json
            """)
        {
            folder, keys, clients, seconds, json,
        };
        command.SetAction(async result =>
        {
            using var place = LedgerPlace.Sqlite(result.GetValue(folder)!);
            var run = new LogRun(
                place.Address, result.GetValue(keys), result.GetValue(clients), TimeSpan.FromSeconds(result.GetValue(seconds)));
            var report = await run.RunAsync(Console.Error.WriteLine).ConfigureAwait(false);
            if (result.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(report, Json));
            else
                Write(report);
        });
        return command;
    }

    private static void Write(LogReport report)
    {
        Console.WriteLine(
            $"{report.PerSecond:f0} signed, durable receipts a second ({report.Receipts} in {report.Seconds:f1} s, {report.Flushes} flushes), "
            + $"{report.ProcessorMicroseconds:f1} us of this process each");
        Console.WriteLine(
            $"  in the log, with a proof, after: median {report.Inclusion.MedianSeconds:f2} s, p99 {report.Inclusion.P99Seconds:f2} s, "
            + $"last {report.Inclusion.MaxSeconds:f2} s ({report.Inclusion.Count} watched)");
        Console.WriteLine($"  closed in {report.CloseSeconds:f1} s; a receipt's proof as JSON has {report.ReceiptJsonBytes} bytes");
        Console.WriteLine(
            $"  a sum's proof among ten million leaves: {report.SumProofBytes} bytes, {report.SumProofJsonBytes} in base64, "
            + $"verified in {report.SumProofMicroseconds:f0} us; a whole receipt's in {report.ReceiptMicroseconds:f0} us");
    }

    private static Option<int> Number(string name, string description, int standard) =>
        new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard };
}
