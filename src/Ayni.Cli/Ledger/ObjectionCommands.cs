using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni ledger objection</c>: what parties and customers dispute, and how that ended.</summary>
internal static class ObjectionCommands
{
    public static Listing<Objection> Listing { get; } = new(
        LedgerJson.Default.Objection,
        new("id", objection => objection.Id),
        new("by", objection => objection.RaisedBy),
        new("to", objection => objection.Subject.ToString().ToLowerInvariant()),
        new("reference", objection => objection.Reference),
        new("period", objection => objection.Period.ToString()),
        new("state", objection => objection.State.ToString().ToLowerInvariant()),
        new("says", objection => objection.Steps[^1].Says),
        new("correction", objection => objection.Steps[^1].Correction));

    public static Command Create() => new("objection", "What parties and customers dispute, and how that ended.")
    {
        CreateRaise(),
        CreateReply(),
        CreateResolve(),
        CreateList(),
    };

    private static Command CreateRaise()
    {
        var by = new Option<string>("--by") { Description = "The party or customer who objects.", HelpName = "ID", Required = true };
        var statement = new Option<string?>("--statement") { Description = "To its own statement of this month.", HelpName = "YYYY-MM" };
        var receipt = new Option<string?>("--receipt") { Description = "To a receipt.", HelpName = "ID" };
        var deduction = new Option<string?>("--deduction") { Description = "To the deduction with this evidence.", HelpName = "EVIDENCE" };
        var period = PeriodOption.Create("The month in which the deduction counts.");
        var says = Says("Why.");
        return LedgerCommand.Create(
            "raise",
            """
            Enter an objection. It stands in the log, in the month's bundle for auditors and beside the statement, and is never taken back, only
            answered and resolved. Parties and customers raise them themselves by POST /api/objections.

            Examples:
              ayni ledger objection raise --by pty_7m3kq0x9t2va --statement 2026-11 --says "our app's requests of the 3rd are missing"
              ayni ledger objection raise --by pty_7m3kq0x9t2va --deduction report-2026-11 --period 2026-11 --says "the fee was 2.10"
            """,
            [by, statement, receipt, deduction, period, says],
            async (books, result, output, cancellationToken) =>
            {
                (ObjectionSubject Subject, string Reference)[] named =
                [
                    .. new[]
                    {
                        (ObjectionSubject.Statement, result.GetValue(statement)), (ObjectionSubject.Receipt, result.GetValue(receipt)),
                        (ObjectionSubject.Deduction, result.GetValue(deduction)),
                    }.Where(one => one.Item2 is not null).Select(one => (one.Item1, one.Item2!)),
                ];
                if (named is not [var (subject, reference)])
                    throw new UsageException("Give one of --statement, --receipt and --deduction.");
                Period? month = result.GetValue(period) is { } text ? Period.Parse(text) : null;
                output.WriteOne(Listing, await books.RaiseObjectionAsync(
                    result.GetValue(by)!, subject, reference, result.GetValue(says)!, month, cancellationToken).ConfigureAwait(false));
            });
    }

    private static Command CreateReply()
    {
        var id = Id();
        var by = new Option<string?>("--by") { Description = "Who raised it, if that is who replies; the operator otherwise.", HelpName = "ID" };
        var says = Says("What is answered.");
        return LedgerCommand.Create(
            "reply",
            """
            Answer an objection, or let who raised it reply.

            Example:
              ayni ledger objection reply obj_7m3kq0x9t2va --says "they were late; December counts them"
            """,
            [id, by, says],
            async (books, result, output, cancellationToken) => output.WriteOne(Listing, await books.ReplyToObjectionAsync(
                result.GetValue(id)!, result.GetValue(by), result.GetValue(says)!, cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateResolve()
    {
        var id = Id();
        var correction = new Option<string?>("--correction")
        {
            Description = "The credit note's number or the deduction's evidence that puts it right; record that first.",
            HelpName = "REFERENCE",
        };
        var says = Says("How it ended; without a correction, why there is none.");
        return LedgerCommand.Create(
            "resolve",
            """
            End an objection.

            Examples:
              ayni ledger objection resolve obj_7m3kq0x9t2va --says "charged twice" --correction AYNI-CN-2026-000001
              ayni ledger objection resolve obj_7m3kq0x9t2va --says "the log shows both requests"
            """,
            [id, correction, says],
            async (books, result, output, cancellationToken) => output.WriteOne(Listing, await books.ResolveObjectionAsync(
                result.GetValue(id)!, result.GetValue(says)!, result.GetValue(correction), cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateList()
    {
        var period = PeriodOption.Create("Only those about this month.");
        return LedgerCommand.Create(
            "list",
            "List objections, oldest first.\n\nExample:\n  ayni ledger objection list --period 2026-11 --json",
            [period],
            (books, result, output, _) =>
            {
                output.Write(Listing, books.ListObjections(result.GetValue(period) is { } text ? Period.Parse(text) : null));
                return Task.CompletedTask;
            });
    }

    private static Argument<string> Id() => new("id") { Description = "The objection's id." };

    private static Option<string> Says(string description) => new("--says") { Description = description, HelpName = "TEXT", Required = true };
}
