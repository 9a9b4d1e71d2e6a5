using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni agreement</c>: who shares in what a model earns.</summary>
internal static class AgreementCommands
{
    public static Listing<Agreement> Listing { get; } = new(
        LedgerJson.Default.Agreement,
        new("version", agreement => Cells.Number(agreement.Version), IsNumber: true),
        new("model", agreement => agreement.Model ?? "(every other)"),
        new("shares", agreement => agreement.Document is { } document
            ? string.Join(", ", document.Terms.Shares.Select(share => share.Name)) : string.Join(", ", agreement.Shares.Select(Describe))),
        new("document", agreement => agreement.Document is { } document ? Cells.Number(document.Id) : null, IsNumber: true),
        new("without_app", agreement => agreement.WithoutAppPartyId),
        new("effective_from", agreement => Cells.Instant(agreement.EffectiveFrom)));

    public static Command Create() => new("agreement", "Who shares in what each model earns.")
    {
        CreateSet(),
        LedgerCommand.Create(
            "list", "List every version of every agreement.\n\nExample:\n  ayni agreement list --json", [], (books, _, output, _) =>
            {
                output.Write(Listing, books.ListAgreements());
                return Task.CompletedTask;
            }),
    };

    private static Command CreateSet()
    {
        var shares = new Option<string[]>("--share")
        {
            Description = "Once for each who shares: a party's id, a role that one party has, or 'developer' for each request's app.",
            HelpName = "WHO=PERCENT",
            Required = true,
        };
        var model = new Option<string?>("--model")
        {
            Description = "The model; every model without an agreement of its own if not given.",
            HelpName = "NAME",
        };
        var from = new Option<string?>("--from") { Description = "From this day or instant on; now if not given.", HelpName = "DAY" };
        return LedgerCommand.CreateFirst(
            "set",
            """
            Agree how what a model earns is shared. The shares add up to 100%. A request that comes from no app has no developer; that
            share is the host's.

            Example:
              ayni agreement set --model bard --share licensor=20% --share host=50% --share developer=30%
            """,
            [shares, model, from],
            async (books, result, output, cancellationToken) => output.WriteOne(Listing, await books.SetAgreementAsync(
                result.GetValue(model), [.. result.GetValue(shares)!.Select(ParseShare)], Cells.ParseInstant(result.GetValue(from)),
                cancellationToken).ConfigureAwait(false)));
    }

    private static Share ParseShare(string text)
    {
        if (text.Split('=') is not [var who, var percent])
            throw new UsageException($"'{text}' is no share; write who and percent, such as licensor=20%.");
        var parts = Cells.ParsePercent(percent);
        return RoleNames.TryParse(who, out var role) ? Share.Of(role, parts) : Share.Of(who, parts);
    }

    private static string Describe(Share share) =>
        (share.PartyId is null ? $"the app's {share.Role?.Name()}" : $"{share.Role?.Name()} {share.PartyId}")
        + $" {Cells.Percent(share.PartsPerMillion)}";
}
