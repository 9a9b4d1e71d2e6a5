using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni key</c>: the API keys that clients present.</summary>
internal static class KeyCommands
{
    private static readonly Listing<ApiKey> Listing = new(
        LedgerJson.Default.ApiKey,
        new("id", key => key.Id),
        new("role", key => key.Role.Name()),
        new("holder", key => key.HolderId),
        new("app", key => key.AppId),
        new("label", key => key.Label),
        new("created", key => Cells.Instant(key.Created)),
        new("revoked", key => Cells.Instant(key.Revoked)));

    private static readonly Listing<NewKey> NewListing = new(
        CliJson.Default.NewKey,
        new("key", issued => issued.Key),
        new("id", issued => issued.Id),
        new("role", issued => issued.Role),
        new("holder", issued => issued.HolderId),
        new("app", issued => issued.AppId),
        new("label", issued => issued.Label),
        new("created", issued => Cells.Instant(issued.Created)));

    public static Command Create() => new("key", "The API keys that clients present.")
    {
        CreateCreate(),
        LedgerCommand.Create(
            "list", "List the keys; their texts are not kept.\n\nExample:\n  ayni key list --json", [], (books, _, output, _) =>
            {
                output.Write(Listing, books.ListKeys());
                return Task.CompletedTask;
            }),
        CreateRevoke(),
        MeterCommands.CreateAllow(),
        MeterCommands.CreateDisallow(),
        MeterCommands.CreateList(),
    };

    private static Command CreateCreate()
    {
        var customer = new Option<string?>("--customer") { Description = "Who pays for its requests.", HelpName = "ID" };
        var role = new Option<string?>("--role")
        {
            Description = "What else than a customer's requests it opens: operator, finance, auditor, party:ID, meter or meter:ID of its host.",
            HelpName = "ROLE",
        };
        var app = new Option<string?>("--app") { Description = "The app its requests come from.", HelpName = "ID" };
        var label = new Option<string>("--label")
        {
            Description = "What its owner calls it.",
            HelpName = "TEXT",
            DefaultValueFactory = _ => "key",
        };
        return LedgerCommand.Create(
            "create",
            """
            Issue a key. Its text is printed now and never again: only a hash of it is kept.
            A customer's key asks for tokens. An operator's enters parties, customers, keys, prices and agreements over HTTP; finance closes
            months; an auditor reads everything; a party sees what it earns; a meter reports usage counted elsewhere.

            Examples:
              ayni key create --customer cus_7m3kq0x9t2va --label laptop
              ayni key create --role operator --label console
              ayni key create --role party:pty_7m3kq0x9t2va
              ayni key create --role meter:pty_4c8d1n5r0wej --label "Lima's engine"
            """,
            [customer, role, app, label],
            async (books, result, output, cancellationToken) => output.WriteOne(NewListing, NewKey.Of(await IssueAsync(
                books, result.GetValue(customer), result.GetValue(role), result.GetValue(app), result.GetValue(label)!, cancellationToken)
                .ConfigureAwait(false))));
    }

    private static Task<IssuedKey> IssueAsync(
        Books books, string? customer, string? role, string? app, string label, CancellationToken cancellationToken)
    {
        if ((customer is null) == (role is null))
            throw new UsageException("Say what the key is for: --customer ID, or --role operator, finance, auditor, party:ID or meter.");
        if (customer is not null)
            return books.IssueKeyAsync(customer, label, app, cancellationToken: cancellationToken);
        if (app is not null)
            throw new UsageException("--app goes with --customer: only a customer's requests come from an app.");
        var (name, partyId) = role!.Split(':', 2) is [var first, var rest] ? (first, rest) : (role, null);
        if (!KeyRoleNames.TryParse(name, out var parsed) || parsed == KeyRole.Customer
            || (parsed != KeyRole.Meter && (parsed == KeyRole.Party) != (partyId is not null)))
        {
            throw new UsageException(
                $"--role {role}: there are operator, finance, auditor, party:ID, meter and meter:ID; a customer's key has --customer.");
        }
        return books.IssueKeyAsync(parsed, label, partyId, cancellationToken);
    }

    private static Command CreateRevoke()
    {
        var id = new Argument<string>("id") { Description = "The key's id." };
        return LedgerCommand.Create(
            "revoke",
            """
            Shut a key; a running host refuses it from the next request on.

            Example:
              ayni key revoke key_7m3kq0x9t2va
            """,
            [id],
            async (books, result, output, cancellationToken) =>
                output.WriteOne(Listing, await books.RevokeKeyAsync(result.GetValue(id)!, cancellationToken).ConfigureAwait(false)));
    }
}

/// <summary>A key just issued, with its text.</summary>
internal sealed record NewKey(string Key, string Id, string Role, string? HolderId, string? AppId, string Label, DateTimeOffset Created)
{
    public static NewKey Of(IssuedKey issued) => new(
        issued.Text, issued.Key.Id, issued.Key.Role.Name(), issued.Key.HolderId, issued.Key.AppId, issued.Key.Label, issued.Key.Created);
}
