using System.Text.Json;

namespace Ayni.Receipts;

/// <summary>A receipt's place in what its closed period commits to.</summary>
internal sealed record PeriodProof
{
    /// <summary>The period's record.</summary>
    public required byte[] Record { get; init; }

    /// <summary>The signing key's signature over the record.</summary>
    public required byte[] Signature { get; init; }

    /// <summary>That key's certificate.</summary>
    public required byte[] Certificate { get; init; }

    /// <summary>The receipt's place in the summation tree (<see cref="SumProof"/>).</summary>
    public required byte[] Sum { get; init; }

    /// <summary>Where the key's receipts ended at the close (<see cref="KeyTail"/>).</summary>
    public required ListProof Tail { get; init; }

    /// <summary>The log's entry that holds the record, once it is published.</summary>
    public LoggedEntry? Log { get; init; }

    public static PeriodProof Parse(JsonElement value) => new()
    {
        Record = value.BytesField("record"),
        Signature = value.BytesField("signature"),
        Certificate = value.BytesField("certificate"),
        Sum = value.BytesField("sum"),
        Tail = ListProof.Parse(value.Field("tail", JsonValueKind.Object)),
        Log = value.OptionalField("tlog_proof") is null ? null : LoggedEntry.Parse(value),
    };

    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("period");
        writer.WriteBase64String("record", Record);
        writer.WriteBase64String("signature", Signature);
        writer.WriteBase64String("certificate", Certificate);
        writer.WriteBase64String("sum", Sum);
        writer.WritePropertyName("tail");
        Tail.WriteTo(writer);
        Log?.WriteFields(writer);
        writer.WriteEndObject();
    }

    /// <summary>Demands that the period counted a receipt. Returns its record.</summary>
    public PeriodRecord Demand(Receipt receipt, ReadOnlySpan<byte> canonical, PublicKey? logKey, ProofChecks checks)
    {
        var record = SignedRecord.Demand(Record, Signature, Certificate, Log, logKey, checks);
        var sum = SumProof.Decode(Sum);
        var root = record.Tree(receipt.Currency, SumTreeKind.Receipts);
        ProofChecks.All.Demand(
            ProofCheck.Format, root is not null && sum.Currency == receipt.Currency && sum.Kind == SumTreeKind.Receipts,
            $"{record.Period} has no tree of receipts in {receipt.Currency}.");
        checks.Demand(
            ProofCheck.Continuity, receipt.Period <= record.Period, $"{receipt.Id} is of {receipt.Period}, and {record.Period} can't count it yet.");
        sum.Path.Demand(SumLeaf.Of(receipt, SumLeaf.Commit(sum.Salt, canonical)), root!.Value, checks);
        Tail.Demand(record[PeriodListName.KeyTails], "end of the key's receipts", checks);
        var tail = KeyTail.Decode(Tail.Item);
        checks.Demand(
            ProofCheck.KeyTails, tail.KeyId == receipt.KeyId && tail.MeterId == (receipt.MeterId ?? ""),
            "The end of a key's receipts is another key's.");
        checks.Demand(
            ProofCheck.KeyTails, tail.Number > receipt.KeyNumber || (tail.Number == receipt.KeyNumber && tail.Hash == Digest.Of(canonical)),
            $"At the close of {record.Period} {receipt.KeyId} ended with receipt {tail.Number}, and this is {receipt.KeyNumber}.");
        return record;
    }
}

/// <summary>A period's record as its host signed it.</summary>
internal static class SignedRecord
{
    /// <summary>Demands that a certified key has signed a record, and, where it is said to be there, that the log holds it.</summary>
    public static PeriodRecord Demand(
        byte[] canonical, byte[] signature, byte[] certificateBytes, LoggedEntry? log, PublicKey? logKey, ProofChecks checks)
    {
        var record = PeriodRecord.Decode(canonical);
        var certificate = KeyCertificate.Decode(certificateBytes);
        if (logKey is not null)
            certificate.Demand(logKey, checks);
        checks.Demand(
            ProofCheck.Certificate, record.Origin == certificate.Origin, "The period's record is of another log than the key that signed it.");
        certificate.DemandSigned(canonical, signature, "period's record", checks);
        if (log is not null)
        {
            log.Proof.Demand(log.Entry, logKey, checks);
            checks.Demand(
                ProofCheck.Inclusion,
                log.Proof.Checkpoint.Origin == record.Origin && LogEntry.Decode(log.Entry) is LogEntry.ClosedPeriod entry
                && entry.Period == record.Period && entry.Record == Digest.Of(canonical),
                $"The log's entry is not the record of {record.Period}.");
        }
        return record;
    }
}
