namespace Ayni.Ledger;

/// <summary>A text that is no account's or bank's number.</summary>
public sealed class BankFormatException(string message) : LedgerException(message);
