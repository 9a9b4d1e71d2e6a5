using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni ledger limit</c> and <c>limits</c>: what keys, customers and apps may use.</summary>
internal static class LimitCommands
{
    private static readonly Listing<Limits> Listing = new(
        LedgerJson.Default.Limits,
        new("subject", limits => limits.SubjectId),
        new("per_day", limits => limits.PerDay?.Format(), IsNumber: true),
        new("per_month", limits => limits.PerMonth?.Format(), IsNumber: true),
        new("currency", limits => (limits.PerDay ?? limits.PerMonth)?.Currency.Code),
        new("requests_per_minute", limits => Cells.Number(limits.RequestsPerMinute), IsNumber: true),
        new("tokens_per_minute", limits => Cells.Number(limits.TokensPerMinute), IsNumber: true));

    public static Command CreateLimit()
    {
        var id = new Argument<string>("id") { Description = "The key, the customer or the app." };
        var day = Money("--per-day", "What its requests of a day may cost.");
        var month = Money("--per-month", "What its requests of a month may cost.");
        var currency = new Option<string>("--currency")
        {
            Description = "What that money is in, by its ISO 4217 code.",
            HelpName = "CODE",
            DefaultValueFactory = _ => "USD",
        };
        var requests = Number("--requests", "Its requests a minute.");
        var tokens = Number("--tokens", "Its tokens a minute.");
        return LedgerCommand.Create(
            "limit",
            """
            Limit what a key, a customer or an app may use, in the place of the limits it has; without options, lift them. Days and months
            are those of the ledger's zone. A customer's spending limit is apart from these: ayni customer limit

            Examples:
              ayni ledger limit key_7m3kq0x9t2va --per-day 5 --currency EUR --requests 60
              ayni ledger limit app_7m3kq0x9t2va --per-month 200 --tokens 100000
            """,
            [id, day, month, currency, requests, tokens],
            async (books, result, output, cancellationToken) =>
            {
                var money = Currency.Parse(result.GetValue(currency)!);
                Amount? Read(Option<string?> option) => result.GetValue(option) is { } text ? Amount.Parse(text, money) : null;
                var limits = new Limits(
                    result.GetValue(id)!, Read(day), Read(month), result.GetValue(requests), result.GetValue(tokens));
                output.WriteOne(Listing, await books.SetLimitsAsync(limits, cancellationToken).ConfigureAwait(false));
            });
    }

    public static Command CreateList() => LedgerCommand.Create(
        "limits",
        """
        List what keys, customers and apps may use.

        Example:
          ayni ledger limits --json
        """,
        [],
        (books, _, output, _) =>
        {
            output.Write(Listing, books.ListLimits());
            return Task.CompletedTask;
        });

    private static Option<string?> Money(string name, string description) => new(name) { Description = description, HelpName = "AMOUNT" };

    private static Option<long?> Number(string name, string description) => new(name) { Description = description, HelpName = "N" };
}
