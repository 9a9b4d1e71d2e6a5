using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni price</c>: what a model's tokens cost.</summary>
internal static class PriceCommands
{
    public static Listing<Price> Listing { get; } = new(
        LedgerJson.Default.Price,
        new("version", price => Cells.Number(price.Version), IsNumber: true),
        new("model", price => price.Model),
        new("currency", price => price.Currency.Code),
        new("input_per_million", price => price.InputPerMillion.Format(), IsNumber: true),
        new("cached_per_million", price => price.CachedPerMillion.Format(), IsNumber: true),
        new("output_per_million", price => price.OutputPerMillion.Format(), IsNumber: true),
        new("effective_from", price => Cells.Instant(price.EffectiveFrom)));

    public static Command Create() => new("price", "What a million tokens of each model cost.")
    {
        CreateSet(),
        LedgerCommand.Create("list", "List every version of every price.\n\nExample:\n  ayni price list --csv", [], (books, _, output, _) =>
        {
            output.Write(Listing, books.ListPrices());
            return Task.CompletedTask;
        }),
    };

    private static Command CreateSet()
    {
        var model = new Argument<string>("model") { Description = "The model's name, as clients call it." };
        var input = new Option<string>("--input") { Description = "For a million prompt tokens.", HelpName = "AMOUNT", Required = true };
        var cached = new Option<string?>("--cached")
        {
            Description = "For a million prompt tokens found in the cache; as --input if not given.",
            HelpName = "AMOUNT",
        };
        var output = new Option<string>("--output")
        {
            Description = "For a million generated tokens.",
            HelpName = "AMOUNT",
            Required = true,
        };
        var currency = new Option<string>("--currency")
        {
            Description = "The currency, by its ISO 4217 code. Customers are charged in their own, so it must be theirs.",
            HelpName = "CODE",
            DefaultValueFactory = _ => "USD",
        };
        var from = new Option<string?>("--from") { Description = "From this day or instant on; now if not given.", HelpName = "DAY" };
        return LedgerCommand.CreateFirst(
            "set",
            """
            Set a model's price. Requests admitted before keep the price they were admitted at.

            Example:
              ayni price set bard --input 0.10 --output 0.40 --currency USD --from 2026-12-01
            """,
            [model, input, cached, output, currency, from],
            async (books, result, shown, cancellationToken) =>
            {
                var money = Currency.Parse(result.GetValue(currency)!);
                Amount? cachedAmount = result.GetValue(cached) is { } text ? Amount.Parse(text, money) : null;
                shown.WriteOne(Listing, await books.SetPriceAsync(
                    result.GetValue(model)!, money, Amount.Parse(result.GetValue(input)!, money),
                    Amount.Parse(result.GetValue(output)!, money),
                    Cells.ParseInstant(result.GetValue(from)), cachedAmount, cancellationToken).ConfigureAwait(false));
            });
    }
}
