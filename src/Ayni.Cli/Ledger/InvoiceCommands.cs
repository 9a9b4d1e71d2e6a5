using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni ledger invoice</c>: invoices, credit notes, self-billing, and what is open of them.</summary>
internal static class InvoiceCommands
{
    public static readonly Listing<Invoice> Documents = new(
        LedgerJson.Default.Invoice,
        new("number", invoice => invoice.Number),
        new("kind", invoice => NameOf(invoice.Kind)),
        new("period", invoice => invoice.Period.ToString()),
        new("recipient", invoice => invoice.Recipient.Subject),
        new("name", invoice => invoice.Recipient.LegalName),
        new("issued", invoice => Cells.Instant(invoice.Issued)),
        new("due", invoice => Cells.Day(invoice.Due)),
        new("net", invoice => invoice.Net.Format(), IsNumber: true),
        new("taxes", invoice => invoice.TaxTotal.Format(), IsNumber: true),
        new("rounding", invoice => invoice.Rounding.Format(), IsNumber: true),
        new("total", invoice => invoice.Total.Format(), IsNumber: true),
        new("withheld", invoice => invoice.Withheld.Format(), IsNumber: true),
        new("currency", invoice => invoice.Currency.Code),
        new("credits", invoice => invoice.Credits));

    private static readonly Listing<InvoiceState> States = new(
        LedgerJson.Default.InvoiceState,
        new("number", state => state.Number),
        new("customer", state => state.CustomerId),
        new("due", state => Cells.Day(state.Due)),
        new("total", state => state.Total.Format(), IsNumber: true),
        new("credited", state => state.Credited.Format(), IsNumber: true),
        new("written_off", state => state.WrittenOff.Format(), IsNumber: true),
        new("paid", state => state.Paid.Format(), IsNumber: true),
        new("open", state => state.Open.Format(), IsNumber: true),
        new("currency", state => state.Currency.Code),
        new("days_overdue", state => Cells.Number(state.DaysOverdue), IsNumber: true),
        new("step", state => state.Step switch
        {
            DunningStep.Settled => "settled",
            DunningStep.Open => "open",
            DunningStep.Reminder => "reminder",
            DunningStep.SecondReminder => "second reminder",
            _ => "final notice",
        }),
        new("since", state => state.Since is { } day ? Cells.Day(day) : null));

    private static readonly Listing<CustomerAccount> Accounts = new(
        LedgerJson.Default.CustomerAccount,
        new("customer", account => account.CustomerId),
        new("invoices", account => Cells.Number(account.Invoices.Length), IsNumber: true),
        new("open", account => account.Open.Format(), IsNumber: true),
        new("credit", account => account.Credit.Format(), IsNumber: true),
        new("currency", account => account.Currency.Code));

    public static Command Create() => new("invoice", "Invoices, credit notes and self-billing documents.")
    {
        CreateIssue(),
        CreateList(),
        CreatePrint(),
        CreateCredit(),
        CreateOpen(),
        LedgerCommand.Create(
            "accounts",
            "Show what each customer owes of its invoices, and what it has paid ahead.\n\nExample:\n  ayni ledger invoice accounts", [],
            (books, _, output, _) =>
            {
                output.Write(Accounts, books.Accounts());
                return Task.CompletedTask;
            }),
        CreateWriteOff(),
        CreateReclaim(),
    };

