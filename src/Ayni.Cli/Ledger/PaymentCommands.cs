using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni ledger payment</c>: money from and to customers.</summary>
internal static class PaymentCommands
{
    private static readonly Listing<Payment> Listing = new(
        LedgerJson.Default.Payment,
        new("id", payment => payment.Id),
        new("kind", payment => payment.Kind.ToString().ToLowerInvariant()),
        new("customer", payment => payment.CustomerId),
        new("amount", payment => payment.Amount.Format(), IsNumber: true),
        new("currency", payment => payment.Currency.Code),
        new("bank_reference", payment => payment.BankReference),
        new("date", payment => Cells.Day(payment.ValueDate)),
        new("reverses", payment => payment.Reverses));

    public static Listing<WriteOff> WriteOffs { get; } = new(
        LedgerJson.Default.WriteOff,
        new("id", writeOff => writeOff.Id),
        new("invoice", writeOff => writeOff.Invoice),
        new("amount", writeOff => writeOff.Amount.Format(), IsNumber: true),
        new("currency", writeOff => writeOff.Currency.Code),
        new("reason", writeOff => writeOff.Reason),
        new("reverses", writeOff => writeOff.Reverses));

    public static Command Create() => new("payment", "Money that customers paid, and got back.")
    {
        CreateRecord(
            "record",
            """
            Record money that a customer paid. It covers the customer's invoices from the oldest on; what is left is credit. The same bank
            reference recorded again changes nothing.

            Example:
              ayni ledger payment record cus_7m3kq0x9t2va 12.34 --reference 2026-12-01/77 --date 2026-12-01
            """,
            (books, customer, amount, reference, date, cancellationToken) =>
                books.RecordPaymentAsync(customer, amount, reference, date, cancellationToken)),
        CreateRecord(
            "refund",
            """
            Record money given back to a customer, out of what it paid too much. To give back what it owed, issue a credit note first.

            Example:
              ayni ledger payment refund cus_7m3kq0x9t2va 4.00 --reference 2026-12-05/12 --date 2026-12-05
            """,
            (books, customer, amount, reference, date, cancellationToken) =>
                books.RecordRefundAsync(customer, amount, reference, date, cancellationToken)),
        CreateReverse(),
        CreateImport(),
        CreateList(),
    };

    private static Command CreateRecord(
        string name, string description, Func<Books, string, Amount, string, DateOnly, CancellationToken, Task<Payment>> record)
    {
        var customer = new Argument<string>("customer") { Description = "The customer's id." };
        var amount = new Argument<string>("amount") { Description = "How much, in the customer's currency." };
        var (reference, date) = (Reference(), BookingDateOption.Create());
        return LedgerCommand.Create(
            name, description, [customer, amount, reference, date],
            async (books, result, output, cancellationToken) =>
            {
                var found = books.ListCustomers().FirstOrDefault(one => one.Id == result.GetValue(customer))
                    ?? throw new UsageException($"There is no customer '{result.GetValue(customer)}'.");
                output.WriteOne(Listing, await record(
                    books, found.Id, Amount.Parse(result.GetValue(amount)!, found.Currency), result.GetValue(reference)!,
                    Cells.ParseDay(result.GetValue(date)!), cancellationToken).ConfigureAwait(false));
            });
    }

    private static Command CreateReverse()
    {
        var id = new Argument<string>("id") { Description = "The payment's id." };
        var (reference, date) = (Reference(), BookingDateOption.Create());
        return LedgerCommand.Create(
            "reverse",
            """
            Record that the bank took a payment back; what it covered is owed again.

            Example:
              ayni ledger payment reverse pay_7m3kq0x9t2va --reference 2026-12-09/3 --date 2026-12-09
            """,
            [id, reference, date],
            async (books, result, output, cancellationToken) => output.WriteOne(Listing, await books.ReversePaymentAsync(
                result.GetValue(id)!, result.GetValue(reference)!, Cells.ParseDay(result.GetValue(date)!), cancellationToken)
                .ConfigureAwait(false)));
    }

    private static Command CreateImport()
    {
        var file = new Argument<string>("file") { Description = "The file." };
        return LedgerCommand.Create(
            "import",
            """
            Record payments from a CSV file with the columns bank_reference, date, amount, currency and customer or invoice. The file is
            read as a whole first; importing it again changes nothing.

            Example:
              ayni ledger payment import december.csv
            """,
            [file],
            async (books, result, output, cancellationToken) =>
            {
                using var reader = new StreamReader(result.GetValue(file)!);
                output.Write(Listing, await books.ImportPaymentsAsync(PaymentsCsv.Read(reader), cancellationToken).ConfigureAwait(false));
            });
    }

    private static Command CreateList()
    {
        var customer = new Option<string?>("--customer") { Description = "Only this customer's.", HelpName = "ID" };
        return LedgerCommand.Create(
            "list", "List payments, refunds and reversals, oldest first.\n\nExample:\n  ayni ledger payment list --csv", [customer],
            (books, result, output, _) =>
            {
                output.Write(Listing, books.ListPayments(result.GetValue(customer)));
                return Task.CompletedTask;
            });
    }

    private static Option<string> Reference() => new("--reference")
    {
        Description = "What the bank calls it; recorded once.",
        HelpName = "TEXT",
        Required = true,
    };
}
