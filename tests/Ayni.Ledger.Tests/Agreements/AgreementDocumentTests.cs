using Ayni.Tests;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class AgreementDocumentTests
{
    private const string Royalty = "agreement: bard\ncurrency: EUR\ncollector: host\nshares: [{name: royalty, payee: licensor, rate: 20%}]\n";

    [Fact]
    public async Task A_document_is_kept_in_its_canonical_text_with_parties_for_roles_and_never_changes()
    {
        await using var ledger = await WithPartiesAsync();
        var document = await ledger.Books.EnterAgreedAsync("terms.yaml", Royalty);
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
        await ledger.Books.EnterAgreedAsync("terms.yaml", Royalty);
        await Refused(Refusal.InvalidTerms, Royalty + "model: other\nfrom: 2026-12\n");
        await ledger.Books.RevokePartyAsync(ledger.Licensor.Id);
        await Refused(Refusal.Revoked, Royalty.Replace("licensor", ledger.Licensor.Id, StringComparison.Ordinal) + "from: 2026-12\n");

        Task Refused(Refusal refusal, string text) => RefusedAsync(refusal, () => ledger.Books.EnterAgreedAsync("terms.yaml", text));
    }

    [Fact]
    public async Task One_document_follows_another_with_a_month()
    {
        await using var ledger = await WithPartiesAsync();
        await ledger.SetPriceAsync("EUR", "1", "1", "1");
        var key = await ledger.KeyAsync();
        // The first may begin at once, the next with a month only.
        await ledger.Books.EnterAgreedAsync("terms.yaml", Royalty);
        Assert.Equal(1, ledger.Admit(key).AgreementVersion);
        await RefusedAsync(
            Refusal.MonthInForce, () => ledger.Books.AgreeAsync(null, [Share.Of(Role.Host, 1_000_000)], November.AddDays(1)));
        await ledger.Books.EnterAgreedAsync("terms.yaml", Royalty + "from: 2026-12\nuntil: 2026-12\n");
        ledger.Clock.Now = TestLedger.Period.End.AddMicroseconds(-1);
        Assert.Equal(1, ledger.Admit(key).AgreementVersion);
        ledger.Clock.Now = TestLedger.Period.End;
        Assert.Equal(2, ledger.Admit(key).AgreementVersion);
        // When it has ended nothing is in force: the one before does not come back.
        ledger.Clock.Now = TestLedger.Period.Next.End;
        var refusal = Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, Model));
        Assert.Equal(AdmissionRefusalReason.ModelWithoutAgreement, refusal.Reason);
        await ledger.Books.AgreeAsync(null, [Share.Of(Role.Host, 1_000_000)]);
        Assert.Equal(3, ledger.Admit(key).AgreementVersion);
    }

    [Fact]
    public async Task An_agreement_in_another_currency_lets_nothing_in()
    {
        await using var ledger = await WithPartiesAsync();
        await ledger.SetPriceAsync("JPY", "1", "1", "1");
        await ledger.Books.EnterAgreedAsync("terms.yaml", Royalty);
        var refusal = Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(await ledger.KeyAsync("JPY"), Model));
        Assert.Contains("shares EUR", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_in_force_before_everyone_has_accepted()
    {
        await using var ledger = await WithPartiesAsync();
        var document = await ledger.Books.EnterAgreementAsync("terms.yaml", Royalty + "from: 2026-12\n");
        Assert.Null(document.Version);
        Assert.Equal(new[] { ledger.Host.Id, ledger.Licensor.Id }.Order(StringComparer.Ordinal), document.Missing);
        await RefusedAsync(Refusal.NotAParty, () => ledger.Books.AcceptAgreementAsync(document.Id, ledger.Developer.Id, "letter 6"));
        await RefusedAsync(Refusal.UnknownDocument, () => ledger.Books.AcceptAgreementAsync(99, ledger.Host.Id, "letter 6"));
        var half = await ledger.Books.AcceptAgreementAsync(document.Id, ledger.Host.Id, "letter 7");
        Assert.Equal((null, "letter 7", "console"), (half.Version, half.Acceptances[0].Evidence, half.Acceptances[0].RecordedBy));
        Assert.Empty(ledger.Books.ListAgreements());
        // Accepting twice changes nothing.
        Assert.Equal(half, await ledger.Books.AcceptAgreementAsync(document.Id, ledger.Host.Id, "letter 8"));
        // The last one accepts after the month it should have begun with: it begins now, never before.
        ledger.Clock.Now = TestLedger.Period.End.AddDays(9);
        var whole = await ledger.Books.AcceptAgreementAsync(document.Id, "licensor", "letter 9");
        Assert.Equal((1, 0), (whole.Version, whole.Missing.Count));
        Assert.Equal(ledger.Clock.Now, Assert.Single(ledger.Books.ListAgreements()).EffectiveFrom);
        Assert.Equal([whole], ledger.Books.ListAgreementDocuments());
    }

    [Fact]
    public async Task A_document_accepted_within_another_ones_month_waits_for_the_next()
    {
        await using var ledger = await WithPartiesAsync();
        await ledger.Books.EnterAgreedAsync("terms.yaml", Royalty);
        var document = await ledger.Books.EnterAgreementAsync("terms.yaml", Royalty);
        await ledger.Books.AcceptAgreementAsync(document.Id, ledger.Host.Id, "letter 1");
        await ledger.Books.AcceptAgreementAsync(document.Id, ledger.Licensor.Id, "letter 2");
        Assert.Equal(TestLedger.Period.End, ledger.Books.ListAgreements()[^1].EffectiveFrom);
        Assert.Equal(TestLedger.Period.End, (await ledger.Books.AgreeAsync(null, [Share.Of(Role.Host, 1_000_000)])).EffectiveFrom);
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
        // December: 100 of November come late and earn 10 by November's terms, which go to the 70 outstanding; 50 % of 100 = 50 go there,
        // too.
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

    [Fact]
    public async Task Shares_of_each_charge_are_a_document_like_others()
    {
        await using var ledger = await WithPartiesAsync();
        var document = await ledger.Books.SetAgreementAsync(
            Model, [Share.Of(Role.Licensor, 300_000), Share.Of(Role.Host, 500_000), Share.Of(Role.Developer, 200_000)], November.AddDays(1),
            new(["host"], "mine"));
        Assert.Equal([ledger.Licensor.Id], document.Missing);
        Assert.Empty(ledger.Books.ListAgreements());
        Assert.Equal(document.Terms, TermsReader.Read("again", document.Text));
        Assert.Equal(1, (await ledger.Books.AcceptAgreementAsync(document.Id, "licensor", "a letter")).Version);
        var agreement = Assert.Single(ledger.Books.ListAgreements());
        Assert.Equal((ledger.Host.Id, November.AddDays(1), true), (agreement.WithoutAppPartyId, agreement.EffectiveFrom, agreement.IsSplit));
        Assert.Contains(
            "Each charge is split: Model owner",
            string.Join('\n', ledger.Books.Describe("terms", document.Text).Sentences), StringComparison.Ordinal);
        foreach (var (split, problem) in new[]
        {
            ("[{payee: host, rate: 90%}]", "add up to 90%"), ("[{payee: host, rate: 100%}, {payee: licensor, rate: 0%}]", "earns nothing"),
            ("[{payee: host, rate: 100%}]\nshares: [{name: a, payee: licensor, rate: 1%}]", "or a split"),
            ("[{payee: host, rate: 100%}]\ndeductions: [{type: tax}]", "takes nothing off"),
            ("[{payee: host, rate: 100%}]\nacceptance: recorded", "everybody's acceptance"),
            ("[{payee: host, rate: 100%}]\nretroactive: true", "say from when on"),
            ("[{payee: host, rate: 100%}]\nreplaces: [\"1\"]", "only what is retroactive"),
        })
        {
            var error = Assert.Throws<DocumentException>(() => TermsReader.Read("terms", $"agreement: a\ncollector: host\nsplit: {split}\n"));
            Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_split_simulated_is_what_it_gives()
    {
        await using var ledger = await ReadyAsync();
        await ledger.UseAsync(await ledger.KeyAsync(ofApp: true), 2_000_000, 0, 0);
        await ledger.UseAsync(await ledger.KeyAsync(), 2_000_000, 0, 0);
        var result = Assert.Single(ledger.Books.Simulate(
            TestLedger.Period, "other.yaml",
            "agreement: a\ncollector: host\nsplit: [{payee: licensor, rate: 10%}, {payee: host, rate: 60%}, {payee: developer, rate: 30%}]\n"));
        // 1.00 by the app: 0.10, 0.60, 0.30; 1.00 by none: 0.10, 0.90.
        var parts = Settlement.PartShares(result).GroupBy(part => part.PartyId).ToDictionary(
            group => group.Key, group => group.Aggregate(Eur("0"), (sum, part) => sum + part.Amount));
        Assert.Equal((Eur("0.20"), Eur("1.50"), Eur("0.30")), (parts[ledger.Licensor.Id], parts[ledger.Host.Id], parts[ledger.Developer.Id]));
    }

    [Fact]
    public async Task A_retroactive_agreement_holds_from_back_then_once_everybody_old_and_new_has_accepted_it()
    {
        await using var ledger = await ReadyAsync();
        var (own, ofApp) = (await ledger.KeyAsync(), await ledger.KeyAsync(ofApp: true));
        var before = await ledger.UseAsync(own, 2_000_000, 0, 0);
        ledger.Clock.Now = November.AddDays(2);
        await ledger.UseAsync(own, 2_000_000, 0, 0);
        await ledger.UseAsync(ofApp, 2_000_000, 0, 0);
        ledger.Clock.Now = November.AddDays(4);
        var late = ledger.Usage(own, 2_000_000, 0, 0);
        const string Terms = "agreement: new\ncollector: host\nfrom: 2026-11-06\nsplit: [{payee: host, rate: 100%}]\n";
        await RefusedAsync(Refusal.EffectiveInThePast, () => ledger.Books.EnterAgreedAsync("terms.yaml", Terms));
        var document = await ledger.Books.EnterAgreementAsync("terms.yaml", Terms + "retroactive: true\n");
        // The owner and the app's developer earned by the old version; neither is named in the new one.
        Assert.Equal(
            new[] { ledger.Host.Id, ledger.Licensor.Id, ledger.Developer.Id }.Order(StringComparer.Ordinal), document.Missing);
        Assert.Equal([1L], document.Terms.Replaces.ToArray());
        await ledger.Books.AcceptAgreementAsync(document.Id, "host", "mine");
        await ledger.Books.AcceptAgreementAsync(document.Id, "licensor", "a letter");
        var old = ledger.Books.Settle(TestLedger.Period);
        document = await ledger.Books.AcceptAgreementAsync(document.Id, ledger.Developer.Id, "a mail");
        Assert.Equal(2, document.Version);
        Assert.Equal(ledger.Clock.Now.Date.AddDays(-3), ledger.Books.ListAgreements()[^1].EffectiveFrom.Date);
        // A request let in before and posted after is shared alike, as is what follows.
        Assert.Equal(1, (await ledger.Books.PostAsync(late)).AgreementVersion);
        Assert.Equal(2, ledger.Admit(own).AgreementVersion);
        // 1.00 on the 5th by the old version, 3.00 from the 6th on by the new one.
        Assert.Equal((Eur("0.90"), Eur("0.30")), (Earned(old, ledger.Licensor), Earned(ledger.Books.Settle(TestLedger.Period), ledger.Licensor)));
        await PeriodProofTests.CloseAsync(ledger);
        await ledger.Books.PublishLogAsync();
        var final = ledger.Books.Settle(TestLedger.Period);
        Assert.Equal((Eur("0.30"), Eur("3.70")), (Earned(final, ledger.Licensor), Earned(final, ledger.Host)));
        var covered = new List<string>();
        ledger.Books.OpenStatement(TestLedger.Period, ledger.Licensor.Id, (_, receipt) => covered.Add(receipt.Id));
        Assert.Equal([before.Id], covered);
        var folder = Path.Combine(ledger.Folder, "bundle");
        ledger.Books.ExportPeriod(TestLedger.Period, folder);
        AuditVerifier.Verify(folder, ledger.Books.LogKey, null, ledger.Clock.Now);
        ProofVerifier.Verify(
            ledger.Books.ProveStatement(TestLedger.Period, ledger.Host.Id), ledger.Books.LogKey, LogReader.Of(ledger.Books.LogFolderPath!), [],
            ledger.Clock.Now);

        // A closed month never changes, whoever accepts.
        await RefusedAsync(
            Refusal.NotRetroactive,
            () => ledger.Books.EnterAgreedAsync("terms.yaml", Terms.Replace("11-06", "11-20", StringComparison.Ordinal) + "retroactive: true\n"));

        Amount Earned(PeriodSettlement settlement, Party party) => settlement.Totals.Single(total => total.PartyId == party.Id).Earned;
    }

    [Fact]
    public async Task A_retroactive_agreement_reaches_back_over_no_version_and_not_ahead()
    {
        await using var ledger = await ReadyAsync();
        ledger.Clock.Now = November.AddDays(2);
        await ledger.Books.AgreeAsync(null, [Share.Of(Role.Host, 1_000_000)]);
        ledger.Clock.Now = November.AddDays(4);
        await Refused("2026-11-06", "back over version 2");
        await Refused("2026-11-20", "leave out 'retroactive'");
        // What it was to replace is another when the last one accepts.
        var document = await ledger.Books.EnterAgreementAsync("terms.yaml", Terms("2026-11-08"));
        await ledger.Books.AgreeAsync(null, [Share.Of(Role.Licensor, 1_000_000)]);
        var refused = await RefusedAsync(Refusal.NotRetroactive, () => ledger.Books.AcceptAgreementAsync(document.Id, "host", "mine"));
        Assert.Contains("back over version 3", refused.Message, StringComparison.Ordinal);

        async Task Refused(string from, string says) => Assert.Contains(
            says, (await RefusedAsync(Refusal.NotRetroactive, () => ledger.Books.EnterAgreedAsync("terms.yaml", Terms(from)))).Message,
            StringComparison.Ordinal);

        static string Terms(string from) =>
            $"agreement: new\ncollector: host\nfrom: {from}\nretroactive: true\nsplit: [{{payee: host, rate: 100%}}]\n";
    }
}
