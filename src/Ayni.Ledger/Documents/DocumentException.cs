using System.Globalization;

namespace Ayni.Ledger;

/// <summary>A document of terms that can't be used: the message names the file, the line and the column.</summary>
public sealed class DocumentException(string path, long line, long column, string problem)
    : LedgerException(string.Create(CultureInfo.InvariantCulture, $"{path}:{line}:{column}: {problem}"))
{
    /// <summary>The line at fault, from 1.</summary>
    public long Line { get; } = line;

    /// <summary>The column at fault, from 1.</summary>
    public long Column { get; } = column;
}
