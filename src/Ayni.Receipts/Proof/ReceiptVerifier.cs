using System.Text.Json;

namespace Ayni.Receipts;

/// <summary>
/// Verifies receipts without a ledger: from the receipt's JSON and the log's public key alone. Pure and thread-safe. A
/// client does it unasked with <see cref="ReceiptHandler"/>.
/// </summary>
public static class ReceiptVerifier
{
    /// <summary>
    /// Verifies a receipt. Throws <see cref="ProofException"/> that names the check which fails.
    /// </summary>
    /// <param name="json">The receipt's JSON with its field <c>proof</c>.</param>
    /// <param name="logKey">The log's key, from somewhere trusted; null takes the certificate's word for whose log it is.</param>
    public static Verification Verify(ReadOnlyMemory<byte> json, PublicKey? logKey) =>
        Verify(ProofFormat.ParseObject(json, "receipt"), logKey, null, ProofChecks.All);

    internal static Verification Verify(JsonElement view, PublicKey? logKey, LogView? log, ProofChecks checks)
    {
        var proof = ReceiptProof.Parse(view);
        var receipt = ProofFormat.ReadReceipt(proof.Canonical);
        checks.Demand(ProofCheck.View, proof.IsShownBy(view), "The receipt shows something else than the bytes that were signed.");
        var result = new VerificationBuilder();
        var batch = VerifyBatch(proof, logKey, checks);
        result.Prove(
            $"{receipt.Id} of {receipt.Charge} for {receipt.Counts.Prompt + receipt.Counts.Cached} tokens in and {receipt.Counts.Generated} out "
            + $"is receipt {receipt.KeyNumber} of {receipt.KeyId}, signed in batch {batch.Number} of {batch.Origin}{HostOf(proof)} at {batch.SealedAt:u}.");
        if (batch.SealedAt > batch.LoggedBy)
            result.Prove($"The host broke its promise: the log should have held it by {batch.LoggedBy:u}, and its batch was made only after that.");
        if (proof.Log is { } logged)
        {
            logged.Demand(batch, proof.Batch, logKey, checks);
            result.Prove($"The log of {batch.Origin} held it when it had {logged.Entry.Proof.Checkpoint.Size} entries.");
        }
        if (proof.Period is { } period)
        {
            var record = period.Demand(receipt, proof.Canonical, logKey, checks);
            checks.Demand(ProofCheck.Certificate, record.Origin == batch.Origin, "The period's record is of another log than the batch.");
            result.Prove($"{record.Period} counted it: it is one of {record.Tree(receipt.Currency, SumTreeKind.Receipts)!.Value.Sums.Leaves} receipts in "
                + $"{receipt.Currency} that the period commits to{(period.Log is null ? "" : ", and the log holds what it commits to")}.");
        }
        if (logKey is null)
            result.LeaveOpen($"Who {batch.Origin} is: give the log's key, from somewhere you trust, with --key.");
        if (log is not null)
            log.Check(proof, batch, result, checks);
        else
            result.LeaveOpen(
                (proof.Log is null ? $"That the log holds it, as promised until {batch.LoggedBy:u}, that" : "That")
                + " everybody sees the same log, and that the key which signed was not revoked: give the log with --log.");
        if (proof.Period is null)
            result.LeaveOpen("That its month counted it: fetch the receipt again once the month is closed.");
        AddLimits(result);
        return result.Build();
    }

    /// <summary>Demands that the receipt is in its batch, and the batch signed by a certified key.</summary>
    internal static Batch VerifyBatch(ReceiptProof proof, PublicKey? logKey, ProofChecks checks)
    {
        var batch = Batch.Decode(proof.Batch);
        var certificate = KeyCertificate.Decode(proof.Certificate);
        if (logKey is not null)
            certificate.Demand(logKey, checks);
        checks.Demand(
            ProofCheck.Certificate, batch.Origin == certificate.Origin, "The batch is of another log than the key that signed it.");
        certificate.DemandSigned(proof.Batch, proof.Signature, "batch", checks);
        var climbs = MerkleTree.TryClimb<Digest>(
            MerkleTree.Leaf(Digest.Of(proof.Canonical)), proof.Index, batch.Receipts, proof.Path, MerkleTree.Join, out var root);
        checks.Demand(ProofCheck.Path, climbs && root == batch.Root, "The receipt is not in the batch that was signed.");
        // What the host states to all in its certificate bounds what it promises for one.
        return checks.Has(ProofCheck.Promise) && batch.LoggedBy - batch.SealedAt > certificate.Promise
            ? batch with { LoggedBy = batch.SealedAt + certificate.Promise }
            : batch;
    }

    private static string HostOf(ReceiptProof proof) => KeyCertificate.Decode(proof.Certificate).Host is { } host ? $" by {host.Name}" : "";

    /// <summary>What no proof about a ledger can show.</summary>
    internal static void AddLimits(VerificationBuilder result)
    {
        result.LeaveOpen("That there were no sales beside the books, agreed between the host and a customer who keeps no receipt.");
        result.LeaveOpen("That the model which answered is the one the receipt names.");
    }
}
