using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni key</c>: the API keys that clients present.</summary>
internal static class KeyCommands
{
    private static readonly Listing<ApiKey> Listing = new(
        LedgerJson.Default.ApiKey,
        new("id", key => key.Id),
        new("customer", key => key.CustomerId),
        new("app", key => key.AppId),
        new("label", key => key.Label),
        new("created", key => Cells.Instant(key.Created)),
        new("revoked", key => Cells.Instant(key.Revoked)));

    private static readonly Listing<NewKey> NewListing = new(
        CliJson.Default.NewKey,
        new("key", issued => issued.Key),
        new("id", issued => issued.Id),
        new("customer", issued => issued.CustomerId),
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
    };

    private static Command CreateCreate()
    {
        var customer = new Option<string>("--customer") { Description = "Who pays for its requests.", HelpName = "ID", Required = true };
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

            Example:
              ayni key create --customer cus_7m3kq0x9t2va --label laptop
            """,
            [customer, app, label],
            async (books, result, output, cancellationToken) =>
            {
                var issued = await books.IssueKeyAsync(
                    result.GetValue(customer)!, result.GetValue(label)!, result.GetValue(app), cancellationToken).ConfigureAwait(false);
                output.WriteOne(NewListing, NewKey.Of(issued));
            });
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
internal sealed record NewKey(string Key, string Id, string CustomerId, string? AppId, string Label, DateTimeOffset Created)
{
    public static NewKey Of(IssuedKey issued) =>
        new(issued.Text, issued.Key.Id, issued.Key.CustomerId, issued.Key.AppId, issued.Key.Label, issued.Key.Created);
}
