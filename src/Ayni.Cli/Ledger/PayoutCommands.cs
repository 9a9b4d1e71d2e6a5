using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni ledger payout</c>, <c>bank</c> and <c>proposal</c>: what parties are paid, where, and who agreed to it.</summary>
internal static class PayoutCommands
{
    private static readonly Listing<Payout> Payouts = new(
        LedgerJson.Default.Payout,
        new("id", payout => payout.Id),
        new("batch", payout => payout.Batch),
        new("party", payout => payout.PartyId),
        new("holder", payout => payout.Account.Holder),
        new("iban", payout => payout.Account.Iban.ToString()),
        new("amount", payout => payout.Amount.Format(), IsNumber: true),
        new("currency", payout => payout.Currency.Code),
        new("documents", payout => string.Join(' ', payout.Documents)),
        new("status", payout => payout.Status.ToString().ToLowerInvariant()));

    private static readonly Listing<BankDetails> Accounts = new(
        LedgerJson.Default.BankDetails,
        new("subject", details => details.Subject),
        new("version", details => Cells.Number(details.Version), IsNumber: true),
        new("holder", details => details.Holder),
        new("iban", details => details.Iban.ToString()),
        new("bic", details => details.Bic?.Text),
        new("recorded", details => Cells.Instant(details.Recorded)),
        new("held_until", details => Cells.Instant(details.HeldUntil)));

    private static readonly Listing<Proposal> Proposals = new(
        LedgerJson.Default.Proposal,
        new("id", proposal => proposal.Id),
        new("action", proposal => proposal.Action.ToString()),
        new("status", proposal => proposal.Status.ToString().ToLowerInvariant()),
        new("proposed_by", proposal => proposal.ProposedBy),
        new("decided_by", proposal => proposal.DecidedBy),
        new("expires", proposal => Cells.Instant(proposal.Expires)),
        new("terms", proposal => proposal.Terms));

    public static Command Create() => new("payout", "What parties are paid.")
    {
        CreatePlan(),
        CreateOrder(),
        CreateFile(),
        CreatePaid(),
        CreateReturned(),
        CreateList(),
    };

    public static Command CreateBank() => new("bank", "The accounts of parties, and of the entities that pay.")
    {
        CreateBankSet(),
        CreateBankShow(),
    };

    public static Command CreateProposal() => new("proposal", "What one key wants to do and another has to approve.")
    {
        LedgerCommand.Create(
            "list", "List proposals, oldest first.\n\nExample:\n  ayni ledger proposal list --json", [], (books, _, output, _) =>
            {
                output.Write(Proposals, books.ListProposals());
                return Task.CompletedTask;
            }),
        CreateDecide("approve", "Approve a proposal, so that asking for the same again does it. Set AYNI_KEY to your own operator's or finance's key.", approve: true),
        CreateDecide("reject", "Reject a proposal.", approve: false),
        CreateFourEyes(),
    };

    private static Command CreatePlan()
    {
        var (currency, entity) = (CurrencyOption(), Entity());
        return LedgerCommand.Create(
            "plan",
            """
            Show what could be paid now. What waits for bank details or for the end of a hold is listed on standard error.

            Example:
              ayni ledger payout plan --currency EUR
            """,
            [currency, entity],
            (books, result, output, _) =>
            {
                var plan = books.PlanPayouts(Currency.Parse(result.GetValue(currency)!), result.GetValue(entity));
                output.Write(Payouts, plan.Payouts);
                foreach (var held in plan.Held)
                    Console.Error.WriteLine($"{held.PartyId} waits for {held.Amount}: {held.Reason}");
                return Task.CompletedTask;
            });
    }

