using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class ObjectionTests
{
    [Fact]
    public async Task An_objection_is_answered_replied_to_and_resolved_with_its_correction()
    {
        await using var ledger = await ReadyAsync();
        await ledger.UseAsync(await ledger.KeyAsync(), 1_000_000, 0, 0);
        await ledger.Books.RecordDeductionAsync(DeductionType.PaymentFee, "report 1", TestLedger.Period, Eur("0.01"));
        var owner = ledger.Licensor.Id;
        var raised = await ledger.Books.RaiseObjectionAsync(owner, ObjectionSubject.Deduction, "report 1", "too much", TestLedger.Period);
        Assert.Equal((ObjectionState.Raised, TestLedger.Period, owner), (raised.State, raised.Period, raised.Steps[0].By));
        Assert.Equal(ObjectionState.Answered, (await ledger.Books.ReplyToObjectionAsync(raised.Id, null, "see the report")).State);
        Assert.Equal(ObjectionState.Raised, (await ledger.Books.ReplyToObjectionAsync(raised.Id, owner, "page 3 says less")).State);
        await RefusedAsync(
            Refusal.InvalidObjection, () => ledger.Books.ResolveObjectionAsync(raised.Id, "put right", "report 2"));
        await ledger.Books.RecordDeductionAsync(DeductionType.PaymentFee, "report 2", TestLedger.Period, Eur("-0.004"));
        var resolved = await ledger.Books.ResolveObjectionAsync(raised.Id, "put right", "report 2");
        Assert.Equal((4, ObjectionState.Resolved, "report 2"), (resolved.Steps.Length, resolved.State, resolved.Steps[^1].Correction));
        await RefusedAsync(Refusal.NotOpen, () => ledger.Books.ReplyToObjectionAsync(raised.Id, owner, "and yet"));
        await ledger.ReopenAsync();
        Assert.Equal([resolved], ledger.Books.ListObjections(TestLedger.Period));
        Assert.Empty(ledger.Books.ListObjections(TestLedger.Period.Next));
        foreach (var table in new[] { "objections", "objection_steps" })
        {
            Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql($"DELETE FROM {table}"));
            Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql(
                table == "objections" ? "UPDATE objections SET reference = 'x'" : "UPDATE objection_steps SET says = 'x'"));
        }
        Assert.Equal(
            ["objection_raised", "objection_answered", "objection_raised", "objection_resolved"],
            ledger.Books.ListActions(raised.Id, 0, 10).Actions.Select(action => action.Action));
    }

    [Fact]
    public async Task Each_objects_to_what_concerns_it_and_nobody_learns_of_the_rest()
    {
        await using var ledger = await ReadyAsync();
        var (one, other) = (await ledger.KeyAsync(), await ledger.KeyAsync(ofApp: true));
        var (own, ofApp) = (await ledger.UseAsync(one, 1, 1, 1), await ledger.UseAsync(other, 1, 1, 1));
        await Raise(one.CustomerId!, ObjectionSubject.Receipt, own.Id);
        await Raise(ledger.Licensor.Id, ObjectionSubject.Receipt, own.Id);
        await Raise(ledger.Developer.Id, ObjectionSubject.Receipt, ofApp.Id);
        await Refused(Refusal.UnknownReceipt, one.CustomerId!, ObjectionSubject.Receipt, ofApp.Id);
        await Refused(Refusal.UnknownReceipt, one.CustomerId!, ObjectionSubject.Receipt, "rcp_nothing");
        await Refused(Refusal.UnknownReceipt, ledger.Developer.Id, ObjectionSubject.Receipt, own.Id);
        await Refused(Refusal.UnknownParty, "pty_nobody", ObjectionSubject.Receipt, own.Id);
        await Refused(Refusal.InvalidObjection, one.CustomerId!, ObjectionSubject.Statement, "2026-11");
        await Refused(Refusal.InvalidObjection, ledger.Licensor.Id, ObjectionSubject.Statement, "November");
        await Refused(Refusal.InvalidObjection, ledger.Licensor.Id, ObjectionSubject.Statement, "2026-12");
        await Refused(Refusal.InvalidObjection, ledger.Licensor.Id, ObjectionSubject.Deduction, "nothing");
        var raised = await Raise(ledger.Licensor.Id, ObjectionSubject.Statement, "2026-11");
        await RefusedAsync(Refusal.UnknownObjection, () => ledger.Books.ReplyToObjectionAsync(raised.Id, ledger.Host.Id, "not mine"));
        await RefusedAsync(Refusal.UnknownObjection, () => ledger.Books.ResolveObjectionAsync("obj_nothing", "x"));
        await RefusedAsync(Refusal.InvalidText, () => ledger.Books.ReplyToObjectionAsync(raised.Id, null, new string('x', 2001)));

        Task<Objection> Raise(string holder, ObjectionSubject subject, string reference) =>
            ledger.Books.RaiseObjectionAsync(holder, subject, reference, "why");

        Task Refused(Refusal refusal, string holder, ObjectionSubject subject, string reference) =>
            RefusedAsync(refusal, () => Raise(holder, subject, reference));
    }

    [Fact]
    public async Task One_holder_has_one_open_objection_to_a_thing_fifty_in_all_and_five_replies_before_an_answer()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var holder = key.CustomerId!;
        var receipts = new List<Receipt>();
        for (var i = 0; i < 51; i++)
            receipts.Add(await ledger.UseAsync(key, 1, 1, 1));
        var first = await Raise(0);
        Assert.Contains(first.Id, (await RefusedAsync(Refusal.InvalidObjection, () => Raise(0))).Message, StringComparison.Ordinal);
        await ledger.Books.RaiseObjectionAsync(ledger.Licensor.Id, ObjectionSubject.Receipt, receipts[0].Id, "why");
        for (var i = 1; i < 50; i++)
            await Raise(i);
        await RefusedAsync(Refusal.InvalidObjection, () => Raise(50));
        for (var i = 0; i < 5; i++)
            await ledger.Books.ReplyToObjectionAsync(first.Id, holder, "and");
        await RefusedAsync(Refusal.InvalidObjection, () => ledger.Books.ReplyToObjectionAsync(first.Id, holder, "and"));
        await ledger.Books.ReplyToObjectionAsync(first.Id, null, "see");
        await ledger.Books.ReplyToObjectionAsync(first.Id, holder, "but");
        await ledger.Books.ResolveObjectionAsync(first.Id, "no");
        await Raise(50);

        Task<Objection> Raise(int receipt) => ledger.Books.RaiseObjectionAsync(holder, ObjectionSubject.Receipt, receipts[receipt].Id, "why");
    }

    [Fact]
    public async Task An_auditor_sees_all_of_them_in_the_bundle_and_what_was_changed_or_left_out_by_the_log()
    {
        await using var ledger = await ReadyAsync();
        await ledger.UseAsync(await ledger.KeyAsync(), 1_000_000, 0, 0);
        var raised = await ledger.Books.RaiseObjectionAsync(ledger.Host.Id, ObjectionSubject.Statement, "2026-11", "too <little>");
        await PeriodProofTests.CloseAsync(ledger);
        var html = ledger.Books.Statement(TestLedger.Period, ledger.Host.Id);
        Assert.Contains(
            "too &lt;little&gt;", StatementHtml.ToHtml([html], StatementLanguage.English, ledger.Books.ListObjections()), StringComparison.Ordinal);
        await ledger.Books.ReplyToObjectionAsync(raised.Id, null, "it is what was used");
        await ledger.Books.PublishLogAsync();
        var folder = Directory.CreateTempSubdirectory("ayni-objections-").FullName;
        try
        {
            var bundle = Path.Combine(folder, "november");
            var file = Path.Combine(bundle, AuditBundle.ObjectionsFile);
            ledger.Books.ExportPeriod(TestLedger.Period, bundle);
            Assert.Contains(Audit().Proven, sentence => sentence.Contains($"answered ({raised.Id})", StringComparison.Ordinal));

            var text = File.ReadAllText(file);
            File.WriteAllText(file, text.Replace("too ", "much too ", StringComparison.Ordinal));
            Assert.Equal(ProofCheck.Inclusion, Assert.Throws<ProofException>(() => Audit()).Check);
            File.WriteAllText(file, "{\"objections\":[]}");
            Assert.Contains(Audit().NotProven, sentence => sentence.Contains($"about {raised.Id}: the log holds it", StringComparison.Ordinal));
            File.Delete(file);
            Assert.Contains(Audit().NotProven, sentence => sentence.Contains($"about {raised.Id}: the log holds it", StringComparison.Ordinal));

            Verification Audit() => AuditVerifier.Verify(
                bundle, ledger.Books.LogKey, LogReader.Of(ledger.Books.LogFolderPath!), ledger.Clock.Now).Verification;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
