namespace Ayni.Receipts;

/// <summary>
/// The canonical bytes of a receipt, format version 1; their SHA-256 is the receipt's hash. Integers are big-endian and of fixed width. A
/// text is its length in bytes (2 bytes, 1 to 1024) and that many bytes of well-formed UTF-8. Every receipt has exactly one encoding.
/// <code>
/// 16  "ayni/receipt/v1" and a zero byte
///  *  id                        text
///  *  request id                text
///  *  key id                    text
///  8  key number                1 or more
/// 32  hash of the key's previous receipt; zeros if and only if the number is 1
///  8  admitted at               microseconds since 1970-01-01T00:00Z, 1970 to 9998
///  7  period                    ASCII such as 2026-11: the month of that instant in the ledger's zone, so at most a day off UTC's
///  1  source                    0 host, 1 meter
///  *    meter's key id          text, if so
///  *  model                     text
/// 32  model digest
///  1  adapter follows           0 or 1
///  *    adapter's name          text, if so
/// 32    adapter's digest        if so
///  1  app follows               0 or 1
///  *    app id                  text, if so
///  *  customer id               text
///  8  prompt tokens             0 to 1,000,000,000, like the next three
///  8  cached tokens
///  8  generated tokens
///  8  rejected speculative tokens
///  1  outcome                   0 completed, 1 cancelled
///  8  price version             1 or more
///  8  agreement version         1 or more
///  3  currency                  ISO 4217 code in ASCII
/// 16  charge                    units of 10⁻¹² of the currency, 0 to 10³⁸ − 1
/// </code>
/// </summary>
public static class ReceiptFormat
{
    private static ReadOnlySpan<byte> DomainTag => "ayni/receipt/v1\0"u8;

    /// <summary>The canonical bytes. Throws <see cref="ReceiptFormatException"/> for values that the format has no place for.</summary>
    public static byte[] Encode(Receipt receipt)
    {
        var writer = new CanonicalWriter();
        writer.WriteBytes(DomainTag);
        writer.WriteText(receipt.Id);
        writer.WriteText(receipt.RequestId);
        writer.WriteText(receipt.KeyId);
        writer.WriteInt64(receipt.KeyNumber);
        writer.WriteDigest(receipt.PreviousHash);
        writer.WriteInt64(receipt.AdmittedAt.Microseconds());
        writer.WriteAscii(receipt.Period.ToString());
        writer.WriteByte((byte)receipt.Source);
        if (receipt.MeterId is { } meterId)
            writer.WriteText(meterId);
        writer.WriteText(receipt.Model);
        writer.WriteDigest(receipt.ModelDigest);
        writer.WriteByte(receipt.Adapter is null ? (byte)0 : (byte)1);
        if (receipt.Adapter is { } adapter)
        {
            writer.WriteText(adapter.Name);
            writer.WriteDigest(adapter.Digest);
        }
        writer.WriteByte(receipt.AppId is null ? (byte)0 : (byte)1);
        if (receipt.AppId is { } appId)
            writer.WriteText(appId);
        writer.WriteText(receipt.CustomerId);
        writer.WriteInt64(receipt.Counts.Prompt);
        writer.WriteInt64(receipt.Counts.Cached);
        writer.WriteInt64(receipt.Counts.Generated);
        writer.WriteInt64(receipt.Counts.SpeculativeRejected);
        writer.WriteByte((byte)receipt.Outcome);
        writer.WriteInt64(receipt.PriceVersion);
        writer.WriteInt64(receipt.AgreementVersion);
        writer.WriteAscii(receipt.Currency.Code);
        writer.WriteInt128(receipt.Charge.Units);
        Demand(receipt, writer.Length);
        return writer.ToArray();
    }

    /// <summary>Reads canonical bytes. Throws <see cref="ReceiptFormatException"/> for all but the one encoding of a receipt.</summary>
    public static Receipt Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new CanonicalReader(bytes);
        reader.Expect(DomainTag, "domain tag");
        var receipt = new Receipt
        {
            Id = reader.ReadText("id"),
            RequestId = reader.ReadText("request id"),
            KeyId = reader.ReadText("key id"),
            KeyNumber = reader.ReadInt64("key number"),
            PreviousHash = reader.ReadDigest("previous hash"),
            AdmittedAt = reader.ReadInstant("admitted at"),
            Period = reader.ReadPeriod("period"),
            MeterId = reader.ReadByte("source", 1) == 0 ? null : reader.ReadText("meter's key id"),
            Model = reader.ReadText("model"),
            ModelDigest = reader.ReadDigest("model digest"),
            Adapter = reader.ReadByte("adapter follows", 1) == 0
                ? null
                : new(reader.ReadText("adapter's name"), reader.ReadDigest("adapter's digest")),
            AppId = reader.ReadByte("app follows", 1) == 0 ? null : reader.ReadText("app id"),
            CustomerId = reader.ReadText("customer id"),
            Counts = new(
                reader.ReadInt64("prompt tokens"), reader.ReadInt64("cached tokens"), reader.ReadInt64("generated tokens"),
                reader.ReadInt64("rejected speculative tokens")),
            Outcome = (Outcome)reader.ReadByte("outcome", 1),
            PriceVersion = reader.ReadInt64("price version"),
            AgreementVersion = reader.ReadInt64("agreement version"),
            Charge = reader.ReadAmount("charge"),
        };
        reader.ExpectEnd();
        Demand(receipt, bytes.Length);
        return receipt;
    }

    /// <summary>What holds for every receipt, beyond what its fields' types can say.</summary>
    private static void Demand(Receipt receipt, int length)
    {
        if (receipt.KeyNumber < 1 || receipt.PriceVersion < 1 || receipt.AgreementVersion < 1)
            throw new ReceiptFormatException(length, "numbers", "begin at 1");
        if ((receipt.KeyNumber == 1) != (receipt.PreviousHash == Digest.Zero))
            throw new ReceiptFormatException(length, "previous hash", "is zero for a key's first receipt and for no other");
        if (!receipt.Counts.AreValid)
            throw new ReceiptFormatException(length, "token counts", $"lie between 0 and {TokenCounts.Largest}");
        if (receipt.Charge.Sign < 0)
            throw new ReceiptFormatException(length, "charge", "is never negative");
        if (!Enum.IsDefined(receipt.Outcome))
            throw new ReceiptFormatException(length, "outcome", "is 0 or 1");
        if (receipt.AdmittedAt.UtcDateTime.Year is < 1970 or > 9998 || receipt.AdmittedAt != receipt.AdmittedAt.ToWholeMicroseconds())
            throw new ReceiptFormatException(length, "admitted at", "is in whole microseconds of the years 1970 to 9998");
        var start = receipt.Period == default ? DateTimeOffset.MaxValue : receipt.Period.Start.AddDays(-1);
        if (receipt.AdmittedAt < start || receipt.AdmittedAt >= receipt.Period.Start.AddMonths(1).AddDays(1))
            throw new ReceiptFormatException(length, "period", "is the month of the admission, in some zone");
    }
}

/// <summary>Bytes that are not the canonical encoding of a receipt, or a receipt that has none.</summary>
public sealed class ReceiptFormatException(int offset, string field, string problem)
    : LedgerException($"Not a receipt at byte {offset}: {field} {problem}.")
{
    /// <summary>How many bytes had been taken before.</summary>
    public int Offset { get; } = offset;

    /// <summary>The field concerned.</summary>
    public string Field { get; } = field;
}
