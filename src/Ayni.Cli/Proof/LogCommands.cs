using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni log</c>: the ledger's transparency log and the keys that sign.</summary>
internal static class LogCommands
{
    private static readonly Listing<SigningKeyState> Keys = new(
        LedgerJson.Default.SigningKeyState,
        new("id", key => key.Id),
        new("certified", key => Cells.Instant(key.Certified)),
        new("retired", key => key.Retired is { } retired ? Cells.Instant(retired) : null),
        new("revoked", key => key.Revoked is { } revoked ? Cells.Instant(revoked) : null));

    public static Command Create() => new("log", "The transparency log of the ledger, and the keys that sign receipts.")
    {
        LedgerCommand.Create(
            "publish",
            """
            Write what is new into the log's files and sign a checkpoint. A host that runs does it every two seconds.

            Example:
              ayni log publish
            """,
            [],
            async (books, _, _, cancellationToken) =>
                Console.Out.WriteLine($"{await books.PublishLogAsync(cancellationToken).ConfigureAwait(false)} entries")),
        LedgerCommand.Create(
            "keys", "List the keys that receipts were or are signed with.\n\nExample:\n  ayni log keys", [], (books, _, output, _) =>
            {
                output.Write(Keys, books.ListSigningKeys());
                return Task.CompletedTask;
            }),
        CreateRotate(),
        CreateCosign(),
    };

    private static Command CreateRotate()
    {
        var revoke = new Option<bool>("--revoke")
        {
            Description = "The old key was stolen: nothing it signed is to be believed that the log does not hold by now.",
        };
        return LedgerCommand.Create(
            "rotate",
            """
            Put a new signing key in the place of this host's. Hosts that run take it at their next receipt.

            Examples:
              ayni log rotate
              ayni log rotate --revoke
            """,
            [revoke],
            async (books, result, output, cancellationToken) => output.WriteOne(
                Keys, await books.ReplaceSigningKeyAsync(result.GetValue(revoke), cancellationToken).ConfigureAwait(false)));
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
            (books, result, _, _) =>
            {
                books.AddCosignature(File.ReadAllBytes(result.GetValue(file)!), VerifyCommand.ReadKey(result.GetValue(witness)!));
                return Task.CompletedTask;
            });
    }
}
