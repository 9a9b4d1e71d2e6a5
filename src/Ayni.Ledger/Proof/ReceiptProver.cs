namespace Ayni.Ledger;

/// <summary>Computes what proves a receipt from the rows of its group commit.</summary>
internal static class ReceiptProver
{
    /// <summary>The proof of a receipt; null if it was never signed.</summary>
    public static ReceiptProof? Prove(Session session, long entry, byte[] canonical)
    {
        if (ProofRows.BatchOf(session, entry) is not { } batch)
            return null;
        var receipts = ProofRows.Receipts(session, batch.FirstEntry, batch.LastEntry);
        var leaves = receipts.Select(receipt => MerkleTree.Leaf(Digest.Of(receipt.Canonical))).ToArray();
        var index = receipts.Select(receipt => receipt.Entry).ToList().IndexOf(entry);
        return new()
        {
            Canonical = canonical,
            Batch = batch.Canonical,
            Index = index,
            Path = [.. MerkleTree.Path<Digest>(leaves, index, MerkleTree.Join)],
            Signature = batch.Signature,
            Certificate = batch.Certificate,
        };
    }
}
