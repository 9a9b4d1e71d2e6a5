using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni app</c>: programs whose requests earn their developers a share.</summary>
internal static class AppCommands
{
    private static readonly Listing<App> Listing = new(
        LedgerJson.Default.App,
        new("id", app => app.Id),
        new("name", app => app.Name),
        new("developer", app => app.DeveloperId),
        new("created", app => Cells.Instant(app.Created)),
        new("revoked", app => Cells.Instant(app.Revoked)));

    public static Command Create() => new("app", "The apps whose requests earn their developers a share.")
    {
        CreateCreate(),
        LedgerCommand.Create("list", "List the apps.\n\nExample:\n  ayni app list --json", [], (books, _, output, _) =>
        {
            output.Write(Listing, books.ListApps());
            return Task.CompletedTask;
        }),
        CreateRevoke(),
    };

    private static Command CreateCreate()
    {
        var name = new Argument<string>("name") { Description = "What people call it." };
        var developer = new Option<string>("--developer")
        {
            Description = "The party that earns, a developer.",
            HelpName = "ID",
            Required = true,
        };
        return LedgerCommand.Create(
            "create",
            """
            Enter an app. A request belongs to it by the key it presents: ayni key create --customer ID --app ID

            Example:
              ayni app create "Letter Writer" --developer pty_7m3kq0x9t2va
            """,
            [name, developer],
            async (books, result, output, cancellationToken) => output.WriteOne(
                Listing,
                await books.CreateAppAsync(result.GetValue(name)!, result.GetValue(developer)!, cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateRevoke()
    {
        var id = new Argument<string>("id") { Description = "The app's id." };
        return LedgerCommand.Create(
            "revoke",
            """
            Shut an app's keys; what its requests earned stays earned.

            Example:
              ayni app revoke app_7m3kq0x9t2va
            """,
            [id],
            async (books, result, output, cancellationToken) =>
                output.WriteOne(Listing, await books.RevokeAppAsync(result.GetValue(id)!, cancellationToken).ConfigureAwait(false)));
    }
}
