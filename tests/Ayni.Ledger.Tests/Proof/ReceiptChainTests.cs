using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Ledger.Tests;

/// <summary>A client's own count of its receipts, and what it reads of its answers.</summary>
public sealed class ReceiptChainTests
{
    [Fact]
    public void Receipts_in_any_order_are_one_chain_and_what_is_not_there_is_missing()
    {
        var receipts = Receipts(12);
        Prop.ForAll(
            Gen.Shuffle(receipts.ToArray()).ToArbitrary(), Gen.Choose(0, 12).ToArbitrary(),
            (shuffled, count) =>
            {
                var chain = new ReceiptChain();
                var added = shuffled.Take(count).ToList();
                added.ForEach(chain.Add);
                // Twice is as once.
                added.ForEach(chain.Add);
                var numbers = added.Select(receipt => receipt.Receipt.KeyNumber).ToHashSet();
                var missing = chain.Missing.SelectMany(gap => Enumerable.Range((int)gap.First, (int)(gap.Last - gap.First + 1)).Select(number => (long)number));
                var expected = numbers.Count == 0 ? [] : Enumerable.Range(1, 12).Select(number => (long)number)
                    .Where(number => number > numbers.Min() && number < numbers.Max() && !numbers.Contains(number));
                Assert.Equal(expected, missing);
            }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(2, 5)]
    [InlineData(3, 4)]
    [InlineData(5, 5)]
    [InlineData(1, 2)]
    [InlineData(12, 3)]
    public void Another_receipt_of_a_number_is_refused_wherever_it_comes(int number, int units)
    {
        var receipts = Receipts(12);
        var other = Of(receipts[number - 1].Receipt with { Charge = TestLedger.Eur($"0.{units}") });
        for (var at = 0; at <= 12; at++)
        {
            // The other one comes first, in the middle or last; one of the two is refused.
            var chain = new ReceiptChain();
            List<VerifiedReceipt> order = [.. receipts[..at], other, .. receipts[at..]];
            var refused = order.Count(receipt => Record.Exception(() => chain.Add(receipt)) is ProofException { Check: ProofCheck.KeyNumbers });
            Assert.True(refused >= 1);
        }
    }

    [Fact]
    public void One_that_does_not_follow_is_refused_and_other_keys_are_other_chains()
    {
        var chain = new ReceiptChain();
        Receipts(3).ForEach(chain.Add);
        Receipts(3, "key_b").ForEach(chain.Add);
        var receipt = Of(Forger.Receipt("rcp_x", number: 4) with { PreviousHash = Digest.Of("another"u8) });
        Assert.Equal(ProofCheck.KeyNumbers, Assert.Throws<ProofException>(() => chain.Add(receipt)).Check);
    }

    [Fact]
    public void What_was_given_long_ago_is_not_taken_again()
    {
        var chain = new ReceiptChain();
        var receipts = Receipts(ReceiptChain.MostRemembered + 2);
        receipts.ForEach(chain.Add);
        chain.Add(receipts[^1]);
        Assert.Throws<ProofException>(() => chain.Add(receipts[0]));
    }

    [Fact]
    public void Any_bytes_of_a_stream_are_read_however_they_are_cut()
    {
        var ending = "data: {\"id\":\"cmpl-1\",\"usage\":{\"prompt_tokens\":3},\"ayni\":{\"receipt\":{\"id\":\"rcp_1\",\"number\":7}}}\r\n\r\ndata: [DONE]\n\n";
        var valid = Encoding.UTF8.GetBytes("data: {\"choices\":[]}\n\n" + ending);
        for (var cut = 0; cut <= valid.Length; cut++)
        {
            var scanner = new AnswerScanner();
            scanner.Read(valid.AsSpan(0, cut));
            scanner.Read(valid.AsSpan(cut));
            Assert.Equal(("rcp_1", 7L, 3L, true), (scanner.Announced!.ReceiptId, scanner.Announced.Number, scanner.Announced.PromptTokens, scanner.IsOver));
        }
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = (byte[])valid.Clone();
            for (var i = random.Next(1, 6); i > 0; i--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            new AnswerScanner().Read(bytes);
            Announcement.Parse(bytes.AsMemory(random.Next(bytes.Length)));
        }
        // A line without an end is not kept.
        var endless = new AnswerScanner();
        for (var i = 0; i < 40; i++)
            endless.Read(new byte[100_000]);
        endless.Read(Encoding.UTF8.GetBytes("\n" + ending));
        Assert.Equal("rcp_1", endless.Announced!.ReceiptId);
    }

    private static List<VerifiedReceipt> Receipts(int count, string key = "key_a")
    {
        var receipts = new List<VerifiedReceipt>();
        for (var i = 1; i <= count; i++)
            receipts.Add(Of(Forger.Receipt($"rcp_{i}", key: key, number: i, previous: receipts.LastOrDefault()?.Receipt)));
        return receipts;
    }

    private static VerifiedReceipt Of(Receipt receipt) => new(receipt, default, new([], []));
}
