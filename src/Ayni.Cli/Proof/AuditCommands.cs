using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni audit</c>: hands a month to an auditor, who runs it again elsewhere.</summary>
internal static class AuditCommands
{
    public static Command Create() => new("audit", "Hand a closed month to an auditor, and run it again elsewhere.")
    {
        CreateExport(),
        CreateVerify(),
        CanaryCommands.Create(),
    };

    private static Command CreateExport()
    {
        var period = new Argument<string>("period") { Description = "The closed month, such as 2026-11." };
        var folder = new Argument<string>("folder") { Description = "An empty folder, or one that is not there yet." };
        return LedgerCommand.Create(
            "export",
            """
            Write everything a closed month commits to into a folder: agreements, revenue, deductions, shares, statements, and every receipt. It
            shows every customer's receipts: give it to nobody who may not see them.

            Example:
              ayni audit export 2026-11 november
            """,
            [period, folder],
            (books, result, _, _) =>
            {
                books.ExportPeriod(Period.Parse(result.GetValue(period)!), result.GetValue(folder)!);
                return Task.CompletedTask;
            });
    }

    private static Command CreateVerify()
    {
        var folders = new Argument<string[]>("folder")
        {
            Description = "The month's bundle, or those of several months in their order, each of which must go on from the one before.",
            Arity = ArgumentArity.OneOrMore,
        };
        var key = new Option<string?>("--key") { Description = "The log's key, from somewhere you trust.", HelpName = "KEY" };
        var log = new Option<string?>("--log") { Description = "The host's log: its address, or a folder.", HelpName = "URL|DIR" };
        var canaries = new Option<string[]>("--receipt")
        {
            Description = "A receipt you hold, such as that of a canary key, which the month must have counted. May be given several times.",
            HelpName = "FILE",
            DefaultValueFactory = _ => [],
        };
        var command = new Command(
            "verify",
            """
            Run months again from their bundles, without the ledger: trees, keys' numbers, sums, every share from the agreements in force, and that
            each month goes on from the one before. Fails if anything is other than the host signed, or if a receipt you hold was not counted.

            Examples:
              ayni audit verify october november --key log.pub --log https://host.example/log/
              ayni audit verify november --key log.pub --log https://host.example/log/ --receipt canary1.json --receipt canary2.json
            """)
        {
            folders, key, log, canaries,
        };
        command.SetAction(result =>
        {
            var logKey = result.GetValue(key) is { } text ? VerifyCommand.ReadKey(text) : null;
            using var source = result.GetValue(log) is { } place ? LogSource.Open(place) : null;
            var months = new List<AuditedPeriod>();
            foreach (var folder in result.GetValue(folders)!)
            {
                months.Add(AuditVerifier.Verify(folder, logKey, source?.Reader, TimeProvider.System.GetUtcNow(), months.LastOrDefault()));
                VerifyCommand.Show(months[^1].Verification);
            }
            foreach (var json in result.GetValue(canaries)!.Select(file => File.ReadAllBytes(file)))
                VerifyCommand.Show(AuditedPeriod.DemandCounted(months, json, logKey));
            return 0;
        });
        return command;
    }
}
