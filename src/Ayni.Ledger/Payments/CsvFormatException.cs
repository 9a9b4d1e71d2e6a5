namespace Ayni.Ledger;

/// <summary>A file of comma-separated values that can't be read; the message names the line and what it lacks.</summary>
public sealed class CsvFormatException(long line, string what) : LedgerException($"Line {line}: {what}.")
{
    /// <summary>The line, from 1.</summary>
    public long Line { get; } = line;
}
