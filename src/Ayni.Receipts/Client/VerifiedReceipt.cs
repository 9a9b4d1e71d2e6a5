namespace Ayni.Receipts;

/// <summary>A receipt that was verified against its host's key. Keep its JSON: it is evidence.</summary>
/// <param name="Receipt">What it says.</param>
/// <param name="Json">What the host handed out, for <c>ayni verify</c>.</param>
/// <param name="Verification">What that proved, and what it left open.</param>
public sealed record VerifiedReceipt(Receipt Receipt, ReadOnlyMemory<byte> Json, Verification Verification)
{
    /// <summary>Verifies a receipt's JSON. Throws <see cref="ProofException"/>.</summary>
    /// <param name="json">The receipt with its field <c>proof</c>.</param>
    /// <param name="hostKey">The key of the host's log, from somewhere trusted.</param>
    public static VerifiedReceipt Verify(ReadOnlyMemory<byte> json, PublicKey hostKey)
    {
        var view = ProofFormat.ParseObject(json, "receipt");
        var verification = ReceiptVerifier.Verify(view, hostKey, null, ProofChecks.All);
        return new(ProofFormat.ReadReceipt(ReceiptProof.Parse(view).Canonical), json, verification);
    }
}
