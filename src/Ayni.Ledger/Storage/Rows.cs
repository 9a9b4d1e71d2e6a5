using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>How values look in columns.</summary>
internal static class Rows
{
    public static string? GetText(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static DateTimeOffset GetInstant(this DbDataReader row, int column) => Instants.FromMicroseconds(row.GetInt64(column));

    public static DateTimeOffset? GetInstantOrNull(this DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetInstant(column);

    public static Amount GetAmount(this DbDataReader row, int column, Currency currency) =>
        Amount.ParseStored(row.GetString(column), currency);

    public static Currency GetCurrency(this DbDataReader row, int column) => Currency.Parse(row.GetString(column));

    public static Period GetPeriod(this DbDataReader row, int column) => Period.Parse(row.GetString(column));

    public static Role? GetRole(this DbDataReader row, int column)
    {
        if (row.GetText(column) is not { } name)
            return null;
        return RoleNames.TryParse(name, out var role) ? role : throw Damaged($"role '{name}'");
    }

    /// <summary>Reads every row, then lets them go.</summary>
    public static List<T> ReadAll<T>(this DbDataReader rows, Func<DbDataReader, T> read)
    {
        using (rows)
        {
            var items = new List<T>();
            while (rows.Read())
                items.Add(read(rows));
            return items;
        }
    }

    /// <summary>Reads the first row, if there is one, then lets the rows go.</summary>
    public static T? ReadFirst<T>(this DbDataReader rows, Func<DbDataReader, T> read)
        where T : class
    {
        using (rows)
            return rows.Read() ? read(rows) : null;
    }

    public static LedgerStorageException Damaged(string what) =>
        new(StorageFault.NotALedger, $"The database holds {what}, which no version of the ledger writes; restore it from a backup.");
}
