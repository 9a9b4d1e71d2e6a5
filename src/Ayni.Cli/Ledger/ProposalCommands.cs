using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni ledger proposal</c>: what one key wants to do and another has to approve.</summary>
internal static class ProposalCommands
{
    private static readonly Listing<Proposal> Proposals = new(
        LedgerJson.Default.Proposal,
        new("id", proposal => proposal.Id),
        new("action", proposal => proposal.Action.ToString()),
        new("status", proposal => proposal.Status.ToString().ToLowerInvariant()),
        new("proposed_by", proposal => proposal.ProposedBy),
        new("decided_by", proposal => proposal.DecidedBy),
        new("expires", proposal => Cells.Instant(proposal.Expires)),
        new("terms", proposal => proposal.Terms));

    public static Command Create() => new("proposal", "What one key wants to do and another has to approve.")
    {
        LedgerCommand.Create(
            "list", "List proposals, oldest first.\n\nExample:\n  ayni ledger proposal list --json", [], (books, _, output, _) =>
            {
                output.Write(Proposals, books.ListProposals());
                return Task.CompletedTask;
            }),
        CreateDecide(
            "approve",
            "Approve a proposal, so that asking for the same again does it. Set AYNI_KEY to your own operator's or finance's key.",
            approve: true),
        CreateDecide("reject", "Reject a proposal.", approve: false),
        CreateFourEyes(),
    };

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
                output.WriteOne(new Listing<FourEyesState>(LedgerJson.Default.FourEyesState, new Column<FourEyesState>(
                    "four_eyes", row => row.FourEyes ? "on" : "off")), new FourEyesState(on));
            });
    }
}
