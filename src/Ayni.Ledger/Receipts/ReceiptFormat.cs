namespace Ayni.Ledger;

/// <summary>The canonical bytes of a receipt.</summary>
public static class ReceiptFormat
{
    /// <summary>The canonical bytes.</summary>
    public static byte[] Encode(Receipt receipt) => throw new NotSupportedException(receipt.Id);

    /// <summary>Reads canonical bytes.</summary>
    public static Receipt Decode(ReadOnlySpan<byte> bytes) => throw new NotSupportedException();
}
