using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni ledger subscription</c>: who has which named price plan in which months.</summary>
internal static class SubscriptionCommands
{
    private static readonly Listing<Subscription> Listing = new(
        LedgerJson.Default.Subscription,
        new("id", subscription => subscription.Id),
        new("customer", subscription => subscription.CustomerId),
        new("plan", subscription => subscription.PlanName),
        new("first", subscription => subscription.First.ToString()),
        new("last", subscription => subscription.Last?.ToString()),
        new("created", subscription => Cells.Instant(subscription.Created)));

    public static Command Create() => new("subscription", "Customers' subscriptions to named price plans, by whole months.")
    {
        CreateStart(),
        CreateStop(),
        LedgerCommand.Create(
            "list", "List every subscription, oldest first.\n\nExample:\n  ayni ledger subscription list --json", [], (books, _, output, _) =>
            {
                output.Write(Listing, books.ListSubscriptions());
                return Task.CompletedTask;
            }),
    };

    private static Command CreateStart()
    {
        var customer = new Argument<string>("customer") { Description = "The customer's id." };
        var plan = new Argument<string>("plan") { Description = "The plan's name." };
        var from = new Option<string?>("--from") { Description = "The first month; this one if not given.", HelpName = "YYYY-MM" };
        return LedgerCommand.Create(
            "start",
            """
            Subscribe a customer to a price plan that has a name. Each month's fee is due in full, and its allowances hold in full.

            Example:
              ayni ledger subscription start cus_7m3kq0x9t2va premium --from 2026-12
            """,
            [customer, plan, from],
            async (books, result, output, cancellationToken) => output.WriteOne(Listing, await books.StartSubscriptionAsync(
                result.GetValue(customer)!, result.GetValue(plan)!, Month(result.GetValue(from)), cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateStop()
    {
        var id = new Argument<string>("id") { Description = "The subscription's id." };
        var after = new Option<string?>("--after") { Description = "The last month; this one if not given.", HelpName = "YYYY-MM" };
        return LedgerCommand.Create(
            "stop",
            """
            End a subscription after a month. A month that has begun is due.

            Example:
              ayni ledger subscription stop sub_7m3kq0x9t2va --after 2027-02
            """,
            [id, after],
            async (books, result, output, cancellationToken) => output.WriteOne(Listing, await books.StopSubscriptionAsync(
                result.GetValue(id)!, Month(result.GetValue(after)), cancellationToken).ConfigureAwait(false)));
    }

    private static Period? Month(string? text) => text is null ? null : Period.Parse(text);
}
