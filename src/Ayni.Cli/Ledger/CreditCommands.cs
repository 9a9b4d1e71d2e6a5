using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni ledger credit</c>: what customers pay in advance.</summary>
internal static class CreditCommands
{
    private static readonly Listing<Credit> Listing = new(
        LedgerJson.Default.Credit,
        new("id", credit => credit.Id),
        new("customer", credit => credit.CustomerId),
        new("amount", credit => credit.Amount.Format(), IsNumber: true),
        new("left", credit => credit.Left.Format(), IsNumber: true),
        new("currency", credit => credit.Currency.Code),
        new("priority", credit => Cells.Number(credit.Priority), IsNumber: true),
        new("model", credit => credit.Model),
        new("purchased", credit => Cells.Instant(credit.Purchased)),
        new("expires", credit => Cells.Instant(credit.Expires)));

    private static readonly Listing<CreditUse> Uses = new(
        LedgerJson.Default.CreditUse,
        new("credit", use => use.CreditId),
        new("customer", use => use.CustomerId),
        new("period", use => use.Period.ToString()),
        new("amount", use => use.Amount.Format(), IsNumber: true),
        new("currency", use => use.Amount.Currency.Code));

    private static readonly Listing<ReturnedCredit> Returns = new(
        LedgerJson.Default.ReturnedCredit,
        new("id", returned => returned.Id),
        new("credit", returned => returned.CreditId),
        new("amount", returned => returned.Amount.Format(), IsNumber: true),
        new("currency", returned => returned.Currency.Code),
        new("note", returned => returned.Note?.Number),
        new("with_tax", returned => returned.Note?.Total.Format(), IsNumber: true));

    public static Command Create() => new("credit", "What customers pay in advance, and what their charges use of it.")
    {
        CreateSell(),
        LedgerCommand.Create(
            "list", "List every credit with what closed months left of it.\n\nExample:\n  ayni ledger credit list --json", [],
            (books, _, output, _) =>
            {
                output.Write(Listing, books.ListCredits());
                return Task.CompletedTask;
            }),
        CreateReturn(),
        CreateUses(),
    };

    private static Command CreateSell()
    {
        var customer = new Argument<string>("customer") { Description = "The customer's id." };
        var amount = new Argument<string>("amount") { Description = "What it costs, and pays, in the customer's currency." };
        var model = new Option<string>("--model")
        {
            Description = "The model whose revenue it becomes if it expires and the customer used nothing while it was valid.",
            HelpName = "NAME",
            Required = true,
        };
        var expires = new Option<string?>("--expires")
        {
            Description = "From this day or instant on it pays nothing; never if not given.",
            HelpName = "DAY",
        };
        var priority = new Option<int>("--priority")
        {
            Description = "The lower number is used first, then what expires sooner.",
            HelpName = "NUMBER",
        };
        var reference = new Option<string?>("--reference")
        {
            Description = "What you call the sale: sold again by the same one, it is made once.",
            HelpName = "TEXT",
        };
        return LedgerCommand.Create(
            "sell",
            """
            Sell a customer a credit. It is owed at once and earned when charges use it; what is left when it expires is earned then.

            Example:
              ayni ledger credit sell cus_7m3kq0x9t2va 100 --model bard --expires 2027-12-01
            """,
            [customer, amount, model, expires, priority, reference],
            async (books, result, output, cancellationToken) =>
            {
                var buyer = books.ListCustomers().FirstOrDefault(candidate => candidate.Id == result.GetValue(customer))
                    ?? throw new UsageException($"There is no customer '{result.GetValue(customer)}'.");
                output.WriteOne(Listing, await books.BuyCreditAsync(
                    buyer.Id, Amount.Parse(result.GetValue(amount)!, buyer.Currency), result.GetValue(model)!,
                    Cells.ParseStart(result.GetValue(expires), books.Zone), result.GetValue(priority), result.GetValue(reference), cancellationToken).ConfigureAwait(false));
            });
    }

    private static Command CreateReturn()
    {
        var credit = new Argument<string>("credit") { Description = "The credit's id." };
        var reason = new Option<string>("--reason") { Description = "Why, for the note.", HelpName = "TEXT", Required = true };
        var reference = new Option<string?>("--reference")
        {
            Description = "What you call the return: asked for again by the same one, it is made once.",
            HelpName = "TEXT",
        };
        return LedgerCommand.Create(
            "return",
            """
            Give back what is unused of a credit, by a credit note for the invoice it was sold on. While the month is open in which it was sold, there is
            none: the month's invoice will show the return beside the sale.

            Example:
              ayni ledger credit return crd_7m3kq0x9t2va --reason "the customer leaves"
            """,
            [credit, reason, reference],
            async (books, result, output, cancellationToken) => output.WriteOne(
                Returns, await books.ReturnCreditAsync(
                    result.GetValue(credit)!, result.GetValue(reason)!, result.GetValue(reference), cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateUses()
    {
        var period = PeriodOption.Create("The month.");
        period.Required = true;
        return LedgerCommand.Create(
            "uses",
            """
            List what credits pay of a month's charges; an estimate until the month is closed.

            Example:
              ayni ledger credit uses --period 2026-11 --csv
            """,
            [period],
            (books, result, output, _) =>
            {
                output.Write(Uses, books.ListCreditUses(Period.Parse(result.GetValue(period)!)));
                return Task.CompletedTask;
            });
    }
}
