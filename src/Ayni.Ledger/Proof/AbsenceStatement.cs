using System.Text.Json;

namespace Ayni.Ledger;

/// <summary>
/// That a closed period counts no receipt of some id, with what proves it, as <c>ayni prove absence</c> hands it out. Immutable.
/// <code>
/// { "absent": ID, "period": MONTH, "currency": CODE, "proof": {
///   version                     1
///   absence                     the two neighbours (<see cref="AbsenceProof"/>)
///   record, signature, certificate, entry?, tlog_proof?
///                               what the period commits to, as with a receipt } }
/// </code>
/// </summary>
internal sealed record AbsenceStatement(
    string Id, AbsenceProof Absence, byte[] Record, byte[] Signature, byte[] Certificate, LoggedEntry? Log)
{
    private const int Version = 1;

    public static AbsenceStatement Parse(JsonElement view)
    {
        var proof = view.Field("proof", JsonValueKind.Object);
        if (proof.NumberField("version") != Version)
            throw new ProofException(ProofCheck.Format, $"The proof's version is not {Version}; use the newer program.");
        return new(
            view.TextField("absent"), AbsenceProof.Decode(proof.BytesField("absence")), proof.BytesField("record"),
            proof.BytesField("signature"), proof.BytesField("certificate"),
            proof.OptionalField("tlog_proof") is null ? null : LoggedEntry.Parse(proof));
    }

    public byte[] Encode()
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("absent", Id);
            writer.WriteString("period", PeriodRecord.Decode(Record).Period.ToString());
            writer.WriteString("currency", Absence.Currency.Code);
            writer.WriteStartObject("proof");
            writer.WriteNumber("version", Version);
            writer.WriteBase64String("absence", Absence.Encode());
            writer.WriteBase64String("record", Record);
            writer.WriteBase64String("signature", Signature);
            writer.WriteBase64String("certificate", Certificate);
            Log?.WriteFields(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return bytes.ToArray();
    }

    /// <summary>Verifies an absence without a ledger.</summary>
    public static Verification Verify(JsonElement view, PublicKey? logKey, LogView? log, ProofChecks checks)
    {
        var proof = Parse(view);
        var record = SignedRecord.Demand(proof.Record, proof.Signature, proof.Certificate, proof.Log, logKey, checks);
        var currency = proof.Absence.Currency;
        checks.Demand(
            ProofCheck.View, view.TextField("period") == record.Period.ToString() && view.TextField("currency") == currency.Code,
            "The proof is of another month or currency than it shows.");
        proof.Absence.Demand(proof.Id, record.Tree(currency, SumTreeKind.Receipts), checks);
        var result = new VerificationBuilder();
        result.Prove($"{record.Period} of {record.Origin} counts no receipt {proof.Id} in {currency}.");
        if (logKey is null)
            result.LeaveOpen($"Who {record.Origin} is: give the log's key, from somewhere you trust, with --key.");
        if (log is not null)
        {
            log.CheckPeriod(proof.Record, KeyCertificate.Decode(proof.Certificate).KeyId, proof.Log, checks);
            result.Prove($"The log, of {log.Checkpoint.Size} entries now, holds what the month commits to.");
        }
        else
        {
            result.LeaveOpen("That everybody sees the same record, and that its key was not revoked: give the log with --log.");
        }
        result.LeaveOpen("That no other month or currency counts it.");
        return result.Build();
    }
}
