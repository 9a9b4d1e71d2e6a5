namespace Ayni.Ledger;

// What proves the ledger to others.
public sealed partial class Books
{
    /// <summary>The log's public key, which whoever verifies must have from somewhere they trust.</summary>
    public PublicKey LogKey => _readers.Read(session => ProofRows.Identity(session)?.Key)
        ?? throw new LedgerStorageException(
            StorageFault.Unwritable, "The ledger has no log yet: open it once with the folder in which its keys are to be.");

    /// <summary>
    /// A receipt, found by its own id or its request's, with what proves it; null if there is none. <see cref="SignedReceipt.IsSigned"/> is false
    /// where this ledger had no key when it was posted.
    /// </summary>
    public SignedReceipt? FindSignedReceipt(string receiptOrRequestId) => _readers.Read(session =>
        ProofRows.FindReceipt(session, receiptOrRequestId) is { } found
            ? new SignedReceipt(ReceiptFormat.Decode(found.Canonical), ReceiptProver.Prove(session, found.Entry, found.Canonical))
            : null);
}
