using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary>
/// <c>ayni ledger deduct</c>, <c>deductions</c>, <c>collect</c> and <c>collections</c>: what lessens the shares of a month, and what
/// customers paid.
/// </summary>
internal static class DeductionCommands
{
    private static readonly Listing<Deduction> Deductions = new(
        LedgerJson.Default.Deduction,
        new("type", deduction => deduction.Type.Name()),
        new("evidence", deduction => deduction.EvidenceId),
        new("period", deduction => deduction.Period.ToString()),
        new("service_period", deduction => deduction.ServicePeriod.ToString()),
        new("model", deduction => deduction.Model),
        new("app", deduction => deduction.AppId),
        new("amount", deduction => deduction.Amount.Format(), IsNumber: true),
        new("currency", deduction => deduction.Amount.Currency.Code),
        new("signed_by", deduction => deduction.SignedBy?.CustomerId));

    private static readonly Listing<CollectedRevenue> Collections = new(
        LedgerJson.Default.CollectedRevenue,
        new("evidence", collection => collection.EvidenceId),
        new("period", collection => collection.Period.ToString()),
        new("model", collection => collection.Model),
        new("app", collection => collection.AppId),
        new("amount", collection => collection.Amount.Format(), IsNumber: true),
        new("currency", collection => collection.Amount.Currency.Code));

    public static Command CreateDeduct()
    {
        var types = string.Join(", ", Enum.GetValues<DeductionType>().Select(type => type.Name()));
        var type = new Option<string?>("--type") { Description = $"What it is: {types}.", HelpName = "TYPE" };
        var evidence = new Option<string?>("--evidence") { Description = "What proves it: a report's or payment's own number.", HelpName = "ID" };
        var period = PeriodOption.Create("The month it is about; it counts in the first open one from there on.");
        var amount = new Option<string?>("--amount") { Description = "How much; negative takes an earlier one back.", HelpName = "AMOUNT" };
        var currency = CurrencyCode();
        var toSign = new Option<string?>("--to-sign")
        {
            Description = "Record nothing; print the deduction for this customer to sign ('ayni customer sign').",
            HelpName = "CUSTOMER",
        };
        var signed = new Option<string?>("--signed") { Description = "The deduction that a customer signed; it says all the rest.", HelpName = "FILE" };
        var model = new Option<string?>("--model") { Description = "The model whose revenue it lessens; every one's if not given.", HelpName = "NAME" };
        var app = App();
        return LedgerCommand.Create(
            "deduct",
            """
            Record what lessens the shares of a month, with its evidence. Agreements with documents say which types they take off their net
            bases; what none takes off the collector bears. It moves no money. Recorded again it changes nothing. A customer with a key can sign what
            was given back to it, so that whoever audits the month need not take the host's word.

            Examples:
              ayni ledger deduct --type payment-fee --evidence report-2026-11 --period 2026-11 --amount 31.20 --currency EUR
              ayni ledger deduct --type refund --evidence talk-7 --period 2026-11 --amount 5 --currency EUR --to-sign cus_4q8r0x2vm5ta > refund.txt
              ayni ledger deduct --signed signed.txt
            """,
            [type, evidence, period, amount, currency, model, app, toSign, signed],
            async (books, result, output, cancellationToken) =>
            {
                if (result.GetValue(signed) is { } file)
                {
                    if (new Option[] { type, evidence, period, amount, model, app, toSign }.Any(option => result.GetResult(option) is not null))
                        throw new UsageException("With --signed, the file says all the rest.");
                    output.WriteOne(Deductions, await books.RecordSignedDeductionAsync(File.ReadAllBytes(file), cancellationToken).ConfigureAwait(false));
                    return;
                }
                if (result.GetValue(type) is null || result.GetValue(evidence) is null || result.GetValue(period) is null || result.GetValue(amount) is null)
                    throw new UsageException("Give --type, --evidence, --period and --amount, or --signed.");
                if (!DeductionTypeNames.TryParse(result.GetValue(type), out var parsed))
                    throw new UsageException($"'{result.GetValue(type)}' is no type of deduction; there are {types}.");
                var (month, sum) = (
                    Period.Parse(result.GetValue(period)!),
                    Ayni.Receipts.Amount.Parse(result.GetValue(amount)!, Currency.Parse(result.GetValue(currency)!)));
                if (result.GetValue(toSign) is { } customer)
                {
                    var text = books.DeductionToSign(
                        customer, parsed, result.GetValue(evidence)!, month, sum, result.GetValue(model), result.GetValue(app));
                    Output.WriteText(writer => writer.Write(text));
                    return;
                }
                output.WriteOne(Deductions, await books.RecordDeductionAsync(
                    parsed, result.GetValue(evidence)!, month, sum, result.GetValue(model), result.GetValue(app), cancellationToken)
                    .ConfigureAwait(false));
            });
    }

    public static Command CreateDeductions()
    {
        var period = Month("The month in which they count.");
        return LedgerCommand.Create(
            "deductions",
            "List the deductions that count in a month.\n\nExample:\n  ayni ledger deductions --period 2026-11",
            [period],
            (books, result, output, _) =>
            {
                output.Write(Deductions, books.ListDeductions(Period.Parse(result.GetValue(period)!)));
                return Task.CompletedTask;
            });
    }

    public static Command CreateCollect()
    {
        var evidence = Evidence();
        var period = Month("The month of the payment.");
        var (amount, currency) = (Amount(), CurrencyCode());
        var model = new Option<string>("--model") { Description = "The model that was paid for.", HelpName = "NAME", Required = true };
        var app = App();
        return LedgerCommand.Create(
            "collect",
            """
            Record what customers paid for a model's use, for shares that count revenue when it is collected. It moves no money.

            Example:
              ayni ledger collect --evidence payment-81 --period 2026-12 --model bard --amount 120 --currency EUR
            """,
            [evidence, period, amount, currency, model, app],
            async (books, result, output, cancellationToken) => output.WriteOne(Collections, await books.RecordCollectionAsync(
                result.GetValue(evidence)!, Period.Parse(result.GetValue(period)!), result.GetValue(model)!,
                Ayni.Receipts.Amount.Parse(result.GetValue(amount)!, Currency.Parse(result.GetValue(currency)!)), result.GetValue(app),
                cancellationToken).ConfigureAwait(false)));
    }

    public static Command CreateCollections()
    {
        var period = Month("The month in which they count.");
        return LedgerCommand.Create(
            "collections",
            "List the payments that count in a month.\n\nExample:\n  ayni ledger collections --period 2026-11",
            [period],
            (books, result, output, _) =>
            {
                output.Write(Collections, books.ListCollections(Period.Parse(result.GetValue(period)!)));
                return Task.CompletedTask;
            });
    }

    private static Option<string> Evidence() =>
        new("--evidence") { Description = "What proves it: a report's or payment's own number.", HelpName = "ID", Required = true };

    private static Option<string?> Month(string description)
    {
        var period = PeriodOption.Create(description);
        period.Required = true;
        return period;
    }

    private static Option<string> Amount() =>
        new("--amount") { Description = "How much; negative takes an earlier one back.", HelpName = "AMOUNT", Required = true };

    private static Option<string> CurrencyCode() => new("--currency")
    {
        Description = "The currency, by its ISO 4217 code.",
        HelpName = "CODE",
        DefaultValueFactory = _ => "USD",
    };

    private static Option<string?> App() => new("--app") { Description = "The app it is about; every one and none if not given.", HelpName = "ID" };
}
