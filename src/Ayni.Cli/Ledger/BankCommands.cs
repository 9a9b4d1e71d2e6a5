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

    private static readonly Listing<Contact> ContactListing = new(
        LedgerJson.Default.Contact,
        new("subject", contact => contact.Subject),
        new("version", contact => Cells.Number(contact.Version), IsNumber: true),
        new("name", contact => contact.Name),
        new("email", contact => contact.Email),
        new("language", contact => contact.Language),
        new("recorded", contact => Cells.Instant(contact.Recorded)));

    private static readonly Listing<Notice> Notices = new(
        LedgerJson.Default.Notice,
        new("number", notice => Cells.Number(notice.Number), IsNumber: true),
        new("subject", notice => notice.Subject),
        new("to", notice => notice.ToName),
        new("email", notice => notice.ToEmail ?? "(none is known)"),
        new("title", notice => notice.Title),
        new("created", notice => Cells.Instant(notice.Created)),
        new("sent", notice => Cells.Instant(notice.SentAt)),
        new("how", notice => notice.How));

    public static Command Create() => new("bank", "The accounts of parties, and of the entities that pay.")
    {
        CreateSet(),
        CreateShow(),
        CreateContact(),
        CreateNotices(),
        CreateSent(),
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

    private static Command CreateContact()
    {
        var subject = new Argument<string>("id") { Description = "The party's id, or the code of the entity that pays." };
        var name = new Option<string>("--name") { Description = "The person or office.", HelpName = "TEXT", Required = true };
        var email = new Option<string>("--email") { Description = "Its e-mail address.", HelpName = "ADDRESS", Required = true };
        var codes = StatementLanguage.All.Select(known => known.Code).ToArray();
        var language = new Option<string>("--language")
        {
            Description = $"In which it is written to: {string.Join(", ", codes)}.",
            HelpName = "CODE",
            DefaultValueFactory = _ => StatementLanguage.English.Code,
        };
        language.AcceptOnlyFromAmong(codes);
        return LedgerCommand.Create(
            "contact",
            """
            Set whom a party, or an entity that pays, has as its contact, who is told when bank details change. A change needs a second key, and is told
            to the contact before.

            Example:
              ayni ledger bank contact pty_7m3kq0x9t2va --name "Ada Ruiz" --email ada@apps.example --language es
            """,
            [subject, name, email, language],
            async (books, result, output, cancellationToken) => output.WriteOne(ContactListing, await books.SetContactAsync(
                result.GetValue(subject)!, result.GetValue(name)!, result.GetValue(email)!, result.GetValue(language)!, cancellationToken)
                .ConfigureAwait(false)));
    }

    private static Command CreateNotices()
    {
        var unsent = new Option<bool>("--unsent") { Description = "Only those that nobody has sent." };
        var folder = new Option<string?>("--eml") { Description = "Also write each into this folder, as a message that mail programs open.", HelpName = "DIR" };
        var from = new Option<string?>("--from") { Description = "Whose e-mail address the messages are from.", HelpName = "ADDRESS" };
        return LedgerCommand.Create(
            "notices",
            """
            List what contacts are to be told: that bank details or the contact were changed. Ayni sends no mail itself: --eml writes messages (RFC 5322) for
            a mail program to send, and 'ayni ledger bank sent' records that it did.

            Examples:
              ayni ledger bank notices --unsent
              ayni ledger bank notices --unsent --eml notices --from finance@host.example
            """,
            [unsent, folder, from],
            async (books, result, output, cancellationToken) =>
            {
                var notices = books.ListNotices().Where(notice => notice.SentAt is null || !result.GetValue(unsent)).ToList();
                if (result.GetValue(folder) is { } directory)
                {
                    var sender = result.GetValue(from) ?? throw new UsageException("--eml needs --from: whose address are the messages from?");
                    Directory.CreateDirectory(directory);
                    foreach (var notice in notices)
                        await File.WriteAllTextAsync(
                            Path.Combine(directory, $"notice-{Cells.Number(notice.Number)}.eml"), NoticeMail.Write(notice, sender), cancellationToken)
                            .ConfigureAwait(false);
                }
                output.Write(Notices, notices);
            });
    }

    private static Command CreateSent()
    {
        var number = new Argument<long>("number") { Description = "The notice, as 'ayni ledger bank notices' lists it." };
        var how = new Option<string>("--how") { Description = "How it was sent.", HelpName = "TEXT", Required = true };
        return LedgerCommand.Create(
            "sent",
            """
            Record that a notice was sent.

            Example:
              ayni ledger bank sent 1 --how "e-mail of 3 December"
            """,
            [number, how],
            async (books, result, output, cancellationToken) => output.WriteOne(Notices, await books.MarkNoticeSentAsync(
                result.GetValue(number), result.GetValue(how)!, cancellationToken).ConfigureAwait(false)));
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
