namespace Ayni.Receipts;

/// <summary>Something the ledger refuses or cannot do; the message says what, where and what to do.</summary>
public abstract class LedgerException(string message, Exception? innerException = null) : Exception(message, innerException);
