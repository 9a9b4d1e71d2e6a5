using System.CommandLine;
using System.Text.Json;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni ledger payout</c>: what parties are paid, and what the bank says of it.</summary>
internal static class PayoutCommands
{
    private static readonly Listing<Payout> Payouts = new(
        LedgerJson.Default.Payout,
        new("id", payout => payout.Id),
        new("batch", payout => payout.Batch),
        new("party", payout => payout.PartyId),
        new("holder", payout => payout.Account.Holder),
        new("iban", payout => payout.Account.Iban.ToString()),
        new("amount", payout => payout.Amount.Format(), IsNumber: true),
        new("currency", payout => payout.Currency.Code),
        new("documents", payout => string.Join(' ', payout.Documents)),
        new("status", payout => payout.Status.ToString().ToLowerInvariant()));

    private static readonly Listing<BankReportOutcome> Outcomes = new(
        LedgerJson.Default.BankReportOutcome,
        new("payout", outcome => outcome.PayoutId),
        new("result", outcome => outcome.Result.ToString().ToLowerInvariant()),
        new("detail", outcome => outcome.Detail));

    public static Command Create() => new("payout", "What parties are paid.")
    {
        CreatePlan(),
        CreateOrder(),
        CreateFile(),
        CreatePaid(),
        CreateReturned(),
        CreateReport(),
        CreateList(),
    };

    private static Command CreatePlan()
    {
        var (currency, entity) = (CurrencyOption(), Entity());
        return LedgerCommand.Create(
            "plan",
            """
            Show what could be paid now. What waits for bank details or for the end of a hold is listed on standard error.

            Example:
              ayni ledger payout plan --currency EUR
            """,
            [currency, entity],
            (books, result, output, _) =>
            {
                var plan = books.PlanPayouts(Currency.Parse(result.GetValue(currency)!), result.GetValue(entity));
                output.Write(Payouts, plan.Payouts);
                foreach (var held in plan.Held)
                    Console.Error.WriteLine($"{held.PartyId} waits for {held.Amount}: {held.Reason}");
                return Task.CompletedTask;
            });
    }

    private static Command CreateOrder()
    {
        var (currency, entity) = (CurrencyOption(), Entity());
        var day = new Option<string?>("--on") { Description = "When the bank is to pay; today if not given.", HelpName = "DAY" };
        return LedgerCommand.Create(
            "order",
            """
            Order everything that can be paid: one payout for each party, of all that invoices in its name say. Each of these is paid once.
            Write the bank's file with 'ayni ledger payout file'.

            Example:
              ayni ledger payout order --currency EUR --on 2026-12-10
            """,
            [currency, entity, day],
            async (books, result, output, cancellationToken) => output.Write(Payouts, (await books.OrderPayoutsAsync(
                Currency.Parse(result.GetValue(currency)!),
                result.GetValue(day) is { } text ? Cells.ParseDay(text) : null,
                result.GetValue(entity), cancellationToken).ConfigureAwait(false)).Payouts));
    }

    private static Command CreateFile()
    {
        var batch = new Argument<string>("batch") { Description = "The batch's id." };
        return LedgerCommand.Create(
            "file",
            """
            Write a batch as the message that banks take (ISO 20022 pain.001.001.09), or with --csv or --json. It is the same each time.

            Example:
              ayni ledger payout file bat-7m3kq0x9t2va > payouts.xml
            """,
            [batch],
            (books, result, output, _) =>
            {
                var found = books.FindPayoutBatch(result.GetValue(batch)!)
                    ?? throw new UsageException($"There is no batch '{result.GetValue(batch)}'.");
                switch (output.Format)
                {
                    case OutputFormat.Json:
                        Output.WriteJson(writer => JsonSerializer.Serialize(writer, found, LedgerJson.Default.PayoutBatch));
                        break;
                    case OutputFormat.Csv:
                        Output.WriteText(writer => writer.Write(found.ToCsv()));
                        break;
                    default:
                        Output.WriteText(writer => writer.Write(found.ToPain001()));
                        break;
                }
                return Task.CompletedTask;
            });
    }

    private static Command CreatePaid()
    {
        var id = new Argument<string>("id") { Description = "The payout's id, which the bank calls the end-to-end id." };
        var (reference, date) = (Reference(), BookingDateOption.Create());
        return LedgerCommand.Create(
            "paid",
            """
            Record that the bank paid a payout.

            Example:
              ayni ledger payout paid pyo-7m3kq0x9t2va --reference 2026-12-10/4 --date 2026-12-10
            """,
            [id, reference, date],
            async (books, result, output, cancellationToken) => output.WriteOne(Payouts, await books.MarkPayoutPaidAsync(
                result.GetValue(id)!, result.GetValue(reference)!, Cells.ParseDay(result.GetValue(date)!), cancellationToken)
                .ConfigureAwait(false)));
    }

    private static Command CreateReturned()
    {
        var id = new Argument<string>("id") { Description = "The payout's id, which the bank calls the end-to-end id." };
        var (reference, date) = (Reference(), BookingDateOption.Create());
        var reason = new Option<string>("--reason") { Description = "What the bank says.", HelpName = "TEXT", Required = true };
        return LedgerCommand.Create(
            "returned",
            """
            Record that the bank returned a payout; what it paid is payable again and in the next order.

            Example:
              ayni ledger payout returned pyo-7m3kq0x9t2va --reference 2026-12-12/1 --date 2026-12-12 --reason "AC04 account closed"
            """,
            [id, reference, date, reason],
            async (books, result, output, cancellationToken) => output.WriteOne(Payouts, await books.ReturnPayoutAsync(
                result.GetValue(id)!, result.GetValue(reference)!, Cells.ParseDay(result.GetValue(date)!), result.GetValue(reason)!,
                cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateReport()
    {
        var file = new Argument<string>("file") { Description = "The bank's file." };
        return LedgerCommand.Create(
            "report",
            """
            Take in what the bank says of payouts: ISO 20022 pain.002 (rejections), camt.053 or camt.054 (payments and returns). What is not
            sure is left to you and listed as unresolved; taking the same file in again changes nothing.

            Example:
              ayni ledger payout report camt053-2026-12-10.xml
            """,
            [file],
            async (books, result, output, cancellationToken) =>
            {
                using var stream = File.OpenRead(result.GetValue(file)!);
                var report = BankReportReader.Read(stream);
                output.Write(Outcomes, await books.ImportBankReportAsync(report, cancellationToken).ConfigureAwait(false));
            });
    }

    private static Command CreateList()
    {
        var party = new Option<string?>("--party") { Description = "Only this party's.", HelpName = "ID" };
        return LedgerCommand.Create(
            "list", "List payouts in the order they were ordered.\n\nExample:\n  ayni ledger payout list --json", [party],
            (books, result, output, _) =>
            {
                output.Write(Payouts, books.ListPayouts(result.GetValue(party)));
                return Task.CompletedTask;
            });
    }

    private static Option<string> CurrencyOption() => new("--currency")
    {
        Description = "The currency, by its ISO 4217 code.",
        HelpName = "CODE",
        Required = true,
    };

    private static Option<string?> Entity() => new("--entity") { Description = "The legal entity that pays.", HelpName = "CODE" };

    private static Option<string> Reference() => new("--reference")
    {
        Description = "What the bank calls it.",
        HelpName = "TEXT",
        Required = true,
    };
}
