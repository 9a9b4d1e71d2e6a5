using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni ledger rate</c>: what prices' currencies are in customers'.</summary>
internal static class RateCommands
{
    private static readonly Listing<ExchangeRate> Listing = new(
        LedgerJson.Default.ExchangeRate,
        new("version", rate => Cells.Number(rate.Version), IsNumber: true),
        new("from", rate => rate.From.Code),
        new("to", rate => rate.To.Code),
        new("per_unit", rate => rate.PerUnit.Format(), IsNumber: true),
        new("source", rate => rate.Source),
        new("effective_from", rate => Cells.Instant(rate.EffectiveFrom)));

    private static readonly Listing<Conversion> Conversions = new(
        LedgerJson.Default.Conversion,
        new("customer", conversion => conversion.CustomerId),
        new("period", conversion => conversion.Period.ToString()),
        new("owed", conversion => conversion.Owed.Format(), IsNumber: true),
        new("from", conversion => conversion.Owed.Currency.Code),
        new("converted", conversion => conversion.Converted.Format(), IsNumber: true),
        new("to", conversion => conversion.Converted.Currency.Code),
        new("rate", conversion => Cells.Number(conversion.RateVersion), IsNumber: true));

    private static readonly Listing<BankExchange> Exchanges = new(
        LedgerJson.Default.BankExchange,
        new("evidence", exchange => exchange.EvidenceId),
        new("period", exchange => exchange.Period.ToString()),
        new("sold", exchange => exchange.Sold.ToString()),
        new("bought", exchange => exchange.Bought.ToString()),
        new("gain", exchange => exchange.Gain.ToString()));

    public static Command Create() => new("rate", "Exchange rates for customers charged in another currency than a price's.")
    {
        CreateSet(),
        LedgerCommand.Create(
            "list", "List every version of every rate.\n\nExample:\n  ayni ledger rate list --json", [], (books, _, output, _) =>
            {
                output.Write(Listing, books.ListRates());
                return Task.CompletedTask;
            }),
        CreateConversions(),
        CreateExchange(),
    };

    private static Command CreateSet()
    {
        var from = new Argument<string>("from") { Description = "The currency of prices." };
        var to = new Argument<string>("to") { Description = "The customers' currency." };
        var rate = new Argument<string>("rate") { Description = "What one unit of the first is in the second, with at most 12 decimals." };
        var source = new Option<string>("--source") { Description = "Who says so.", HelpName = "NAME", Required = true };
        var since = new Option<string?>("--from")
        {
            Description = "From this day or instant on, in a month that is not closed; now if not given.",
            HelpName = "DAY",
        };
        return LedgerCommand.Create(
            "set",
            """
            Set what one unit of a price's currency is in a customer's. It lets customers without a spending limit use models priced in
            the other currency; what they owe is converted when the month closes, at the rate in force at its end.

            Example:
              ayni ledger rate set EUR USD 1.0825 --source ECB --from 2026-11-30
            """,
            [from, to, rate, source, since],
            async (books, result, output, cancellationToken) => output.WriteOne(Listing, await books.SetRateAsync(
                Currency.Parse(result.GetValue(from)!), Amount.Parse(result.GetValue(rate)!, Currency.Parse(result.GetValue(to)!)),
                result.GetValue(source)!, Cells.ParseStart(result.GetValue(since), books.Zone), cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateConversions()
    {
        var period = PeriodOption.Create("The month.");
        period.Required = true;
        return LedgerCommand.Create(
            "conversions",
            """
            List what a month converts into customers' currencies; an estimate until the month is closed.

            Example:
              ayni ledger rate conversions --period 2026-11
            """,
            [period],
            (books, result, output, _) =>
            {
                output.Write(Conversions, books.ListConversions(Period.Parse(result.GetValue(period)!)));
                return Task.CompletedTask;
            });
    }

    private static Command CreateExchange()
    {
        var evidence = new Argument<string>("evidence") { Description = "The bank's own number of the exchange." };
        var sold = new Option<string>("--sold") { Description = "What was given, such as 500USD.", HelpName = "AMOUNT", Required = true };
        var bought = new Option<string>("--bought")
        {
            Description = "What was got for it, such as 460.10EUR.",
            HelpName = "AMOUNT",
            Required = true,
        };
        return LedgerCommand.Create(
            "exchange",
            """
            Record that a bank exchanged money that customers paid; the difference to what it had been converted at is gain or loss.

            Example:
              ayni ledger rate exchange FX-20261203-7 --sold 500USD --bought 460.10EUR
            """,
            [evidence, sold, bought],
            async (books, result, output, cancellationToken) => output.WriteOne(Exchanges, await books.RecordExchangeAsync(
                result.GetValue(evidence)!, ParseMoney(result.GetValue(sold)!), ParseMoney(result.GetValue(bought)!), cancellationToken)
                .ConfigureAwait(false)));
    }

    /// <summary>An amount and its currency's code behind it, with or without a blank between.</summary>
    private static Amount ParseMoney(string text) => text.Length > 3
        ? Amount.Parse(text[..^3].TrimEnd(' '), Currency.Parse(text[^3..]))
        : throw new UsageException($"'{text}' is no amount of a currency; write 500USD.");
}
