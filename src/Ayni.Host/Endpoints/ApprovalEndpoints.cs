using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/api/proposals</c> and <c>/api/four-eyes</c>: what one key wants to do and another has to approve.</summary>
internal static class ApprovalEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Get(
            "listProposals", "/api/proposals", "What one key wants to do and another has to approve, oldest first.",
            OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.Proposal, call => call.Read(call.Books.ListProposals, proposal => proposal.Id));
        api.Post(
            "approveProposal", "/api/proposals/{proposal}/approve",
            "Approve a proposal of another key; asking for the same again then does it.", OperationCatalog.Deciders)
            .Answers(LedgerJson.Default.Proposal, call => call.Books.DecideProposalAsync(call.Path("proposal"), approve: true, call.Ended));
        api.Post("rejectProposal", "/api/proposals/{proposal}/reject", "Reject a proposal.", OperationCatalog.Deciders)
            .Answers(
                LedgerJson.Default.Proposal, call => call.Books.DecideProposalAsync(call.Path("proposal"), approve: false, call.Ended));
        api.Get(
            "getFourEyes", "/api/four-eyes", "Whether prices, agreements, closes and payouts need a second key.", OperationCatalog.Readers)
            .Answers(LedgerJson.Default.FourEyesState, call => new FourEyesState(call.Books.AsksForFourEyes));
        api.Post(
            "setFourEyes", "/api/four-eyes", "Ask for a second key from now on, or no more; the latter needs one itself.", KeyRole.Operator)
            .Answers(LedgerJson.Default.FourEyesState, LedgerJson.Default.FourEyesState, async (call, body) => new FourEyesState(
                await call.Books.AskForFourEyesAsync(body.FourEyes, call.Ended).ConfigureAwait(false)));
    }
}
