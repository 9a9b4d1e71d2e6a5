using System.CommandLine;
using System.Text;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni party key</c>: the keys by which parties sign agreements, and customers deductions.</summary>
internal static class PartyKeyCommands
{
    private static readonly Listing<PartyKey> Listing = new(
        LedgerJson.Default.PartyKey,
        new("id", key => key.Id),
        new("party", key => key.PartyId),
        new("key", key => key.Key),
        new("registered", key => Cells.Instant(key.Registered)),
        new("endorsed", key => key.IsEndorsed ? "yes" : "no"),
        new("revoked", key => Cells.Instant(key.Revoked)));

    public static Command Create() => new("key", "The keys by which parties sign agreements, and customers deductions.")
    {
        CreateNew(),
        CreateEndorse(),
        CreateRegister(),
        CreateRevoke(),
        LedgerCommand.Create("list", "List every party's keys.\n\nExample:\n  ayni party key list --json", [], (books, _, output, _) =>
        {
            output.Write(Listing, books.ListPartyKeys());
            return Task.CompletedTask;
        }),
    };

    /// <summary>The file of a party's private key.</summary>
    public static Option<string> KeyFile() =>
        new("--key") { Description = "The file of the party's private key.", HelpName = "FILE", Required = true };

    private static Command CreateNew()
    {
        var file = new Argument<string>("file") { Description = "The file to make, which only you may read." };
        var party = new Option<string>("--party") { Description = "The party, or customer, whose key it is.", HelpName = "ID", Required = true };
        var signer = LogCommands.Signer();
        var command = new Command(
            "new",
            """
            Make a party's key, on the party's own machine and without a ledger, and print its public key. Keep the file; give away the public
            key alone.

            Example:
              ayni party key new party.key --party pty_7m3kq0x9t2va > party.pub
            """)
        {
            file, party, signer,
        };
        command.SetAction(result =>
        {
            var path = result.GetValue(file)!;
            if (File.Exists(path))
                throw new UsageException($"'{path}' is there already; a key is never written over.");
            Output.WriteText(writer => writer.WriteLine(SigningKey.Create(path, result.GetValue(signer)).ForNotes(result.GetValue(party)!)));
        });
        return command;
    }

    private static Command CreateEndorse()
    {
        var next = new Argument<string>("next") { Description = "The public key that is to follow, or a file that holds it." };
        var key = KeyFile();
        var command = new Command(
            "endorse",
            """
            Say with a party's key which one follows it, on the party's own machine. A ledger that is given what this prints registers the new
            key and revokes the old one.

            Example:
              ayni party key endorse next.pub --key party.key > next.txt
            """)
        {
            next, key,
        };
        command.SetAction(result => Output.WriteText(writer => writer.Write(Encoding.UTF8.GetString(
            PartySigner.Endorse(VerifyCommand.ReadKey(result.GetValue(next)!), SigningKey.Read(result.GetValue(key)!))))));
        return command;
    }

    private static Command CreateRegister()
    {
        var file = new Argument<string>("file") { Description = "A file with the public key, or with what 'ayni party key endorse' printed." };
        return LedgerCommand.Create(
            "register",
            """
            Enter a party's public key. From then on the party accepts agreements by its signature alone. Where it has a key, that must
            endorse the new one, or be revoked first, which the log shows.

            Example:
              ayni party key register party.pub
            """,
            [file],
            async (books, result, output, cancellationToken) => output.WriteOne(Listing, await books.RegisterPartyKeyAsync(
                null, await File.ReadAllTextAsync(result.GetValue(file)!, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateRevoke()
    {
        var party = new Argument<string>("party") { Description = "The party." };
        return LedgerCommand.Create(
            "revoke",
            """
            Revoke the key that a party has in force: it was lost or stolen. What it signed before stays signed.

            Example:
              ayni party key revoke pty_7m3kq0x9t2va
            """,
            [party],
            async (books, result, output, cancellationToken) => output.WriteOne(
                Listing, await books.RevokePartyKeyAsync(result.GetValue(party)!, cancellationToken).ConfigureAwait(false)));
    }
}
