using System.Text;
using System.Text.Json.Nodes;

namespace Ayni.Ledger.Tests;

public sealed class IndependentVerifierTests
{
    [Fact]
    public async Task Two_verifiers_agree_on_what_is_right_and_on_what_is_wrong()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var keys = new[] { await ledger.KeyAsync(), await ledger.KeyAsync(ofApp: true) };
        var usages = Enumerable.Range(0, 40).Select(i => ledger.Usage(keys[i % 2], 10 + i, i, 3)).ToArray();
        var receipts = await Task.WhenAll(usages.Select(usage => ledger.Books.PostAsync(usage)));
        await ledger.Books.PublishLogAsync();
        var logKey = ledger.Books.LogKey.ToString();
        var open = receipts.Select(receipt => SignedReceiptTests.Json(ledger.Books, receipt.Id)).ToArray();
        await PeriodProofTests.CloseAsync(ledger);
        await ledger.Books.PublishLogAsync();
        var closed = receipts.Select(receipt => SignedReceiptTests.Json(ledger.Books, receipt.Id)).ToArray();
        foreach (var json in open.Concat(closed))
        {
            ReceiptVerifier.Verify(json, ledger.Books.LogKey);
            Assert.Null(IndependentVerifier.Wrong(Encoding.UTF8.GetString(json), logKey));
        }
        var random = new Random(5);
        foreach (var json in closed)
        {
            for (var i = 0; i < 20; i++)
            {
                var view = JsonNode.Parse(json)!.AsObject();
                Flip(view["proof"]!.AsObject(), random);
                var changed = SignedReceiptTests.Bytes(view);
                Assert.ThrowsAny<LedgerException>(() => ReceiptVerifier.Verify(changed, ledger.Books.LogKey));
                Assert.NotNull(IndependentVerifier.Wrong(Encoding.UTF8.GetString(changed), logKey));
            }
        }
    }

    /// <summary>Flips a bit of one of the proof's byte strings.</summary>
    private static void Flip(JsonObject node, Random random)
    {
        var places = new List<(JsonObject Parent, string Name)>();
        Collect(node);
        var (parent, name) = places[random.Next(places.Count)];
        var bytes = Convert.FromBase64String(parent[name]!.GetValue<string>());
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        parent[name] = Convert.ToBase64String(bytes);

        void Collect(JsonObject parent)
        {
            foreach (var (name, value) in parent)
            {
                if (value is JsonObject child)
                    Collect(child);
                else if (value is JsonValue text && name != "tlog_proof" && text.TryGetValue<string>(out var base64) && base64.Length > 0)
                    places.Add((parent, name));
            }
        }
    }
}
