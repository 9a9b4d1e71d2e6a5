using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ayni.Ledger.Tests;

public sealed class SignedReceiptTests
{
    [Fact]
    public async Task Every_receipt_of_a_group_commit_verifies_offline_and_shares_its_signature()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        var usages = Enumerable.Range(1, 300).Select(i => ledger.Usage(key, i, 0, 1)).ToArray();
        var receipts = await Task.WhenAll(usages.Select(usage => ledger.Books.PostAsync(usage)));
        var batches = new HashSet<string>();
        foreach (var receipt in receipts)
        {
            var json = Json(ledger.Books, receipt.Id);
            var verification = ReceiptVerifier.Verify(json, ledger.Books.LogKey);
            Assert.Contains(receipt.Id, verification.Proven[0], StringComparison.Ordinal);
            Assert.Contains(verification.NotProven, sentence => sentence.Contains("beside the books", StringComparison.Ordinal));
            batches.Add(Proof(json)["batch"]!.GetValue<string>());
        }
        Assert.InRange(batches.Count, 1, receipts.Length / 2);
    }

    [Fact]
    public async Task Keys_stay_after_a_restart_and_others_logs_are_refused()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        await using var other = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        var before = await ledger.UseAsync(key, 1, 1, 1);
        var logKey = ledger.Books.LogKey;
        await ledger.ReopenAsync();
        var after = await ledger.UseAsync(key, 1, 1, 1);
        Assert.Equal(logKey, ledger.Books.LogKey);
        foreach (var receipt in new[] { before, after })
        {
            ReceiptVerifier.Verify(Json(ledger.Books, receipt.Id), logKey);
            Assert.Equal(
                ProofCheck.Certificate,
                Assert.Throws<ProofException>(() => ReceiptVerifier.Verify(Json(ledger.Books, receipt.Id), other.Books.LogKey)).Check);
        }
    }

    [Fact]
    public async Task The_certificate_names_the_host_and_its_promise()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        var first = Assert.Single(ledger.Books.ListSigningKeys());
        Assert.Equal((SigningHost.ThisMachine.Name, 60L), (first.Host, first.PromiseMinutes));
        var state = await ledger.Books.ReplaceSigningKeyAsync(
            revokes: false, change: _ => new("host1.example", TimeSpan.FromMinutes(7)));
        Assert.Equal(("host1.example", 7L), (state.Host, state.PromiseMinutes));
        var receipt = await ledger.UseAsync(key, 1, 1, 1);
        var json = Json(ledger.Books, receipt.Id);
        var verification = ReceiptVerifier.Verify(json, ledger.Books.LogKey);
        Assert.Contains("by host1.example at", verification.Proven[0], StringComparison.Ordinal);
        Assert.Contains(
            verification.NotProven, sentence => sentence.Contains($"{ledger.Clock.Now.AddMinutes(7):u}", StringComparison.Ordinal));
        // The next key keeps what is not changed.
        Assert.Equal("host1.example", (await ledger.Books.ReplaceSigningKeyAsync(revokes: false)).Host);
    }

    [Theory]
    [InlineData("two words", 60)]
    [InlineData("", 60)]
    [InlineData("plus+plus", 60)]
    [InlineData("host", 0)]
    [InlineData("host", 100_000)]
    public void What_is_no_host_and_no_promise_is_refused(string name, int minutes) => Assert.Equal(
        ProofCheck.Format, Assert.Throws<ProofException>(() => new SigningHost(name, TimeSpan.FromMinutes(minutes))).Check);

    [Fact]
    public void A_certificate_of_the_first_version_is_still_one()
    {
        var forger = new Forger();
        var first = forger.Certify(null);
        var read = KeyCertificate.Decode(first);
        Assert.Equal(first, read.Encode());
        read.Demand(forger.LogKey, ProofChecks.All);
        Assert.Equal((null, SigningHost.StandardPromise), (read.Host, read.Promise));
        // A host's name can't be passed off for part of a key.
        Assert.Equal("host.example", KeyCertificate.Decode(forger.Certify(new("host.example", SigningHost.StandardPromise))).Host!.Name);
    }

    [Fact]
    public async Task A_changed_view_is_refused()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var receipt = await ledger.UseAsync(await ledger.KeyAsync(), 10, 2, 3);
        var json = Json(ledger.Books, receipt.Id);
        foreach (var change in new Action<JsonObject>[]
        {
            view => view["charge"] = "0.01",
            view => view["counts"]!["prompt"] = 11,
            view => view.Remove("charge"),
            view => view["more"] = 1,
        })
        {
            var view = JsonNode.Parse(json)!.AsObject();
            change(view);
            Assert.Equal(
                ProofCheck.View,
                Assert.Throws<ProofException>(() => ReceiptVerifier.Verify(Bytes(view), ledger.Books.LogKey)).Check);
        }
    }

    [Fact]
    public async Task Without_the_logs_key_a_restored_ledger_posts_unsigned_receipts()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        File.Delete(ReceiptSigner.LogKeyPath(ledger.Folder));
        File.Delete(ReceiptSigner.SigningKeyPath(ledger.Folder));
        await ledger.ReopenAsync();
        var receipt = await ledger.UseAsync(key, 1, 1, 1);
        Assert.False(ledger.Books.FindSignedReceipt(receipt.Id)!.IsSigned);
        Assert.Equal(
            ProofCheck.Format, Assert.Throws<ProofException>(() => ReceiptVerifier.Verify(Json(ledger.Books, receipt.Id), null)).Check);
    }

    internal static byte[] Json(Books books, string receiptId) =>
        JsonSerializer.SerializeToUtf8Bytes(books.FindSignedReceipt(receiptId)!, LedgerJson.Default.SignedReceipt);

    internal static JsonNode Proof(byte[] json) => JsonNode.Parse(json)!["proof"]!;

    internal static byte[] Bytes(JsonNode node) => JsonSerializer.SerializeToUtf8Bytes(node);
}
