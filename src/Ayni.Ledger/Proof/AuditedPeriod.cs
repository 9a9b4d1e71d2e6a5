namespace Ayni.Ledger;

/// <summary>
/// What an auditor finds in a bundle: what was proven of the period, and which receipts it has, for receipts held elsewhere.
/// </summary>
public sealed class AuditedPeriod
{
    private readonly BundleLeaves _leaves;

    internal AuditedPeriod(PeriodRecord record, Verification verification, BundleLeaves leaves, PeriodEnd end)
    {
        Record = record;
        Verification = verification;
        _leaves = leaves;
        End = end;
    }

    /// <summary>The period.</summary>
    public Period Period => Record.Period;

    /// <summary>What was proven and what was not.</summary>
    public Verification Verification { get; }

    internal PeriodRecord Record { get; }

    /// <summary>Where the period ended, for the one after it.</summary>
    internal PeriodEnd End { get; }

    /// <summary>
    /// Demands that the period counted a receipt that somebody holds, such as a canary's. Throws <see cref="ProofException"/>: an omitted
    /// receipt that the host signed is evidence against it.
    /// </summary>
    /// <param name="json">The receipt's JSON with its field <c>proof</c>.</param>
    /// <param name="logKey">The log's key.</param>
    public Verification DemandCounted(ReadOnlyMemory<byte> json, PublicKey? logKey) => DemandCounted([this], json, logKey);

    /// <summary>Demands that one of several periods, which follow each other, counted a receipt.</summary>
    public static Verification DemandCounted(IReadOnlyList<AuditedPeriod> periods, ReadOnlyMemory<byte> json, PublicKey? logKey)
    {
        var found = periods.Select(period => period.Find(json, logKey, ProofChecks.All)).ToList();
        return found.Find(one => one.Proven.Count > 0) ?? found[^1];
    }

    private Verification Find(ReadOnlyMemory<byte> json, PublicKey? logKey, ProofChecks checks)
    {
        var view = ProofFormat.ParseObject(json, "receipt");
        ReceiptVerifier.Verify(view, logKey, null, checks);
        var proof = ReceiptProof.Parse(view);
        var receipt = ProofFormat.ReadReceipt(proof.Canonical);
        var batch = Batch.Decode(proof.Batch);
        checks.Demand(ProofCheck.Certificate, batch.Origin == Record.Origin, "The receipt is of another log than the bundle.");
        var result = new VerificationBuilder();
        if (_leaves.Hashes.TryGetValue(receipt.Id, out var hash))
        {
            var erased = _leaves.Erased.GetValueOrDefault(receipt.Id);
            checks.Demand(
                ProofCheck.Inclusion,
                hash == Digest.Of(proof.Canonical) && (erased is null || erased.Sums == SumLeaf.Of(receipt, default).Sums),
                $"{Period} counted another receipt under the id {receipt.Id}.");
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
