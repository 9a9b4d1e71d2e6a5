using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class AgreementDocumentTests
{
    private const string Required = "agreement: bard\ncurrency: EUR\ncollector: host\nshares: [{name: royalty, payee: licensor, rate: 20%}]\n";
    private const string Royalty = Required + "acceptance: recorded\n";

    [Fact]
    public async Task A_document_is_kept_in_its_canonical_text_with_parties_for_roles_and_never_changes()
    {
        await using var ledger = await WithPartiesAsync();
        var document = await ledger.Books.EnterAgreementAsync("terms.yaml", Royalty);
        Assert.Equal(1, document.Version);
        Assert.Contains($"collector: \"{ledger.Host.Id}\"", document.Text, StringComparison.Ordinal);
        Assert.Equal(document.Terms, TermsReader.Read("again", document.Text));
        var agreement = Assert.Single(ledger.Books.ListAgreements());
        Assert.Equal(document, agreement.Document);
        await ledger.ReopenAsync();
        Assert.Equal([document], ledger.Books.ListAgreementDocuments());
        foreach (var sql in new[] { "UPDATE agreement_documents SET name = 'x'", "DELETE FROM agreement_documents" })
            Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql(sql));
    }

    [Fact]
    public async Task Refusals_are_named()
    {
        await using var ledger = await WithPartiesAsync();
        await Refused(Refusal.NoPartyInRole, Royalty.Replace("licensor", "store", StringComparison.Ordinal));
        await Refused(Refusal.UnknownParty, Royalty.Replace("licensor", "pty_nobody", StringComparison.Ordinal));
        await Refused(Refusal.UnknownApp, Royalty.Replace("rate:", "apps: [app_none], rate:", StringComparison.Ordinal));
        await Refused(Refusal.EffectiveInThePast, Royalty + "from: 2026-10\n");
        await ledger.Books.EnterAgreementAsync("terms.yaml", Royalty);
        await Refused(Refusal.InvalidTerms, Royalty + "model: other\nfrom: 2026-12\n");
        await ledger.Books.RevokePartyAsync(ledger.Licensor.Id);
        await Refused(Refusal.Revoked, Royalty.Replace("licensor", ledger.Licensor.Id, StringComparison.Ordinal) + "from: 2026-12\n");

        Task Refused(Refusal refusal, string text) => RefusedAsync(refusal, () => ledger.Books.EnterAgreementAsync("terms.yaml", text));
    }

    [Fact]
    public async Task One_document_follows_another_with_a_month()
    {
        await using var ledger = await WithPartiesAsync();
        await ledger.SetPriceAsync("EUR", "1", "1", "1");
        var key = await ledger.KeyAsync();
        // The first may begin at once, the next with a month only.
        await ledger.Books.EnterAgreementAsync("terms.yaml", Royalty);
        Assert.Equal(1, ledger.Admit(key).AgreementVersion);
        await RefusedAsync(Refusal.MonthInForce, () => ledger.Books.EnterAgreementAsync("terms.yaml", Royalty));
        await RefusedAsync(Refusal.MonthInForce, () => ledger.Books.SetAgreementAsync(null, [Share.Of(Role.Host, 1_000_000)]));
        await ledger.Books.EnterAgreementAsync("terms.yaml", Royalty + "from: 2026-12\nuntil: 2026-12\n");
        ledger.Clock.Now = TestLedger.Period.End.AddMicroseconds(-1);
        Assert.Equal(1, ledger.Admit(key).AgreementVersion);
        ledger.Clock.Now = TestLedger.Period.End;
        Assert.Equal(2, ledger.Admit(key).AgreementVersion);
        // When it has ended nothing is in force: the one before does not come back.
        ledger.Clock.Now = TestLedger.Period.Next.End;
        var refusal = Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, Model));
        Assert.Equal(AdmissionRefusalReason.ModelWithoutAgreement, refusal.Reason);
        await ledger.Books.SetAgreementAsync(null, [Share.Of(Role.Host, 1_000_000)]);
        Assert.Equal(3, ledger.Admit(key).AgreementVersion);
    }

    [Fact]
    public async Task An_agreement_in_another_currency_lets_nothing_in()
    {
        await using var ledger = await WithPartiesAsync();
        await ledger.SetPriceAsync("JPY", "1", "1", "1");
        await ledger.Books.EnterAgreementAsync("terms.yaml", Royalty);
        var refusal = Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(await ledger.KeyAsync("JPY"), Model));
        Assert.Contains("shares EUR", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_acceptance_is_required_nothing_is_in_force_before_everyone_has_accepted()
    {
        await using var ledger = await WithPartiesAsync();
        var document = await ledger.Books.EnterAgreementAsync("terms.yaml", Required + "from: 2026-12\n");
        Assert.Null(document.Version);
        Assert.Equal(new[] { ledger.Host.Id, ledger.Licensor.Id }.Order(StringComparer.Ordinal), document.Missing);
        await RefusedAsync(Refusal.NotAParty, () => ledger.Books.AcceptAgreementAsync(document.Id, ledger.Developer.Id));
        await RefusedAsync(Refusal.UnknownDocument, () => ledger.Books.AcceptAgreementAsync(99, ledger.Host.Id));
        var half = await ledger.Books.AcceptAgreementAsync(document.Id, ledger.Host.Id, "letter 7");
        Assert.Equal((null, "letter 7"), (half.Version, half.Acceptances[0].Note));
        Assert.Empty(ledger.Books.ListAgreements());
        // Accepting twice changes nothing.
        Assert.Equal(half, await ledger.Books.AcceptAgreementAsync(document.Id, ledger.Host.Id, "letter 8"));
        // The last one accepts after the month it should have begun with: it begins now, never before.
        ledger.Clock.Now = TestLedger.Period.End.AddDays(9);
        var whole = await ledger.Books.AcceptAgreementAsync(document.Id, ledger.Licensor.Id);
        Assert.Equal((1, 0), (whole.Version, whole.Missing.Count));
        Assert.Equal(ledger.Clock.Now, Assert.Single(ledger.Books.ListAgreements()).EffectiveFrom);
        Assert.Equal([whole], ledger.Books.ListAgreementDocuments());
    }

    [Fact]
    public async Task A_document_accepted_within_another_ones_month_waits_for_the_next()
    {
        await using var ledger = await WithPartiesAsync();
        await ledger.Books.EnterAgreementAsync("terms.yaml", Royalty);
        var document = await ledger.Books.EnterAgreementAsync("terms.yaml", Required);
        await ledger.Books.AcceptAgreementAsync(document.Id, ledger.Host.Id);
        await ledger.Books.AcceptAgreementAsync(document.Id, ledger.Licensor.Id);
        Assert.Equal(TestLedger.Period.End, ledger.Books.ListAgreements()[^1].EffectiveFrom);
    }

    [Fact]
    public async Task What_is_carried_passes_from_one_version_to_the_next_of_its_name()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        const string Terms = "agreement: bard\ncurrency: EUR\ncollector: host\nshares: [{name: royalty, payee: licensor, rate: RATE, advance: {amount: \"100\"}}]\n";
        await golden.AgreeAsync(Terms.Replace("RATE", "10%", StringComparison.Ordinal));
        await golden.AgreeAsync(Terms.Replace("RATE", "50%", StringComparison.Ordinal) + "from: 2026-12\n");
        var key = await golden.Ledger.KeyAsync();
        await golden.ChargeAsync(key, "300.00");
        golden.Ledger.Clock.Now = golden.Period.End.AddMinutes(-1);
        var late = golden.Ledger.Usage(key, 0, 0, 10_000);
        await golden.CloseAsync();
        // November: 30 earned, 30 recouped, 100 advanced.
        Assert.Equal("100.00", golden.Earned(golden.Ledger.Licensor));
        // December: 100 of November come late and earn 10 by November's terms, which go to the 70 outstanding; 50 % of 100 = 50 go there, too.
        await golden.Books.PostAsync(late);
        await golden.ChargeAsync(key, "100.00");
        await golden.CloseAsync();
        Assert.Equal("0.00", golden.Earned(golden.Ledger.Licensor));
        var statement = golden.Books.Statement(TestLedger.Period.Next, golden.Ledger.Licensor.Id);
        Assert.Equal([1L, 2L], statement.Shares.Select(share => share.AgreementVersion));
        Assert.Contains(statement.Shares[0].Steps, step => step is { Kind: StepKind.Correction, Detail: "2026-11" } && step.Amount == Eur("10"));
        // January: 10 are outstanding: 50 - 10 = 40.
        await golden.ChargeAsync(key, "100.00");
        await golden.CloseAsync();
        Assert.Equal("40.00", golden.Earned(golden.Ledger.Licensor));
    }

    [Fact]
    public async Task A_month_with_a_promise_is_not_skipped()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        await golden.AgreeAsync(Royalty.Replace("rate: 20%", "rate: 20%, guarantee: {amount: \"5\"}", StringComparison.Ordinal));
        golden.Ledger.Clock.Now = golden.Period.Next.End;
        var refused = await RefusedAsync(Refusal.EarlierPeriodOpen, () => golden.Books.ClosePeriodAsync(golden.Period.Next));
        Assert.Contains("2026-11", refused.Message, StringComparison.Ordinal);
        await golden.Books.ClosePeriodAsync(golden.Period);
        await golden.Books.ClosePeriodAsync(golden.Period.Next);
        Assert.Empty(golden.Books.Audit());
    }

    [Fact]
    public async Task A_simulation_shows_any_month_under_any_terms_and_posts_nothing()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        await golden.AgreeAsync(Royalty);
        await golden.ChargeAsync(await golden.Ledger.KeyAsync(), "1000.00");
        var before = golden.Books.Balances();
        var result = Assert.Single(golden.Books.Simulate(golden.Period, "other.yaml", Royalty.Replace("20%", "35%", StringComparison.Ordinal)));
        Assert.Equal((Eur("350"), Eur("650")), (result.Shares[0].Amount, result.Rest));
        Assert.Equal(before, golden.Books.Balances());
        Assert.Single(golden.Books.ListAgreements());
    }
}
