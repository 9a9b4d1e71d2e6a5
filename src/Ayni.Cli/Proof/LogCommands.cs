using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni log</c>: the ledger's transparency log and the keys that sign.</summary>
internal static class LogCommands
{
    private static readonly Listing<SigningKeyState> Keys = new(
        LedgerJson.Default.SigningKeyState,
        new("id", key => key.Id),
        new("host", key => key.Host),
        new("promise", key => FormattableString.Invariant($"{key.PromiseMinutes} min")),
        new("certified", key => Cells.Instant(key.Certified)),
        new("retired", key => key.Retired is { } retired ? Cells.Instant(retired) : null),
        new("revoked", key => key.Revoked is { } revoked ? Cells.Instant(revoked) : null));

    public static Command Create() => new("log", "The transparency log of the ledger, and the keys that sign receipts.")
    {
        LedgerCommand.Create(
            "publish",
            """
            Sign receipts that are not signed yet, write what is new into the log's files and sign a checkpoint. A host that runs does it every two
            seconds.

            Example:
              ayni log publish
            """,
            [],
            async (books, _, _, cancellationToken) =>
            {
                await books.SignReceiptsAsync(cancellationToken).ConfigureAwait(false);
                Console.Out.WriteLine($"{await books.PublishLogAsync(cancellationToken).ConfigureAwait(false)} entries");
            }),
        LedgerCommand.Create(
            "keys", "List the keys that receipts were or are signed with.\n\nExample:\n  ayni log keys", [], (books, _, output, _) =>
            {
                output.Write(Keys, books.ListSigningKeys());
                return Task.CompletedTask;
            }),
        CreateInit(),
        CreateRotate(),
        CreateHostKey(),
        CreateCertify(),
        CreateRevoke(),
        CreateCosign(),
    };

    /// <summary><c>--signer COMMAND</c>.</summary>
    public static Option<string?> Signer() => new("--signer")
    {
        Description = "The key is in an external signer: 'COMMAND public-key' prints it, 'COMMAND sign' signs standard input, both in base64.",
        HelpName = "COMMAND",
    };

    /// <summary><c>--name NAME</c>.</summary>
    private static Option<string?> Name() => new("--name") { Description = "What this host is called: its certificate names it.", HelpName = "NAME" };

    /// <summary><c>--promise MINUTES</c>.</summary>
    private static Option<int?> Promise() => new("--promise")
    {
        Description = "In how many minutes at the latest the log holds a receipt of the host: its certificate promises it. 60 unless given.",
        HelpName = "MINUTES",
    };

    private static SigningHost Named(SigningHost host, string? name, int? minutes) =>
        new(name ?? host.Name, minutes is { } promise ? TimeSpan.FromMinutes(promise) : host.Promise);

    private static Command CreateInit()
    {
        var (name, promise) = (Name(), Promise());
        var signer = Signer();
        return LedgerCommand.CreateFirst(
            "init",
            """
            Name the log and make its key, before a host starts for the first time; a start does the same with a key in a file. The log's key is
            the identity that others trust, and never changes. With --signer it stays in an external signer, which 'log.key' then names.

            Example:
              ayni log init --signer "pkcs11-ed25519 --slot 1"
              ayni log init --name host1.example --promise 30
            """,
            [signer, name, promise],
            (books, _, _, _) =>
            {
                Console.Out.WriteLine(books.LogKey);
                return Task.CompletedTask;
            },
            prepare: (folder, result) =>
            {
                if (result.GetValue(signer) is { } command)
                    Books.PrepareLogKey(folder, command);
                return Named(SigningHost.ThisMachine, result.GetValue(name), result.GetValue(promise));
            });
    }

    private static Command CreateHostKey()
    {
        var signer = Signer();
        var name = new Option<string>("--name")
        {
            Description = "What this host is called.",
            HelpName = "NAME",
            DefaultValueFactory = _ => Environment.MachineName,
        };
        return LedgerCommand.Create(
            "host-key",
            """
            Print the public key with which this host signs receipts, and make it if there is none. On a host beside others, whose folder has no
            log.key, it signs once it is certified where that is.

            Example:
              ayni log host-key --database postgres://ayni@db.example/books > host2.pub
            """,
            [name, signer],
            (books, result, _, _) =>
            {
                Console.Out.WriteLine(books.PrepareSigningKey(result.GetValue(name)!, result.GetValue(signer)));
                return Task.CompletedTask;
            });
    }

    private static Command CreateCertify()
    {
        var key = new Argument<string>("key") { Description = "What 'ayni log host-key' printed there, or a file that holds it." };
        var promise = Promise();
        return LedgerCommand.Create(
            "certify",
            """
            Certify another host's signing key with the log's key, under the name that it has. That host, if it runs, signs from its next receipt on.

            Examples:
              ayni log certify host2.pub
              ayni log certify host2.pub --promise 120
            """,
            [key, promise],
            async (books, result, output, cancellationToken) => output.WriteOne(Keys, await books.CertifySigningKeyAsync(
                VerifyCommand.ReadKey(result.GetValue(key)!),
                result.GetValue(promise) is { } minutes ? TimeSpan.FromMinutes(minutes) : null, cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateRevoke()
    {
        var id = new Argument<string>("id") { Description = "The key's id, as 'ayni log keys' lists it." };
        return LedgerCommand.Create(
            "revoke",
            """
            Revoke a signing key of whatever host: it was stolen. Nothing that it signed is to be believed that the log does not hold by now.

            Example:
              ayni log revoke sig_53f6c1d2a0b97e84
            """,
            [id],
            async (books, result, output, cancellationToken) => output.WriteOne(
                Keys, await books.RevokeSigningKeyAsync(result.GetValue(id)!, cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateRotate()
    {
        var revoke = new Option<bool>("--revoke")
        {
            Description = "The old key was stolen: nothing it signed is to be believed that the log does not hold by now.",
        };
        var (signer, name, promise) = (Signer(), Name(), Promise());
        return LedgerCommand.Create(
            "rotate",
            """
            Put a new signing key in the place of this host's. Hosts that run take it at their next receipt. Its certificate says what the one before
            said of the host, unless told.

            Examples:
              ayni log rotate
              ayni log rotate --revoke
              ayni log rotate --signer "pkcs11-ed25519 --slot 2"
              ayni log rotate --name host1.example --promise 30
            """,
            [revoke, signer, name, promise],
            async (books, result, output, cancellationToken) => output.WriteOne(Keys, await books.ReplaceSigningKeyAsync(
                result.GetValue(revoke), result.GetValue(signer),
                host => Named(host, result.GetValue(name), result.GetValue(promise)), cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateCosign()
    {
        var file = new Argument<string>("file") { Description = "The cosigned checkpoint that 'ayni witness' wrote." };
        var witness = new Option<string>("--witness") { Description = "The witness's key.", HelpName = "KEY", Required = true };
        return LedgerCommand.Create(
            "cosign",
            """
            Keep a witness's cosignature beside the log, for everybody to read.

            Example:
              ayni log cosign cosigned.txt --witness licensor.example/witness+1a2b3c4d+BASE64
            """,
            [file, witness],
            (books, result, _, cancellationToken) =>
            {
                books.AddCosignature(
                    File.ReadAllBytes(result.GetValue(file)!), VerifyCommand.ReadKey(result.GetValue(witness)!), cancellationToken);
                return Task.CompletedTask;
            });
    }
}
