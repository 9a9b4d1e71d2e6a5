using Npgsql;

namespace Ayni.Ledger;

/// <summary>
/// Where a PostgreSQL database is: <c>postgres://USER:PASSWORD@HOST:PORT/DATABASE?OPTION=VALUE</c>, or Npgsql's <c>Host=…;Database=…</c>.
/// What it leaves out comes from PGUSER, PGPASSWORD, PGPASSFILE and so on, as with PostgreSQL's own programs.
/// </summary>
internal static class PostgresAddress
{
    private static readonly string[] Schemes = ["postgres://", "postgresql://"];

    /// <summary>Whether a place is a PostgreSQL database, not a file.</summary>
    public static bool IsOne(string place) =>
        Schemes.Any(scheme => place.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        || place.Split(';').Any(part => part.Split('=') is [var key, _, ..] && key.Trim().Equals("Host", StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Reads an address. Throws <see cref="LedgerStorageException"/> for one that is none; its message repeats no password.
    /// </summary>
    public static NpgsqlConnectionStringBuilder Parse(string place)
    {
        try
        {
            return Schemes.Any(scheme => place.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) ? ParseUri(place) : new(place);
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidCastException)
        {
            throw new LedgerStorageException(
                StorageFault.Unreachable,
                "The database's address can't be read; give postgres://USER@HOST:PORT/DATABASE or Host=HOST;Database=DATABASE.");
        }
    }

    private static NpgsqlConnectionStringBuilder ParseUri(string place)
    {
        var uri = new Uri(place);
        var builder = new NpgsqlConnectionStringBuilder { Host = Uri.UnescapeDataString(uri.Host) };
        if (uri.Port > 0)
            builder.Port = uri.Port;
        if (Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')) is { Length: > 0 } database)
            builder.Database = database;
        if (uri.UserInfo.Split(':', 2) is [{ Length: > 0 } user, ..] parts)
        {
            builder.Username = Uri.UnescapeDataString(user);
            if (parts.Length == 2)
                builder.Password = Uri.UnescapeDataString(parts[1]);
        }
        foreach (var option in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = option.Split('=', 2);
            builder[Name(Uri.UnescapeDataString(pair[0]))] = pair.Length == 2 ? Uri.UnescapeDataString(pair[1]) : "";
        }
        return builder;
    }

    /// <summary>Npgsql's names of the options that PostgreSQL's own programs call otherwise.</summary>
    private static string Name(string option) => option switch
    {
        "sslmode" => "SSL Mode",
        "sslrootcert" => "Root Certificate",
        "sslcert" => "SSL Certificate",
        "sslkey" => "SSL Key",
        "application_name" => "Application Name",
        "connect_timeout" => "Timeout",
        "options" => "Options",
        _ => option,
    };
}
