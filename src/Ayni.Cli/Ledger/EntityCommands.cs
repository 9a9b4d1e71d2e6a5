using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary>
/// <c>ayni ledger entity</c> and <c>ayni ledger billing</c>: what stands on invoices about who issues and who receives them.
/// </summary>
internal static class EntityCommands
{
    private static readonly Listing<BillingDetails> Listing = new(
        LedgerJson.Default.BillingDetails,
        new("subject", details => details.Subject),
        new("version", details => Cells.Number(details.Version), IsNumber: true),
        new("legal_name", details => details.LegalName),
        new("address", details => details.Address),
        new("country", details => details.Country),
        new("tax_id", details => details.TaxId),
        new("taxes", details => string.Join(", ", details.Taxes.Where(tax => !tax.IsWithheld).Select(Describe))),
        new("withheld", details => string.Join(", ", details.Taxes.Where(tax => tax.IsWithheld).Select(Describe))),
        new("due_days", details => Cells.Number(details.DueDays), IsNumber: true));

    public static Command CreateEntity() => new("entity", "The legal entities that issue invoices.")
    {
        CreateSet(
            "set",
            "code",
            "Its code, 1 to 8 capital letters and digits; it begins the invoices' numbers.",
            """
            Enter a legal entity that issues invoices, or change what the next ones say about it.

            Example:
              ayni ledger entity set AYNI --name "Ayni Hosting GmbH" --address "Weg 1, 10115 Berlin" --country DE --tax-id DE123456789
            """,
            (books, details, cancellationToken) => books.SetEntityAsync(details, cancellationToken)),
        LedgerCommand.Create("list", "List the legal entities.\n\nExample:\n  ayni ledger entity list --json", [], (books, _, output, _) =>
        {
            output.Write(Listing, books.ListEntities());
            return Task.CompletedTask;
        }),
    };

    public static Command CreateBilling() => new("billing", "What invoices say about customers and parties, and their taxes.")
    {
        CreateSet(
            "set",
            "id",
            "The customer's or party's id.",
            """
            Change what the next invoices say about a customer or party. --tax is added to what a customer owes or a party earns;
            --withhold is kept back from what a party is paid.

            Examples:
              ayni ledger billing set cus_7m3kq0x9t2va --name "Rumi Bakery SL" --country ES --tax-id ESB12345678 --tax VAT=21% --days 30
              ayni ledger billing set pty_7m3kq0x9t2va --name "Model Owner Inc" --country US --withhold WHT=15% \
                --certificate WHT=5%:6166-77:2026-01-01:2026-12-31
            """,
            (books, details, cancellationToken) => books.SetBillingAsync(details, cancellationToken)),
        CreateShow(),
    };

    private static Command CreateSet(
        string name, string argument, string meaning, string description,
        Func<Books, BillingDetails, CancellationToken, Task<BillingDetails>> set)
    {
        var subject = new Argument<string>(argument) { Description = meaning };
        var legalName = new Option<string>("--name") { Description = "Its name in the register.", HelpName = "TEXT", Required = true };
        var address = new Option<string>("--address")
        {
            Description = "Street and place, separated by commas.",
            HelpName = "TEXT",
            DefaultValueFactory = _ => "",
        };
        var country = new Option<string>("--country")
        {
            Description = "Its country, two capital letters of ISO 3166.",
            HelpName = "CODE",
            DefaultValueFactory = _ => "",
        };
        var taxId = new Option<string?>("--tax-id") { Description = "Its number with the tax authority.", HelpName = "TEXT" };
        var taxes = new Option<string[]>("--tax") { Description = "A tax that is added.", HelpName = "NAME=PERCENT" };
        var withheld = new Option<string[]>("--withhold") { Description = "A tax that is withheld.", HelpName = "NAME=PERCENT" };
        var certificates = new Option<string[]>("--certificate")
        {
            Description = "By which less of a tax is withheld: its rate, number, first and last day.",
            HelpName = "NAME=PERCENT:NUMBER:FROM:UNTIL",
        };
        var days = new Option<int>("--days")
        {
            Description = "Days from issue to the due date.",
            HelpName = "N",
            DefaultValueFactory = _ => BillingDetails.DefaultDueDays,
        };
        return LedgerCommand.CreateFirst(
            name, description, [subject, legalName, address, country, taxId, taxes, withheld, certificates, days],
            async (books, result, output, cancellationToken) => output.WriteOne(Listing, await set(
                books,
                new(
                    result.GetValue(subject)!, 0, result.GetValue(legalName)!, result.GetValue(address)!, result.GetValue(country)!,
                    result.GetValue(taxId),
                    [
                        .. (result.GetValue(taxes) ?? []).Select(text => ParseTax(text, isWithheld: false)),
                        .. Certified(
                            [.. (result.GetValue(withheld) ?? []).Select(text => ParseTax(text, isWithheld: true))],
                            result.GetValue(certificates) ?? []),
                    ],
                    result.GetValue(days)),
                cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateShow()
    {
        var id = new Argument<string>("id") { Description = "The customer's or party's id." };
        return LedgerCommand.Create(
            "show",
            """
            Show what the next invoice of a customer or party says about it.

            Example:
              ayni ledger billing show cus_7m3kq0x9t2va
            """,
            [id],
            (books, result, output, _) =>
            {
                output.WriteOne(Listing, books.FindBilling(result.GetValue(id)!) ?? throw new UsageException(
                    $"Nothing is known of {result.GetValue(id)} but its name; set it with 'ayni ledger billing set'."));
                return Task.CompletedTask;
            });
    }

    private static Tax ParseTax(string text, bool isWithheld) => text.Split('=') is [var name, var percent]
        ? new(name, Cells.ParsePercent(percent), isWithheld)
        : throw new UsageException($"'{text}' is no tax; write its name and its rate, such as VAT=21%.");

    /// <summary>Withheld taxes with the certificates that lessen them.</summary>
    private static Tax[] Certified(Tax[] taxes, string[] certificates)
    {
        foreach (var text in certificates)
        {
            if (text.Split(':') is not [var rate, var number, var from, var until] || rate.Split('=') is not [var name, var percent])
                throw new UsageException($"'{text}' is no certificate; write WHT=5%:NUMBER:2026-01-01:2026-12-31.");
            var i = Array.FindIndex(taxes, tax => tax.Name == name);
            if (i < 0)
                throw new UsageException($"--certificate {text}: give --withhold {name}=… with it, the rate without the certificate.");
            taxes[i] = taxes[i] with
            {
                Certificate = new(number, Cells.ParsePercent(percent), Cells.ParseDay(from), Cells.ParseDay(until)),
            };
        }
        return taxes;
    }

    private static string Describe(Tax tax) => $"{tax.Name} {Cells.Percent(tax.PartsPerMillion)}" + (tax.Certificate is { } by
        ? $" ({Cells.Percent(by.PartsPerMillion)} by {by.Number} from {Cells.Day(by.ValidFrom)} to {Cells.Day(by.ValidUntil)})"
        : "");
}
