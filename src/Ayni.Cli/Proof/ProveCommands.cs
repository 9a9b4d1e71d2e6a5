using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni prove</c>: hands out what others can verify.</summary>
internal static class ProveCommands
{
    public static Command Create() => new("prove", "Hand out what others can check with 'ayni verify'.")
    {
        CreateReceipt(),
        CreateStatement(),
        CreateAbsence(),
        CreateKey(),
    };

    private static Command CreateReceipt()
    {
        var id = new Argument<string>("id") { Description = "The receipt's id, or its request's." };
        return LedgerCommand.Create(
            "receipt",
            """
            Print a receipt with its proof, as JSON.

            Example:
              ayni prove receipt rcp_01kb3x7p8v4jq2m9t0c5n6r1w8 > receipt.json
            """,
            [id],
            (books, result, _, _) =>
            {
                var receipt = books.FindSignedReceipt(result.GetValue(id)!)
                    ?? throw new UsageException($"There is no receipt '{result.GetValue(id)}'.");
                if (!receipt.IsSigned)
                    throw new UsageException(
                        $"{receipt.Receipt.Id} was never signed: the ledger had no signing key when it was posted.");
                Output.WriteJson(writer => System.Text.Json.JsonSerializer.Serialize(writer, receipt, LedgerJson.Default.SignedReceipt));
                return Task.CompletedTask;
            });
    }

    private static Command CreateStatement()
    {
        var period = new Argument<string>("period") { Description = "The closed month, such as 2026-11." };
        var party = new Argument<string>("party") { Description = "The party." };
        return LedgerCommand.Create(
            "statement",
            """
            Print a party's final statement with its proof, as JSON.

            Example:
              ayni prove statement 2026-11 pty_7m3kq0x9t2va > statement.json
            """,
            [period, party],
            (books, result, _, _) =>
            {
                var json = books.ProveStatement(Period.Parse(result.GetValue(period)!), result.GetValue(party)!);
                Output.WriteText(writer => writer.WriteLine(System.Text.Encoding.UTF8.GetString(json)));
                return Task.CompletedTask;
            });
    }

    private static Command CreateAbsence()
    {
        var period = new Argument<string>("period") { Description = "The closed month, such as 2026-11." };
        var id = new Argument<string>("id") { Description = "The id of a receipt that the month does not count." };
        var currency = new Option<string>("--currency") { Description = "The currency of the month's tree.", HelpName = "CODE", Required = true };
        return LedgerCommand.Create(
            "absence",
            """
            Print a proof that a closed month counts no receipt of some id, by the two it would stand between, as JSON. Fails if the month counts it.

            Example:
              ayni prove absence 2026-11 rcp_01kb3x7p8v4jq2m9t0c5n6r1w8 --currency EUR > absence.json
            """,
            [period, id, currency],
            (books, result, _, _) =>
            {
                if (!Currency.TryParse(result.GetValue(currency)!, out var code))
                    throw new UsageException($"'{result.GetValue(currency)}' is no currency of ISO 4217.");
                var json = books.ProveAbsence(Period.Parse(result.GetValue(period)!), code, result.GetValue(id)!);
                Output.WriteText(writer => writer.WriteLine(System.Text.Encoding.UTF8.GetString(json)));
                return Task.CompletedTask;
            });
    }

    private static Command CreateKey() => LedgerCommand.Create(
        "key",
        """
        Print the log's public key. Give it to whoever is to verify on another way than receipts take: on paper, on a page of yours.

        Example:
          ayni prove key > log.pub
        """,
        [],
        (books, _, _, _) =>
        {
            Console.Out.WriteLine(books.LogKey);
            return Task.CompletedTask;
        });
}
