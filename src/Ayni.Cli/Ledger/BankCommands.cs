using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni ledger bank</c>: where parties are paid, and from where entities pay.</summary>
internal static class BankCommands
{
    private static readonly Listing<BankDetails> Accounts = new(
        LedgerJson.Default.BankDetails,
        new("subject", details => details.Subject),
        new("version", details => Cells.Number(details.Version), IsNumber: true),
        new("holder", details => details.Holder),
        new("iban", details => details.Iban.ToString()),
        new("bic", details => details.Bic?.Text),
        new("recorded", details => Cells.Instant(details.Recorded)),
        new("held_until", details => Cells.Instant(details.HeldUntil)));

    public static Command Create() => new("bank", "The accounts of parties, and of the entities that pay.")
    {
        CreateSet(),
        CreateShow(),
    };

    private static Command CreateSet()
    {
        var subject = new Argument<string>("id") { Description = "The party's id, or the code of the entity that pays." };
        var holder = new Option<string>("--holder") { Description = "The account holder's name.", HelpName = "TEXT", Required = true };
        var iban = new Option<string>("--iban") { Description = "The account (ISO 13616).", HelpName = "IBAN", Required = true };
        var bic = new Option<string?>("--bic") { Description = "The bank, where the account does not name it.", HelpName = "BIC" };
        return LedgerCommand.Create(
            "set",
            """
            Set where a party is paid, or from where an entity pays. A change needs a second key, is told to the old contact, and holds
            payouts back for 72 hours.

            Example:
              ayni ledger bank set pty_7m3kq0x9t2va --holder "Ada Apps SL" --iban "ES91 2100 0418 4502 0005 1332"
            """,
            [subject, holder, iban, bic],
            async (books, result, output, cancellationToken) => output.WriteOne(Accounts, await books.SetBankDetailsAsync(
                result.GetValue(subject)!, result.GetValue(holder)!, Iban.Parse(result.GetValue(iban)),
                result.GetValue(bic) is { } bank ? Bic.Parse(bank) : null, cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateShow()
    {
        var subject = new Argument<string>("id") { Description = "The party's id, or the entity's code." };
        return LedgerCommand.Create(
            "show",
            """
            Show where a party is paid, or from where an entity pays.

            Example:
              ayni ledger bank show pty_7m3kq0x9t2va
            """,
            [subject],
            (books, result, output, _) =>
            {
                output.WriteOne(Accounts, books.FindBankDetails(result.GetValue(subject)!)
                    ?? throw new UsageException($"Nobody said where {result.GetValue(subject)} has its account."));
                return Task.CompletedTask;
            });
    }
}
