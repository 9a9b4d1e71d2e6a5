using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Ledger.Tests;

public sealed class ReceiptFormatTests
{
    private static readonly Receipt Sample = new()
    {
        Id = "rcp_1",
        RequestId = "req_1",
        KeyId = "key_1",
        KeyNumber = 2,
        PreviousHash = Digest.Of("before"u8),
        AdmittedAt = new(2026, 11, 5, 12, 0, 0, TimeSpan.Zero),
        Period = new(2026, 11),
        MeterId = null,
        Model = "llama",
        ModelDigest = Digest.Of("model"u8),
        Adapter = null,
        AppId = null,
        CustomerId = "cus_1",
        Counts = new(1, 2, 3, 4),
        Outcome = Outcome.Completed,
        PriceVersion = 5,
        AgreementVersion = 6,
        Charge = TestLedger.Eur("0.000012"),
    };

    private static Gen<Receipt> Receipts =>
        from texts in Gen.Elements("a", "ü", "名前", "𝄞", "x y", "ayni/receipt/v1\0", new string('z', 200)).ArrayOf(6)
        from number in Gen.Choose(1, int.MaxValue)
        from counts in Gen.Choose(0, 1_000_000_000).Four()
        from units in AmountTests.Units
        from currency in Gen.Elements(Currency.All.AsEnumerable())
        from seconds in Gen.Choose(0, int.MaxValue)
        from flags in Gen.Choose(0, 15)
        select Sample with
        {
            Id = texts[0],
            RequestId = texts[1],
            KeyId = texts[2],
            Model = texts[3],
            CustomerId = texts[4],
            AppId = (flags & 1) == 0 ? null : texts[5],
            Adapter = (flags & 2) == 0 ? null : new(texts[5], Digest.Of([(byte)flags])),
            Outcome = (Outcome)(flags >> 2 & 1),
            MeterId = flags >> 3 == 0 ? null : texts[5],
            Period = Period.Of(DateTimeOffset.UnixEpoch.AddSeconds(seconds)),
            KeyNumber = number,
            PreviousHash = number == 1 ? Digest.Zero : Sample.PreviousHash,
            AdmittedAt = DateTimeOffset.UnixEpoch.AddSeconds(seconds).AddMicroseconds(number % 1_000_000),
            Counts = new(counts.Item1, counts.Item2, counts.Item3, counts.Item4),
            PriceVersion = number,
            Charge = new(Int128.Abs(units), currency),
        };

    [Fact]
    public void Every_receipt_is_read_back_from_its_bytes() => Prop.ForAll(Receipts.ToArbitrary(), receipt =>
        ReceiptFormat.Decode(ReceiptFormat.Encode(receipt)) == receipt).QuickCheckThrowOnFailure();

    [Fact]
    public void The_layout_is_the_documented_one()
    {
        // Field by field as the format's documentation lists them.
        var digest = (string text) => Digest.Of(System.Text.Encoding.ASCII.GetBytes(text)).ToString();
        var expected = string.Concat(
            "61796e692f726563656970742f763100", // ayni/receipt/v1 and zero
            "0005" + "7263705f31", // rcp_1
            "0005" + "7265715f31", // req_1
            "0005" + "6b65795f31", // key_1
            "0000000000000002",
            digest("before"),
            "00065f863c2b7000", // 1,793,880,000 s = 2026-11-05T12:00Z, in µs
            "323032362d3131", // 2026-11
            "00",
            "0005" + "6c6c616d61", // llama
            digest("model"),
            "00",
            "00",
            "0005" + "6375735f31", // cus_1
            "0000000000000001" + "0000000000000002" + "0000000000000003" + "0000000000000004",
            "00",
            "0000000000000005",
            "0000000000000006",
            "455552", // EUR
            "00000000000000000000000000b71b00"); // 12,000,000 units
        Assert.Equal(expected, Convert.ToHexStringLower(ReceiptFormat.Encode(Sample)));
        Assert.Equal(Digest.Of(Convert.FromHexString(expected)), Sample.Hash);
    }

    [Fact]
    public void A_cut_or_longer_encoding_is_refused()
    {
        var bytes = ReceiptFormat.Encode(Sample);
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<ReceiptFormatException>(() => ReceiptFormat.Decode(bytes.AsSpan(0, length)));
        Assert.Throws<ReceiptFormatException>(() => ReceiptFormat.Decode([.. bytes, 0]));
    }

    [Fact]
    public void Mutated_bytes_are_refused_or_are_another_receipts_only_encoding()
    {
        var random = new Random(20261105);
        var original = ReceiptFormat.Encode(Sample with { AppId = "app_1", Adapter = new("ada", Digest.Zero) });
        var refused = 0;
        for (var round = 0; round < 50_000; round++)
        {
            var bytes = original.ToArray();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                Assert.Equal(bytes, ReceiptFormat.Encode(ReceiptFormat.Decode(bytes)));
            }
            catch (ReceiptFormatException error)
            {
                Assert.InRange(error.Offset, 0, bytes.Length);
                refused++;
            }
        }
        Assert.InRange(refused, 10_000, 49_000);
    }

    [Fact]
    public void Random_bytes_behind_the_tag_are_refused()
    {
        var random = new Random(7);
        for (var round = 0; round < 10_000; round++)
        {
            var bytes = new byte[random.Next(0, 600)];
            random.NextBytes(bytes);
            "ayni/receipt/v1\0"u8[..Math.Min(16, bytes.Length)].CopyTo(bytes);
            Assert.Throws<ReceiptFormatException>(() => ReceiptFormat.Decode(bytes));
        }
    }

    [Fact]
    public void A_receipt_without_an_encoding_is_refused()
    {
        Receipt[] wrong =
        [
            Sample with { KeyNumber = 0 },
            Sample with { KeyNumber = 1 },
            Sample with { PreviousHash = Digest.Zero },
            Sample with { Charge = TestLedger.Eur("-1") },
            Sample with { Counts = new(-1, 0, 0) },
            Sample with { Id = "" },
            Sample with { Id = "\ud800" },
            Sample with { Model = new('x', 1025) },
            Sample with { Outcome = (Outcome)2 },
            Sample with { PriceVersion = 0 },
            Sample with { MeterId = "" },
            Sample with { Period = default },
            Sample with { Period = new(2026, 12) },
            Sample with { Period = new(2026, 10) },
            Sample with { AdmittedAt = Sample.AdmittedAt.AddTicks(1) },
            Sample with { AdmittedAt = DateTimeOffset.MinValue },
        ];
        Assert.All(wrong, receipt => Assert.Throws<ReceiptFormatException>(() => ReceiptFormat.Encode(receipt)));
    }

    [Theory]
    [MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void The_JSON_view_is_exact_in_every_culture(string culture) => Cultures.Run(culture, () =>
    {
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(Sample, LedgerJson.Default.Receipt));
        var view = json.RootElement;
        Assert.Equal("0.000012", view.GetProperty("charge").GetString());
        Assert.Equal("EUR", view.GetProperty("currency").GetString());
        Assert.Equal("2026-11", view.GetProperty("period").GetString());
        Assert.Equal("2026-11-05T12:00:00+00:00", view.GetProperty("admitted_at").GetString());
        Assert.Equal(3, view.GetProperty("counts").GetProperty("generated").GetInt64());
        Assert.Equal(Sample.Hash.ToString(), view.GetProperty("hash").GetString());
        Assert.Equal("completed", view.GetProperty("outcome").GetString());
        Assert.False(view.TryGetProperty("app_id", out _));
    });
}
