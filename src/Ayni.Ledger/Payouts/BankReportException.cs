namespace Ayni.Ledger;

/// <summary>A bank's message that can't be read; the text says what is wrong and where.</summary>
public sealed class BankReportException(string message, Exception? innerException = null) : LedgerException(message, innerException);
