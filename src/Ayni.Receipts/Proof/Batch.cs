namespace Ayni.Receipts;

/// <summary>
/// The receipts of one group commit, under one signature. Its bytes, integers big-endian, texts as in <see cref="ReceiptFormat"/>:
/// <code>
/// 16  "ayni/batch/v1" and zeros
///  *  origin                    text: the name of the log that holds the batch
///  8  number                    1, 2, 3, … in the ledger
///  8  sealed at                 microseconds since 1970
///  8  in the log by             microseconds since 1970: the promise
///  8  receipts                  1 or more
/// 32  root                      RFC 6962 over the receipts' hashes, in posting order
/// </code>
/// </summary>
/// <param name="Origin">The log's name.</param>
/// <param name="Number">Its number.</param>
/// <param name="SealedAt">When it was signed.</param>
/// <param name="LoggedBy">Until when it is in the log.</param>
/// <param name="Receipts">How many receipts.</param>
/// <param name="Root">The root over their hashes.</param>
public sealed record Batch(string Origin, long Number, DateTimeOffset SealedAt, DateTimeOffset LoggedBy, long Receipts, Digest Root)
{
    private static ReadOnlySpan<byte> Tag => "ayni/batch/v1\0\0\0"u8;

    internal byte[] Encode()
    {
        var writer = new CanonicalWriter();
        writer.WriteBytes(Tag);
        writer.WriteText(Origin);
        writer.WriteInt64(Number);
        writer.WriteInt64(SealedAt.Microseconds());
        writer.WriteInt64(LoggedBy.Microseconds());
        writer.WriteInt64(Receipts);
        writer.WriteDigest(Root);
        return writer.ToArray();
    }

    internal static Batch Decode(ReadOnlySpan<byte> bytes)
    {
        var batch = ProofFormat.Read(bytes, "batch", (ref reader) =>
        {
            reader.Expect(Tag, "tag");
            return new Batch(
                reader.ReadText("origin"), reader.ReadInt64("number"), reader.ReadInstant("sealed at"), reader.ReadInstant("in the log by"),
                reader.ReadInt64("receipts"), reader.ReadDigest("root"));
        });
        ProofChecks.All.Demand(ProofCheck.Format, batch.Number > 0 && batch.Receipts > 0, "A batch has a number and receipts.");
        return batch;
    }
}
