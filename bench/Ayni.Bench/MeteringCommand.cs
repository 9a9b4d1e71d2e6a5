using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Ayni.Bench;

/// <summary><c>bench/run metering</c>: what metering costs a request.</summary>
internal static class MeteringCommand
{
    private static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static Command Create()
    {
        var place = new LedgerOptions();
        var keys = Number("--keys", "Keys that the requests come by.", 100);
        var rate = Number("--rate", "Requests a second.", 1000);
        var seconds = Number("--seconds", "Seconds with metering, and as many without.", 10);
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command(
            "metering",
            """
            What metering adds to a request whose answer takes no time, by requests at a steady rate that are metered in every other second.

            Examples:
              bench/run metering
              bench/run metering --db postgres --rate 1000 --seconds 30 --json
            """)
        {
            place.Database, place.Address, place.Folder, keys, rate, seconds, json,
        };
        command.SetAction(async result =>
        {
            using var ledger = place.Make(result);
            var run = new MeteringRun(ledger.Address, result.GetValue(keys), result.GetValue(rate), result.GetValue(seconds));
            var report = await run.RunAsync(result.GetValue(place.Database)!, result.GetValue(place.Folder)!).ConfigureAwait(false);
            if (result.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(report, Json));
            else
                Write(report);
        });
        return command;
    }

    private static void Write(MeteringReport report)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Database}, {report.Keys} keys, {report.PerSecond} requests a second: metering adds {report.MedianCostSeconds * 1e3:f2} ms (p50) and {report.P99CostSeconds * 1e3:f2} ms (p99)"));
        Line("without", report.Without);
        Line("metered", report.With);
        Line("one flush of the disk", report.Flush);

        static void Line(string what, Quantiles seconds) => Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  {what}: p50 {seconds.MedianSeconds * 1e3:f2} ms, p99 {seconds.P99Seconds * 1e3:f2} ms ({seconds.Count})"));
    }

    private static Option<int> Number(string name, string description, int standard) =>
        new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard };
}
