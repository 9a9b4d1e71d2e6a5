using Ayni.Tests;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class FourEyesTests
{
    private static readonly Currency Euro = Currency.Parse("EUR");

    [Fact]
    public async Task Payouts_are_ordered_as_approved_and_by_two()
    {
        await using var ledger = await PayoutTests.BilledAsync();
        var today = DateOnly.FromDateTime(ledger.Clock.Now.UtcDateTime);
        var maker = ledger.Books.As(await PayoutTests.OperatorAsync(ledger));
        var approver = ledger.Books.As(await PayoutTests.OperatorAsync(ledger));
        Assert.True(await maker.AskForFourEyesAsync(true));
        Assert.True(ledger.Books.AsksForFourEyes);

        var waiting = (await Assert.ThrowsAsync<ApprovalNeededException>(() => maker.OrderPayoutsAsync(Euro, today))).Proposal;
        Assert.Equal(waiting, (await Assert.ThrowsAsync<ApprovalNeededException>(() => approver.OrderPayoutsAsync(Euro, today))).Proposal);
        Assert.Contains("7.00 EUR to Hostess, DE89 3704 0044 0532 0130 00", waiting.Terms, StringComparison.Ordinal);
        Assert.Empty(ledger.Books.ListPayouts());
        await RefusedAsync(Refusal.SameKey, () => maker.DecideProposalAsync(waiting.Id, approve: true));
        await RefusedAsync(Refusal.UnknownProposal, () => approver.DecideProposalAsync("prp_0", approve: true));
        var approved = await approver.DecideProposalAsync(waiting.Id, approve: true);
        Assert.Equal(ProposalStatus.Approved, approved.Status);
        await RefusedAsync(Refusal.NotOpen, () => approver.DecideProposalAsync(waiting.Id, approve: false));

        // Another day is another order, which nobody approved.
        await Assert.ThrowsAsync<ApprovalNeededException>(() => maker.OrderPayoutsAsync(Euro, today.AddDays(1)));
        await maker.OrderPayoutsAsync(Euro, today);
        Assert.Equal(ProposalStatus.Done, ledger.Books.ListProposals().Single(one => one.Id == waiting.Id).Status);
        await RefusedAsync(Refusal.NothingToPay, () => maker.OrderPayoutsAsync(Euro, today));
    }

    [Fact]
    public async Task An_approval_is_used_once()
    {
        await using var ledger = await PayoutTests.BilledAsync();
        var (maker, approver) = (ledger.Books.As(await PayoutTests.OperatorAsync(ledger)), ledger.Books);
        var first = await ApprovedAsync(PayoutTests.Spanish);
        await maker.SetBankDetailsAsync(ledger.Host.Id, "Hostess", PayoutTests.Spanish);
        await ApprovedAsync(PayoutTests.German);
        await maker.SetBankDetailsAsync(ledger.Host.Id, "Hostess", PayoutTests.German);
        var again = await Assert.ThrowsAsync<ApprovalNeededException>(
            () => maker.SetBankDetailsAsync(ledger.Host.Id, "Hostess", PayoutTests.Spanish));
        Assert.NotEqual(first, again.Proposal.Id);

        async Task<string> ApprovedAsync(Iban iban)
        {
            var waiting = await Assert.ThrowsAsync<ApprovalNeededException>(() => maker.SetBankDetailsAsync(ledger.Host.Id, "Hostess", iban));
            await approver.DecideProposalAsync(waiting.Proposal.Id, approve: true);
            return waiting.Proposal.Id;
        }
    }

    [Fact]
    public async Task What_was_rejected_or_waited_too_long_is_not_done()
    {
        await using var ledger = await PayoutTests.BilledAsync();
        var maker = ledger.Books.As(await PayoutTests.OperatorAsync(ledger));
        Task<BankDetails> ChangeAsync() => maker.SetBankDetailsAsync(ledger.Host.Id, "Hostess", PayoutTests.Spanish);
        var rejected = (await Assert.ThrowsAsync<ApprovalNeededException>(ChangeAsync)).Proposal;
        // Whoever proposed it may withdraw it.
        Assert.Equal(ProposalStatus.Rejected, (await maker.DecideProposalAsync(rejected.Id, approve: false)).Status);
        var late = (await Assert.ThrowsAsync<ApprovalNeededException>(ChangeAsync)).Proposal;
        Assert.NotEqual(rejected.Id, late.Id);
        await ledger.Books.DecideProposalAsync(late.Id, approve: true);
        ledger.Clock.Now = late.Expires;
        Assert.Equal(ProposalStatus.Expired, ledger.Books.ListProposals()[^1].Status);
        await Assert.ThrowsAsync<ApprovalNeededException>(ChangeAsync);
        Assert.Equal(PayoutTests.German, ledger.Books.FindBankDetails(ledger.Host.Id)!.Iban);
    }

    [Fact]
    public async Task To_ask_for_four_eyes_no_more_needs_them()
    {
        await using var ledger = await WithPartiesAsync();
        var (one, other) = (ledger.Books.As(await PayoutTests.OperatorAsync(ledger)), ledger.Books.As(await PayoutTests.OperatorAsync(ledger)));
        Assert.False(await one.AskForFourEyesAsync(false));
        await one.AskForFourEyesAsync(true);
        var waiting = (await Assert.ThrowsAsync<ApprovalNeededException>(() => one.AskForFourEyesAsync(false))).Proposal;
        Assert.True(ledger.Books.AsksForFourEyes);
        await other.DecideProposalAsync(waiting.Id, approve: true);
        Assert.False(await one.AskForFourEyesAsync(false));
        Assert.False(ledger.Books.AsksForFourEyes);
    }

    [Fact]
    public async Task Prices_agreements_and_closes_are_made_by_two()
    {
        await using var ledger = await ReadyAsync();
        await ledger.UseAsync(await ledger.KeyAsync(), 20_000_000, 0, 0);
        var (maker, approver) = (ledger.Books.As(await PayoutTests.OperatorAsync(ledger)), ledger.Books);
        await maker.AskForFourEyesAsync(true);
        await ApprovedAsync(() => maker.SetPriceAsync(Model, Euro, Eur("1"), Eur("2")), "\"models\":[\"llama\"]");
        await ApprovedAsync(() => maker.AgreeAsync(null, [Share.Of(Role.Host, 1_000_000)]), "rate: 100%");
        await ApprovedAsync(
            () => maker.EnterAgreementAsync(
                "terms.yaml", "agreement: owner\nmodel: other\ncollector: host\nshares:\n  - {name: royalty, payee: licensor, rate: 20%}\n"),
            "agreement: ");
        ledger.Clock.Now = TestLedger.Period.End;
        await ApprovedAsync(() => maker.ClosePeriodAsync(TestLedger.Period), "close 2026-11");
        Assert.Equal(PeriodStatus.Closed, ledger.Books.StatusOf(TestLedger.Period));
        await maker.ClosePeriodAsync(TestLedger.Period);
        Assert.All(ledger.Books.ListProposals(), proposal => Assert.Equal(ProposalStatus.Done, proposal.Status));

        async Task ApprovedAsync<T>(Func<Task<T>> act, string terms)
        {
            var waiting = (await Assert.ThrowsAsync<ApprovalNeededException>(act)).Proposal;
            Assert.Contains(terms, waiting.Terms, StringComparison.Ordinal);
            await RefusedAsync(Refusal.SameKey, () => maker.DecideProposalAsync(waiting.Id, approve: true));
            await Assert.ThrowsAsync<ApprovalNeededException>(act);
            await approver.DecideProposalAsync(waiting.Id, approve: true);
            await act();
        }
    }

    [Fact]
    public async Task Whoever_may_approve_is_let_in_by_two()
    {
        await using var ledger = await WithPartiesAsync();
        await ledger.Books.AskForFourEyesAsync(true);
        // The first key is nobody's to approve; from then on there are the console and it.
        var maker = ledger.Books.As((await ledger.Books.IssueKeyAsync(KeyRole.Operator, "first")).Key.Id);
        await maker.IssueKeyAsync(KeyRole.Auditor, "reader");
        foreach (var role in (KeyRole[])[KeyRole.Operator, KeyRole.Finance])
        {
            Task<IssuedKey> IssueAsync() => maker.IssueKeyAsync(role, "second");
            var waiting = (await Assert.ThrowsAsync<ApprovalNeededException>(IssueAsync)).Proposal;
            await RefusedAsync(Refusal.SameKey, () => maker.DecideProposalAsync(waiting.Id, approve: true));
            await ledger.Books.DecideProposalAsync(waiting.Id, approve: true);
            Assert.Equal(role, (await IssueAsync()).Key.Role);
            await Assert.ThrowsAsync<ApprovalNeededException>(IssueAsync);
        }
    }

    [Fact]
    public async Task That_four_eyes_are_asked_for_is_in_the_log_of_actions()
    {
        await using var ledger = await WithPartiesAsync();
        await ledger.Books.AskForFourEyesAsync(true);
        await ledger.Books.AskForFourEyesAsync(true);
        Assert.Single(ledger.Books.ListActions("ledger").Actions, action => action.Action == "ask_for_four_eyes");
    }

    [Fact]
    public async Task Keys_of_other_roles_approve_nothing()
    {
        await using var ledger = await PayoutTests.BilledAsync();
        var maker = ledger.Books.As(await PayoutTests.OperatorAsync(ledger));
        var waiting = (await Assert.ThrowsAsync<ApprovalNeededException>(
            () => maker.SetBankDetailsAsync(ledger.Host.Id, "Hostess", PayoutTests.Spanish))).Proposal;
        var customer = await ledger.KeyAsync();
        await RefusedAsync(Refusal.SameKey, () => ledger.Books.As(customer.Id).DecideProposalAsync(waiting.Id, approve: true));
    }
}
