namespace Ayni.Ledger;

/// <summary>The CSV view of a statement.</summary>
public static class StatementCsv
{
    /// <summary>RFC 4180 lines with a header.</summary>
    public static string ToCsv(this Statement statement) => throw new NotSupportedException(statement.PartyId);
}
