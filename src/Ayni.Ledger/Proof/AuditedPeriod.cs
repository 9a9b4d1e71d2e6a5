namespace Ayni.Ledger;

/// <summary>What an auditor finds in a bundle: what was proven of the period, and which receipts it has, for receipts held elsewhere.</summary>
public sealed class AuditedPeriod
{
    private readonly IReadOnlyDictionary<string, Digest> _receipts;

    internal AuditedPeriod(PeriodRecord record, Verification verification, IReadOnlyDictionary<string, Digest> receipts)
    {
        Record = record;
        Verification = verification;
        _receipts = receipts;
    }

    /// <summary>The period.</summary>
    public Period Period => Record.Period;

    /// <summary>What was proven and what was not.</summary>
    public Verification Verification { get; }

    internal PeriodRecord Record { get; }

    /// <summary>
    /// Demands that the period counted a receipt that somebody holds, such as a canary's. Throws <see cref="ProofException"/>: an omitted receipt
    /// that the host signed is evidence against it.
    /// </summary>
    /// <param name="json">The receipt's JSON with its field <c>proof</c>.</param>
    /// <param name="logKey">The log's key.</param>
    public Verification DemandCounted(ReadOnlyMemory<byte> json, PublicKey? logKey) => DemandCounted(json, logKey, ProofChecks.All);

    internal Verification DemandCounted(ReadOnlyMemory<byte> json, PublicKey? logKey, ProofChecks checks)
    {
        var view = ProofFormat.ParseObject(json, "receipt");
        ReceiptVerifier.Verify(view, logKey, null, checks);
        var proof = ReceiptProof.Parse(view);
        var receipt = ProofFormat.ReadReceipt(proof.Canonical);
        var batch = Batch.Decode(proof.Batch);
        checks.Demand(ProofCheck.Certificate, batch.Origin == Record.Origin, "The receipt is of another log than the bundle.");
        var result = new VerificationBuilder();
        if (_receipts.TryGetValue(receipt.Id, out var hash))
        {
            checks.Demand(
                ProofCheck.Inclusion, hash == default || hash == Digest.Of(proof.Canonical), $"{Period} counted another receipt under the id {receipt.Id}.");
            result.Prove($"{Period} counted {receipt.Id}.");
            return result.Build();
        }
        var isOthers = receipt.Period != Period || batch.SealedAt >= Record.End;
        checks.Demand(
            ProofCheck.Inclusion, isOthers,
            $"{receipt.Id} of {receipt.Charge} was signed at {batch.SealedAt:u} as a receipt of {Period}, and {Period} did not count it: this is evidence.");
        result.LeaveOpen($"{receipt.Id} belongs to {receipt.Period} or was posted after {Period}: audit the month that it counts in.");
        return result.Build();
    }
}
