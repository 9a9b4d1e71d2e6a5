using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni customer</c>: who uses the service and owes its charges.</summary>
internal static class CustomerCommands
{
    private const string NoLimit = "none";

    private static readonly Listing<Customer> Listing = new(
        LedgerJson.Default.Customer,
        new("id", customer => customer.Id),
        new("name", customer => customer.Name),
        new("currency", customer => customer.Currency.Code),
        new("spending_limit", customer => customer.SpendingLimit?.Format(), IsNumber: true),
        new("created", customer => Cells.Instant(customer.Created)),
        new("revoked", customer => Cells.Instant(customer.Revoked)));

    private static readonly Listing<CustomerOwner> Owners = new(
        LedgerJson.Default.CustomerOwner,
        new("customer", owner => owner.CustomerId),
        new("owner", owner => owner.OwnerId),
        new("effective_from", owner => Cells.Instant(owner.EffectiveFrom)));

    public static Command Create() => new("customer", "The customers, who owe the charges of their keys.")
    {
        CreateCreate(),
        CreateSign(),
        LedgerCommand.Create("list", "List the customers.\n\nExample:\n  ayni customer list --json", [], (books, _, output, _) =>
        {
            output.Write(Listing, books.ListCustomers());
            return Task.CompletedTask;
        }),
        CreateLimit(),
        CreateOwner(),
        CreateRevoke(),
    };

    private static Command CreateSign()
    {
        var file = new Argument<string>("file") { Description = "The deduction, as 'ayni ledger deduct --to-sign' prints it." };
        var key = PartyKeyCommands.KeyFile();
        var customer = new Option<string>("--customer") { Description = "The customer that signs.", HelpName = "ID", Required = true };
        var command = new Command(
            "sign",
            """
            Sign a deduction, such as a refund that was received, with a customer's key, on the customer's own machine and without a ledger. Says on
            standard error what is signed, and prints it with the signature. 'ayni party key new' makes the key, and the host registers it.

            Example:
              ayni customer sign refund.txt --key customer.key --customer cus_4q8r0x2vm5ta > signed.txt
            """)
        {
            file, key, customer,
        };
        command.SetAction(result =>
        {
            var text = File.ReadAllBytes(result.GetValue(file)!);
            var signed = PartySigner.SignDeduction(text, result.GetValue(customer)!, SigningKey.Read(result.GetValue(key)!));
            Console.Error.WriteLine(TerminalText.Clean(PartySigner.DescribeDeduction(text)));
            Output.WriteText(writer => writer.Write(System.Text.Encoding.UTF8.GetString(signed)));
        });
        return command;
    }

    private static Command CreateCreate()
    {
        var name = new Argument<string>("name") { Description = "What people call it." };
        var currency = new Option<string>("--currency")
        {
            Description = "What it is charged in, by its ISO 4217 code.",
            HelpName = "CODE",
            DefaultValueFactory = _ => "USD",
        };
        var limit = new Option<string?>("--limit")
        {
            Description = "The unpaid charges at which its requests are refused.",
            HelpName = "AMOUNT",
        };
        var test = new Option<bool>("--test")
        {
            Description = "A customer with fake money (XTS): it is charged by the price in XTS, and nobody earns of it.",
        };
        return LedgerCommand.CreateFirst(
            "create",
            """
            Enter a customer. It can ask nothing until it has a key: ayni key create --customer ID

            Example:
              ayni customer create "Rumi Bakery" --currency EUR --limit 50
              ayni customer create "my tests" --test
            """,
            [name, currency, limit, test],
            async (books, result, output, cancellationToken) =>
            {
                var money = result.GetValue(test) ? Currency.Test : Currency.Parse(result.GetValue(currency)!);
                Amount? most = result.GetValue(limit) is { } text ? Amount.Parse(text, money) : null;
                output.WriteOne(
                    Listing, await books.CreateCustomerAsync(result.GetValue(name)!, money, most, cancellationToken).ConfigureAwait(false));
            });
    }

    private static Command CreateLimit()
    {
        var id = new Argument<string>("id") { Description = "The customer's id." };
        var limit = new Argument<string>("amount")
        {
            Description = $"The unpaid charges at which its requests are refused, or '{NoLimit}'.",
        };
        return LedgerCommand.Create(
            "limit",
            """
            Change or lift a customer's spending limit.

            Example:
              ayni customer limit cus_7m3kq0x9t2va 200
            """,
            [id, limit],
            async (books, result, output, cancellationToken) =>
            {
                var customer = books.ListCustomers().FirstOrDefault(customer => customer.Id == result.GetValue(id))
                    ?? throw new UsageException($"There is no customer '{result.GetValue(id)}'.");
                Amount? most = result.GetValue(limit) is { } text && text != NoLimit ? Amount.Parse(text, customer.Currency) : null;
                output.WriteOne(Listing, await books.SetSpendingLimitAsync(customer.Id, most, cancellationToken).ConfigureAwait(false));
            });
    }

    private static Command CreateOwner()
    {
        var id = new Argument<string>("id") { Description = "The customer's id." };
        var owner = new Argument<string>("party") { Description = $"The party it belongs to, or '{NoLimit}'." };
        return LedgerCommand.Create(
            "owner",
            """
            Say to which party a customer belongs, from now on: a developer earns no share of what it uses through its own apps.

            Example:
              ayni customer owner cus_7m3kq0x9t2va pty_2b8n5c1d4f6g
            """,
            [id, owner],
            async (books, result, output, cancellationToken) => output.WriteOne(Owners, await books.SetCustomerOwnerAsync(
                result.GetValue(id)!, result.GetValue(owner) is { } party && party != NoLimit ? party : null, cancellationToken)
                .ConfigureAwait(false)));
    }

    private static Command CreateRevoke()
    {
        var id = new Argument<string>("id") { Description = "The customer's id." };
        return LedgerCommand.Create(
            "revoke",
            """
            Shut a customer's keys; what it owes stays owed.

            Example:
              ayni customer revoke cus_7m3kq0x9t2va
            """,
            [id],
            async (books, result, output, cancellationToken) =>
                output.WriteOne(Listing, await books.RevokeCustomerAsync(result.GetValue(id)!, cancellationToken).ConfigureAwait(false)));
    }
}
