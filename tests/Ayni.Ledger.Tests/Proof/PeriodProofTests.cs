using System.Text.Json.Nodes;

namespace Ayni.Ledger.Tests;

public sealed class PeriodProofTests
{
    private static readonly Currency Euro = Currency.Parse("EUR");

    [Fact]
    public async Task A_closed_month_counts_every_receipt_and_proves_it()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var keys = new[] { await ledger.KeyAsync(), await ledger.KeyAsync(ofApp: true), await ledger.KeyAsync() };
        var receipts = new List<Receipt>();
        for (var i = 0; i < 30; i++)
            receipts.Add(await ledger.UseAsync(keys[i % 3], 100 + i, i, 10));
        await CloseAsync(ledger);
        foreach (var receipt in receipts)
        {
            var json = SignedReceiptTests.Json(ledger.Books, receipt.Id);
            var verification = ReceiptVerifier.Verify(json, ledger.Books.LogKey);
            Assert.Contains(verification.Proven, sentence => sentence.Contains("one of 30 receipts in EUR", StringComparison.Ordinal));
            Assert.InRange(json.Length, 1, 8191);
        }
        // The record follows from the entries alone, each time.
        var record = await RecordAsync(ledger);
        var sums = record.Tree(Euro, SumTreeKind.Receipts)!.Value.Sums;
        Assert.Equal(30, sums.Leaves);
        Assert.Equal(receipts.Aggregate(Amount.Zero(Euro), (sum, receipt) => sum + receipt.Charge).Units, sums.Units);
        await ledger.ReopenAsync();
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        Assert.Equal(record.Encode(), (await RecordAsync(ledger)).Encode());
    }

    [Fact]
    public async Task A_month_without_receipts_commits_to_nothing_but_what_it_is()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        await CloseAsync(ledger);
        var record = await RecordAsync(ledger);
        Assert.Empty(record.Trees);
        Assert.All(
            [PeriodListName.KeyTails, PeriodListName.Gross, PeriodListName.Splits],
            name => Assert.Equal(new(0, MerkleTree.Empty), record[name]));
    }

    [Fact]
    public async Task A_receipt_that_was_never_posted_is_absent_and_one_that_was_is_not()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        var receipts = new List<Receipt>();
        for (var i = 0; i < 5; i++)
            receipts.Add(await ledger.UseAsync(key, 1, 1, 1));
        await CloseAsync(ledger);
        await ledger.Books.PublishLogAsync();
        var log = LogReader.Of(ledger.Books.LogFolderPath!);
        foreach (var id in new[] { "rcp_0", receipts[2].Id + "0", "rcp_z" })
        {
            var json = ledger.Books.ProveAbsence(TestLedger.Period, Euro, id);
            var verification = ProofVerifier.Verify(json, ledger.Books.LogKey, log, [], ledger.Clock.Now);
            Assert.Contains(verification.Proven, sentence => sentence.Contains($"counts no receipt {id} in EUR", StringComparison.Ordinal));
            var view = JsonNode.Parse(json)!.AsObject();
            view["absent"] = receipts[2].Id;
            Assert.Throws<ProofException>(() => ProofVerifier.Verify(SignedReceiptTests.Bytes(view), ledger.Books.LogKey, log, [], ledger.Clock.Now));
        }
        Assert.Throws<ProofException>(() => ledger.Books.ProveAbsence(TestLedger.Period, Euro, receipts[2].Id));
    }

    [Fact]
    public async Task Late_receipts_count_in_the_next_month_and_series_go_on()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 1, 1, 1);
        var late = ledger.Usage(key, 2, 2, 2);
        await CloseAsync(ledger);
        var receipt = await ledger.Books.PostAsync(late);
        var after = await ledger.UseAsync(key, 3, 3, 3);
        ledger.Clock.Now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
        await ledger.Books.ClosePeriodAsync(TestLedger.Period.Next);
        foreach (var id in new[] { receipt.Id, after.Id })
            Assert.Contains(
                ReceiptVerifier.Verify(SignedReceiptTests.Json(ledger.Books, id), ledger.Books.LogKey).Proven,
                sentence => sentence.Contains("2026-12 counted it: it is one of 2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task After_erasure_nobody_can_open_the_customers_leaves_and_all_others_proofs_stay()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var (gone, stays) = (await ledger.KeyAsync(), await ledger.KeyAsync());
        var of = await ledger.UseAsync(gone, 1, 1, 1);
        var other = await ledger.UseAsync(stays, 2, 2, 2);
        await CloseAsync(ledger);
        var before = await RecordAsync(ledger);
        await TestLedger.RefusedAsync(Refusal.CustomerActive, () => ledger.Books.EraseCustomerSecretAsync(gone.CustomerId!));
        await ledger.Books.RevokeCustomerAsync(gone.CustomerId!);
        await ledger.Books.EraseCustomerSecretAsync(gone.CustomerId!);
        await ledger.Books.EraseCustomerSecretAsync(gone.CustomerId!);

        Assert.Null(SignedReceiptTests.Proof(SignedReceiptTests.Json(ledger.Books, of.Id))["period"]);
        Assert.Contains(
            ReceiptVerifier.Verify(SignedReceiptTests.Json(ledger.Books, other.Id), ledger.Books.LogKey).Proven,
            sentence => sentence.Contains("counted it", StringComparison.Ordinal));
        Assert.Equal(before.Encode(), ReadCommitment(ledger).Record.Encode());
    }

    [Fact]
    public async Task A_statement_is_proven_and_a_changed_one_refused()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        await ledger.UseAsync(await ledger.KeyAsync(ofApp: true), 123_457, 1_003, 777);
        await ledger.UseAsync(await ledger.KeyAsync(), 11, 22, 33);
        await CloseAsync(ledger);
        await ledger.Books.PublishLogAsync();
        foreach (var party in new[] { ledger.Host, ledger.Licensor, ledger.Developer })
        {
            var json = ledger.Books.ProveStatement(TestLedger.Period, party.Id);
            var log = LogReader.Of(ledger.Books.LogFolderPath!);
            var verification = ProofVerifier.Verify(json, ledger.Books.LogKey, log, [], ledger.Clock.Now);
            Assert.Contains(verification.Proven, sentence => sentence.Contains("what the agreement gives", StringComparison.Ordinal));
            foreach (var change in new Action<JsonObject>[]
            {
                view => view["totals"]![0]!["payable"] = "1000000.00",
                view => view["lines"]![0]!["amount"] = "1000000.00",
                view => view["party_name"] = "Somebody",
            })
            {
                var view = JsonNode.Parse(json)!.AsObject();
                change(view);
                Assert.Equal(
                    ProofCheck.View,
                    Assert.Throws<ProofException>(() => ProofVerifier.Verify(SignedReceiptTests.Bytes(view), null, null, [], default)).Check);
            }
        }
    }

    internal static async Task CloseAsync(TestLedger ledger)
    {
        ledger.Clock.Now = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
    }

    private static Task<PeriodRecord> RecordAsync(TestLedger ledger) => Task.FromResult(ReadCommitment(ledger).Record);

    private static PeriodCommitment ReadCommitment(TestLedger ledger)
    {
        using var session = Database.At(ledger.Path).OpenReader();
        session.BeginReading();
        return PeriodCommitment.Of(session, TestLedger.Period);
    }
}