    private static Command CreateOrder()
    {
        var (currency, entity) = (CurrencyOption(), Entity());
        var day = new Option<string?>("--on") { Description = "When the bank is to pay; today if not given.", HelpName = "DAY" };
        return LedgerCommand.Create(
            "order",
            """
            Order everything that can be paid: one payout for each party, of all that invoices in its name say. Each of these is paid once.
            Write the bank's file with 'ayni ledger payout file'.

            Example:
              ayni ledger payout order --currency EUR --on 2026-12-10
            """,
            [currency, entity, day],
            async (books, result, output, cancellationToken) => output.Write(Payouts, (await books.OrderPayoutsAsync(
                Currency.Parse(result.GetValue(currency)!),
                result.GetValue(day) is { } text ? Cells.ParseDay(text) : DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime),
                result.GetValue(entity), cancellationToken).ConfigureAwait(false)).Payouts));
    }

    private static Command CreateFile()
    {
        var batch = new Argument<string>("batch") { Description = "The batch's id." };
        return LedgerCommand.Create(
            "file",
            """
            Write a batch as the message that banks take (ISO 20022 pain.001.001.09), or with --csv or --json. It is the same each time.

            Example:
              ayni ledger payout file bat-7m3kq0x9t2va > payouts.xml
            """,
            [batch],
            (books, result, output, _) =>
            {
                var found = books.FindPayoutBatch(result.GetValue(batch)!)
                    ?? throw new UsageException($"There is no batch '{result.GetValue(batch)}'.");
                switch (output.Format)
                {
                    case OutputFormat.Json:
                        Output.WriteJson(writer => System.Text.Json.JsonSerializer.Serialize(writer, found, LedgerJson.Default.PayoutBatch));
                        break;
                    case OutputFormat.Csv:
                        Output.WriteText(writer => writer.Write(found.ToCsv()));
                        break;
                    default:
                        Output.WriteText(writer => writer.Write(found.ToPain001()));
                        break;
                }
                return Task.CompletedTask;
            });
    }

    private static Command CreatePaid()
    {
        var id = new Argument<string>("id") { Description = "The payout's id, which the bank calls the end-to-end id." };
        var (reference, date) = (Reference(), Date());
        return LedgerCommand.Create(
            "paid",
            """
            Record that the bank paid a payout.

            Example:
              ayni ledger payout paid pyo-7m3kq0x9t2va --reference 2026-12-10/4 --date 2026-12-10
            """,
            [id, reference, date],
            async (books, result, output, cancellationToken) => output.WriteOne(Payouts, await books.MarkPayoutPaidAsync(
                result.GetValue(id)!, result.GetValue(reference)!, Cells.ParseDay(result.GetValue(date)!), cancellationToken)
                .ConfigureAwait(false)));
    }

    private static Command CreateReturned()
    {
        var id = new Argument<string>("id") { Description = "The payout's id, which the bank calls the end-to-end id." };
        var (reference, date) = (Reference(), Date());
        var reason = new Option<string>("--reason") { Description = "What the bank says.", HelpName = "TEXT", Required = true };
        return LedgerCommand.Create(
            "returned",
            """
            Record that the bank returned a payout; what it paid is payable again and in the next order.

            Example:
              ayni ledger payout returned pyo-7m3kq0x9t2va --reference 2026-12-12/1 --date 2026-12-12 --reason "AC04 account closed"
            """,
            [id, reference, date, reason],
            async (books, result, output, cancellationToken) => output.WriteOne(Payouts, await books.ReturnPayoutAsync(
                result.GetValue(id)!, result.GetValue(reference)!, Cells.ParseDay(result.GetValue(date)!), result.GetValue(reason)!,
                cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateList()
    {
        var party = new Option<string?>("--party") { Description = "Only this party's.", HelpName = "ID" };
        return LedgerCommand.Create(
            "list", "List payouts in the order they were ordered.\n\nExample:\n  ayni ledger payout list --json", [party],
            (books, result, output, _) =>
            {
                output.Write(Payouts, books.ListPayouts(result.GetValue(party)));
                return Task.CompletedTask;
            });
    }

    private static Command CreateBankSet()
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

    private static Command CreateBankShow()
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

    private static Command CreateDecide(string name, string description, bool approve)
    {
        var id = new Argument<string>("id") { Description = "The proposal's id." };
        return LedgerCommand.Create(
            name, $"{description}\n\nExample:\n  ayni ledger proposal {name} prp_7m3kq0x9t2va", [id],
            async (books, result, output, cancellationToken) => output.WriteOne(
                Proposals, await books.DecideProposalAsync(result.GetValue(id)!, approve, cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateFourEyes()
    {
        var state = new Argument<string?>("state") { Description = "on or off; shows it if not given.", Arity = ArgumentArity.ZeroOrOne };
        return LedgerCommand.Create(
            "four-eyes",
            """
            Ask for a second key for prices, agreements, closes and payouts, or no more; to ask no more needs a second key itself.

            Example:
              ayni ledger proposal four-eyes on
            """,
            [state],
            async (books, result, output, cancellationToken) =>
            {
                var on = result.GetValue(state) switch
                {
                    null => books.AsksForFourEyes,
                    "on" => await books.AskForFourEyesAsync(true, cancellationToken).ConfigureAwait(false),
                    "off" => await books.AskForFourEyesAsync(false, cancellationToken).ConfigureAwait(false),
                    var other => throw new UsageException($"'{other}' is neither on nor off."),
                };
                output.WriteOne(new Listing<FourEyesState>(CliJson.Default.FourEyesState, new Column<FourEyesState>(
                    "four_eyes", row => row.FourEyes ? "on" : "off")), new FourEyesState(on));
            });
    }

    private static Option<string> CurrencyOption() => new("--currency")
    {
        Description = "The currency, by its ISO 4217 code.",
        HelpName = "CODE",
        Required = true,
    };

    private static Option<string?> Entity() => new("--entity") { Description = "The legal entity that pays.", HelpName = "CODE" };

    private static Option<string> Reference() => new("--reference") { Description = "What the bank calls it.", HelpName = "TEXT", Required = true };

    private static Option<string> Date() => new("--date") { Description = "The day the bank booked it.", HelpName = "DAY", Required = true };
}

/// <summary>Whether the ledger asks for four eyes.</summary>
internal sealed record FourEyesState(bool FourEyes);
