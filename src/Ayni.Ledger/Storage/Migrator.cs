using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace Ayni.Ledger;

/// <summary>
/// Brings a database up to date with the numbered SQL files embedded in the assembly. The number of the last one applied is SQLite's
/// <c>user_version</c>; <c>application_id</c> marks the file as a ledger. Processes that open at once take turns.
/// </summary>
internal static class Migrator
{
    /// <summary>"AYNI" in ASCII.</summary>
    private const long ApplicationId = 0x41594E49;

    private const string Folder = "Ayni.Ledger.Storage.Migrations.";

    public static void Migrate(Session session, Database database) => Migrate(session, database, Embedded());

    /// <param name="session">A connection that writes.</param>
    /// <param name="database">The file, for messages.</param>
    /// <param name="migrations">The SQL of each version: 1, 2, 3, …</param>
    public static void Migrate(Session session, Database database, IReadOnlyList<string> migrations)
    {
        var path = database.Path;
        try
        {
            session.Control("BEGIN IMMEDIATE");
            var version = Read(session, "PRAGMA user_version");
            var mark = Read(session, "PRAGMA application_id");
            if (mark != ApplicationId && (mark != 0 || version != 0 || Read(session, "SELECT count(*) FROM sqlite_schema") != 0))
                throw new LedgerStorageException(StorageFault.NotALedger, $"'{path}' is another program's database; choose another file.");
            if (version > migrations.Count)
                throw new LedgerStorageException(
                    StorageFault.TooNew,
                    $"'{path}' has version {version}, this program knows up to {migrations.Count}; use the newer program.");
            for (var next = (int)version; next < migrations.Count; next++)
                session.Control(migrations[next]);
            session.Control(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {migrations.Count}"));
            session.Control(string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}"));
            session.Control("COMMIT");
        }
        catch (SqliteException error)
        {
            throw database.Name(error);
        }
        finally
        {
            session.RollBack();
        }
    }

    /// <summary>The embedded files in the order of their numbers, which must be 1, 2, 3, … without a gap.</summary>
    internal static IReadOnlyList<string> Embedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var names = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        var migrations = new List<string>();
        foreach (var name in names)
        {
            if (int.Parse(name.AsSpan(Folder.Length, 4), NumberStyles.None, CultureInfo.InvariantCulture) != migrations.Count + 1)
                throw new InvalidOperationException($"The migration {name} is out of order.");
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            migrations.Add(reader.ReadToEnd());
        }
        return migrations;
    }

    private static long Read(Session session, string sql) => (long)session.Scalar(sql)!;
}
