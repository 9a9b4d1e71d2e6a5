using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni party</c>: who shares in what the service earns.</summary>
internal static class PartyCommands
{
    private static readonly Listing<Party> Listing = new(
        LedgerJson.Default.Party,
        new("id", party => party.Id),
        new("name", party => party.Name),
        new("role", party => party.Role.Name()),
        new("created", party => Cells.Instant(party.Created)),
        new("revoked", party => Cells.Instant(party.Revoked)));

    private static readonly Listing<OwnHost> Served = new(
        LedgerJson.Default.OwnHost, new("party", host => host.PartyId), new("effective_from", host => Cells.Instant(host.EffectiveFrom)));

    public static Command Create() => new("party", "The parties who share in what the service earns.")
    {
        CreateCreate(),
        LedgerCommand.Create("list", "List the parties.\n\nExample:\n  ayni party list --json", [], (books, _, output, _) =>
        {
            output.Write(Listing, books.ListParties());
            return Task.CompletedTask;
        }),
        CreateServes(),
        CreateRevoke(),
        PartyKeyCommands.Create(),
    };

    private static Command CreateCreate()
    {
        var roles = string.Join(", ", Enum.GetValues<Role>().Select(role => role.Name()));
        var name = new Argument<string>("name") { Description = "What people call it." };
        var role = new Option<string>("--role") { Description = $"What it does: {roles}.", HelpName = "ROLE", Required = true };
        return LedgerCommand.CreateFirst(
            "create",
            """
            Enter a party.

            Example:
              ayni party create "Ada's Apps" --role developer
            """,
            [name, role],
            async (books, result, output, cancellationToken) =>
            {
                var roleName = result.GetValue(role);
                if (!RoleNames.TryParse(roleName, out var parsed))
                    throw new UsageException($"'{roleName}' is no role; there are {roles}.");
                output.WriteOne(
                    Listing, await books.CreatePartyAsync(result.GetValue(name)!, parsed, cancellationToken).ConfigureAwait(false));
            });
    }

    private static Command CreateServes()
    {
        var id = new Argument<string>("id") { Description = "The party, a host." };
        return LedgerCommand.Create(
            "serves",
            """
            Say that this ledger's own machines are a host's from now on, for agreements that share what one host served.
            What a meter reports is of the host that its key names: ayni key create --role meter:ID.

            Example:
              ayni party serves pty_7m3kq0x9t2va
            """,
            [id],
            async (books, result, output, cancellationToken) => output.WriteOne(
                Served, await books.SetOwnHostAsync(result.GetValue(id)!, cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateRevoke()
    {
        var id = new Argument<string>("id") { Description = "The party's id." };
        return LedgerCommand.Create(
            "revoke",
            """
            Bar a party from new agreements; what it earns by those in force stays its own.

            Example:
              ayni party revoke pty_7m3kq0x9t2va
            """,
            [id],
            async (books, result, output, cancellationToken) =>
                output.WriteOne(Listing, await books.RevokePartyAsync(result.GetValue(id)!, cancellationToken).ConfigureAwait(false)));
    }
}