    private static Command CreateIssue()
    {
        var period = new Argument<string>("period") { Description = "The closed month, such as 2026-11." };
        var entity = new Option<string?>("--entity") { Description = "The legal entity that issues them.", HelpName = "CODE" };
        return LedgerCommand.Create(
            "issue",
            """
            Issue a closed month's invoices: one for each customer that was charged, and one in each party's name for what it is paid.
            Issuing them again issues what is missing and changes nothing.

            Example:
              ayni ledger invoice issue 2026-11
            """,
            [period, entity],
            async (books, result, output, cancellationToken) => output.Write(Documents, await books.IssueInvoicesAsync(
                Period.Parse(result.GetValue(period)!), result.GetValue(entity), cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateList()
    {
        var number = new Argument<string?>("number") { Description = "Only this one.", Arity = ArgumentArity.ZeroOrOne };
        var period = PeriodOption.Create("Only those of this month.");
        var kind = new Option<string>("--kind")
        {
            Description = "invoice, credit-note or self-bill.",
            HelpName = "KIND",
            DefaultValueFactory = _ => "invoice",
        };
        return LedgerCommand.Create(
            "list",
            """
            List invoices, oldest first, or show one by its number. JSON has their lines and taxes.

            Examples:
              ayni ledger invoice list --period 2026-11 --kind self-bill
              ayni ledger invoice list AYNI-2026-000001 --json
            """,
            [number, period, kind],
            (books, result, output, _) =>
            {
                if (result.GetValue(number) is { } one)
                {
                    output.WriteOne(Documents, Find(books, one));
                    return Task.CompletedTask;
                }
                Period? month = result.GetValue(period) is { } text ? Period.Parse(text) : null;
                output.Write(Documents, books.ListInvoices(ParseKind(result.GetValue(kind)!), month));
                return Task.CompletedTask;
            });
    }

    private static Command CreatePrint()
    {
        var number = new Argument<string?>("number") { Description = "Only this one.", Arity = ArgumentArity.ZeroOrOne };
        var period = PeriodOption.Create("Those of this month.");
        var kind = new Option<string?>("--kind")
        {
            Description = "invoice, credit-note or self-bill; every kind if not given.",
            HelpName = "KIND",
        };
        var html = new Option<string?>("--html")
        {
            Description = $"The language of a page to print: {string.Join(", ", StatementLanguage.All.Select(language => language.Code))}.",
            HelpName = "LANGUAGE",
        };
        return LedgerCommand.Create(
            "print",
            """
            Write invoices, credit notes and self-billing documents as they are sent and as programs of finance take them: a page of HTML to
            print, or with --csv every line, tax and total. They are the same each time.

            Examples:
              ayni ledger invoice print AYNI-2026-000001 --html es > invoice.html
              ayni ledger invoice print --period 2026-11 --csv > november.csv
            """,
            [number, period, kind, html],
            (books, result, output, _) =>
            {
                var language = result.GetValue(html) is { } code
                    ? LedgerCommands.FindLanguage(code, output.Format)
                    : StatementLanguage.English;
                var invoices = result.GetValue(number) is { } one ? [Find(books, one)]
                    : result.GetValue(period) is not { } month ? throw new UsageException("Name an invoice, or --period 2026-11.")
                    : (result.GetValue(kind) is { } only ? [ParseKind(only)] : Enum.GetValues<InvoiceKind>())
                        .SelectMany(which => books.ListInvoices(which, Period.Parse(month))).ToList();
                if (output.Format == OutputFormat.Csv)
                    Output.WriteText(writer => writer.Write(InvoiceCsv.ToCsv(invoices)));
                else if (output.Format == OutputFormat.Json)
                    output.Write(Documents, invoices);
                else
                    Output.WriteText(writer => writer.Write(InvoiceHtml.ToHtml(invoices.Select(books.ToPrintable), language)));
                return Task.CompletedTask;
            });
    }

    private static Command CreateCredit()
    {
        var number = new Argument<string>("number") { Description = "The invoice's number." };
        var reason = new Option<string>("--reason") { Description = "Why, for the note.", HelpName = "TEXT", Required = true };
        var lines = new Option<string[]>("--line")
        {
            Description = "A line of the invoice, from 1, and what to credit of it before tax; all that is left if no line is given.",
            HelpName = "N=AMOUNT",
        };
        var reference = new Option<string?>("--reference")
        {
            Description = "What you call the note: issued again by the same one, it is issued once.",
            HelpName = "TEXT",
        };
        return LedgerCommand.Create(
            "credit",
            """
            Issue a credit note for an invoice or parts of its lines. It lessens what the parties share in the first open month, and
            is the evidence of it.

            Example:
              ayni ledger invoice credit AYNI-2026-000001 --line 1=4.00 --reason "slow answers on 3 November"
            """,
            [number, reason, lines, reference],
            async (books, result, output, cancellationToken) =>
            {
                var invoice = Find(books, result.GetValue(number)!);
                var parts = (result.GetValue(lines) ?? []).Select(text => ParseLine(text, invoice.Currency)).ToImmutableArray();
                output.WriteOne(Documents, parts.IsEmpty
                    ? await books.CreditInvoiceAsync(
                        invoice.Number, result.GetValue(reason)!, result.GetValue(reference), cancellationToken).ConfigureAwait(false)
                    : await books.CreditInvoiceAsync(
                        invoice.Number, parts, result.GetValue(reason)!, result.GetValue(reference), cancellationToken).ConfigureAwait(false));
            });
    }

    private static Command CreateOpen()
    {
        var customer = new Option<string?>("--customer") { Description = "Only this customer's, the settled ones too.", HelpName = "ID" };
        return LedgerCommand.Create(
            "open",
            """
            Show what is open of invoices, since when it is due and how far dunning is. Payments cover a customer's invoices from the
            oldest on.

            Example:
              ayni ledger invoice open
            """,
            [customer],
            (books, result, output, _) =>
            {
                output.Write(States, result.GetValue(customer) is { } id
                    ? books.AccountOf(id).Invoices
                    : books.Accounts().SelectMany(account => account.Invoices).Where(state => state.Step != DunningStep.Settled));
                return Task.CompletedTask;
            });
    }

    private static Command CreateWriteOff()
    {
        var number = new Argument<string>("number") { Description = "The invoice's number." };
        var reason = new Option<string>("--reason") { Description = "Why.", HelpName = "TEXT", Required = true };
        return LedgerCommand.Create(
            "write-off",
            """
            Give up what is open of an invoice: a bad debt.

            Example:
              ayni ledger invoice write-off AYNI-2026-000001 --reason "insolvent"
            """,
            [number, reason],
            async (books, result, output, cancellationToken) => output.WriteOne(PaymentCommands.WriteOffs, await books.WriteOffAsync(
                result.GetValue(number)!, result.GetValue(reason)!, cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateReclaim()
    {
        var id = new Argument<string>("id") { Description = "The write-off's id." };
        var reason = new Option<string>("--reason") { Description = "Why.", HelpName = "TEXT", Required = true };
        return LedgerCommand.Create(
            "reclaim",
            """
            Take a claim up again that was written off, because it may be paid after all.

            Example:
              ayni ledger invoice reclaim wof_7m3kq0x9t2va --reason "an heir pays"
            """,
            [id, reason],
            async (books, result, output, cancellationToken) => output.WriteOne(PaymentCommands.WriteOffs, await books.ReverseWriteOffAsync(
                result.GetValue(id)!, result.GetValue(reason)!, cancellationToken).ConfigureAwait(false)));
    }

    private static Invoice Find(Books books, string number) =>
        books.FindInvoice(number) ?? throw new UsageException($"There is no invoice '{number}'.");

    private static (int Line, Amount Amount) ParseLine(string text, Currency currency) =>
        text.Split('=') is [var line, var amount]
        && int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? (number - 1, Amount.Parse(amount, currency))
            : throw new UsageException($"'{text}' is no line and amount; write 1=4.00.");

    private static string NameOf(InvoiceKind kind) => kind switch
    {
        InvoiceKind.CreditNote => "credit-note",
        InvoiceKind.SelfBill => "self-bill",
        _ => "invoice",
    };

    private static InvoiceKind ParseKind(string name) => name switch
    {
        "invoice" => InvoiceKind.Invoice,
        "credit-note" => InvoiceKind.CreditNote,
        "self-bill" => InvoiceKind.SelfBill,
        _ => throw new UsageException($"'{name}' is no kind; there are invoice, credit-note and self-bill."),
    };
}
