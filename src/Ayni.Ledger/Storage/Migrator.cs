using System.Data.Common;
using System.Globalization;
using System.Reflection;

namespace Ayni.Ledger;

/// <summary>
/// Brings a database up to date with the numbered SQL files embedded in the assembly. Processes that open at once
/// take turns.
/// </summary>
internal static class Migrator
{
    public static void Migrate(Session session, Database database) => Migrate(session, database, Embedded());

    /// <param name="session">A connection that writes.</param>
    /// <param name="database">The database, for its version and for messages.</param>
    /// <param name="migrations">The SQL of each version: 1, 2, 3, …</param>
    public static void Migrate(Session session, Database database, IReadOnlyList<string> migrations)
    {
        try
        {
            session.BeginWriting();
            var version = database.ReadVersion(session);
            if (version > migrations.Count)
                throw new LedgerStorageException(
                    StorageFault.TooNew,
                    $"'{database.Name}' has version {version}, this program knows up to {migrations.Count}; use the newer program.");
            for (var next = version; next < migrations.Count; next++)
                session.Control(migrations[next]);
            database.WriteVersion(session, migrations.Count);
            session.Commit();
        }
        catch (DbException error)
        {
            throw database.NameOf(error);
        }
        finally
        {
            session.RollBack();
        }
    }

    /// <summary>The embedded files in the order of their numbers, which must be 1, 2, 3, … without a gap.</summary>
    internal static IReadOnlyList<string> Embedded()
    {
        const string Folder = "Ayni.Ledger.Storage.Migrations.";
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
}
