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
        new("plan", price => Describe(price.Plan)),
        new("effective_from", price => Cells.Instant(price.EffectiveFrom)));

    private static readonly Listing<Price> Whole = new(
        LedgerJson.Default.Price,
        new("version", price => Cells.Number(price.Version), IsNumber: true),
        new("model", price => price.Model),
        new("effective_from", price => Cells.Instant(price.EffectiveFrom)),
        new("plan", price => price.Plan.ToString()));

    public static Command Create() => new("price", "What each model costs.")
    {
        CreateSet(),
        CreateShow(),
        LedgerCommand.Create(
            "list", "List every version of every price, tiers by their first step.\n\nExample:\n  ayni price list --csv", [],
            (books, _, output, _) =>
            {
                output.Write(Listing, books.ListPrices());
                return Task.CompletedTask;
            }),
    };

    /// <summary>What a plan has beside flat rates, in a few words.</summary>
    private static string Describe(PricePlan plan)
    {
        IEnumerable<string?> rules =
        [
            plan.Name,
            plan.Request.Sign > 0 ? "by request" : null,
            plan.Adapters.Length > 0 ? "by adapter" : null,
            plan.Free != default ? "free allowance" : null,
            .. plan.Tiers.Select(tiers => tiers switch { GraduatedTiers => "graduated", VolumeTiers => "volume", _ => "packages" }).Distinct(),
            plan.Minimum.Sign > 0 ? "minimum" : null,
            plan.Fee.Sign > 0 ? "subscription" : null,
        ];
        return string.Join(", ", rules.Where(rule => rule is not null));
    }

    private static Command CreateSet()
    {
        var model = new Argument<string?>("model")
        {
            Description = "The model's name, as clients call it; a plan's file names it itself.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var file = new Option<FileInfo?>("--file") { Description = "A plan in YAML or JSON; see docs/ledger.md.", HelpName = "FILE" };
        var input = new Option<string?>("--input") { Description = "For a million prompt tokens.", HelpName = "AMOUNT" };
        var cached = new Option<string?>("--cached")
        {
            Description = "For a million prompt tokens found in the cache; as --input if not given.",
            HelpName = "AMOUNT",
        };
        var output = new Option<string?>("--output") { Description = "For a million generated tokens.", HelpName = "AMOUNT" };
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
            Set a model's price: flat rates, or a plan with requests, adapters, tiers, free allowances, a minimum or a subscription from a
            file. Requests admitted before keep the price they were admitted at.

            Examples:
              ayni price set bard --input 0.10 --output 0.40 --currency USD --from 2026-12-01
              ayni price set --file plan.yaml
            """,
            [model, file, input, cached, output, currency, from],
            async (books, result, shown, cancellationToken) =>
            {
                var since = Cells.ParseStart(result.GetValue(from), books.Zone);
                if (result.GetValue(file) is { } plan)
                {
                    string?[] flat = [result.GetValue(model), result.GetValue(input), result.GetValue(cached), result.GetValue(output)];
                    if (flat.Any(text => text is not null))
                        throw new UsageException("A plan's file says what its models cost; give --file alone, or with --from.");
                    shown.Write(Listing, await SetAsync(books, plan, since, cancellationToken).ConfigureAwait(false));
                    return;
                }
                if (result.GetValue(model) is not { } name || result.GetValue(input) is not { } inputText
                    || result.GetValue(output) is not { } outputText)
                    throw new UsageException("Give a model with --input and --output, or a plan with --file.");
                var money = Currency.Parse(result.GetValue(currency)!);
                Amount? cachedAmount = result.GetValue(cached) is { } text ? Amount.Parse(text, money) : null;
                shown.WriteOne(Listing, await books.SetPriceAsync(
                    name, money, Amount.Parse(inputText, money), Amount.Parse(outputText, money), since, cachedAmount, cancellationToken)
                    .ConfigureAwait(false));
            });
    }

    private static async Task<IEnumerable<Price>> SetAsync(
        Books books, FileInfo file, DateTimeOffset? since, CancellationToken cancellationToken)
    {
        string text;
        try
        {
            if (file.Length > PricePlan.LongestText)
                throw new UsageException($"'{file}' has {file.Length} bytes; a plan has at most {PricePlan.LongestText}.");
            text = await File.ReadAllTextAsync(file.FullName, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{file}' can't be read: {error.Message}");
        }
        var (plan, from) = PricePlan.Parse(file.ToString(), text, books.Zone);
        return await books.SetPriceAsync(plan, since ?? from, cancellationToken).ConfigureAwait(false);
    }

    private static Command CreateShow()
    {
        var version = new Argument<long>("version") { Description = "The version's number, as 'price list' shows it." };
        return LedgerCommand.Create(
            "show",
            """
            Show one version of a price with its whole plan.

            Example:
              ayni price show 3 --json
            """,
            [version],
            (books, result, output, _) =>
            {
                var number = result.GetValue(version);
                var price = books.FindPrice(number) ?? throw new UsageException($"There is no version {Cells.Number(number)} of any price.");
                output.WriteOne(Whole, price);
                return Task.CompletedTask;
            });
    }
}
