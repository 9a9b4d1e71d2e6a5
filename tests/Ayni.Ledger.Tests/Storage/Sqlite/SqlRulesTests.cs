using System.Text.RegularExpressions;
using Ayni.Tests;

namespace Ayni.Ledger.Tests;

/// <summary>Rules on the room's source that the compiler does not know.</summary>
public sealed partial class SqlRulesTests
{
    private static readonly string Room = Path.Combine(Conformance.RepositoryRoot, "src", "Ayni.Ledger");

    [Fact]
    public void Money_is_never_summed_by_SQL()
    {
        // SQLite has no decimal type: sum() over our texts would be binary floating point.
        var files = Sources("*.sql").Concat(Sources("*.cs").Where(InStorage));
        Assert.All(files, file => Assert.DoesNotMatch(Aggregates(), File.ReadAllText(file)));
        Assert.Matches(Aggregates(), "SELECT Sum (amount) FROM postings");
    }

    [Fact]
    public void Each_migration_is_written_in_both_dialects()
    {
        var migrations = Path.Combine(Room, "Storage", "Migrations");
        Assert.Equal(["PostgreSql", "Sqlite"], Directory.EnumerateFileSystemEntries(migrations).Select(Path.GetFileName).Order());
        Assert.Equal(Names("Sqlite"), Names("PostgreSql"));
        Assert.Equal(Migrator.Embedded("Sqlite").Count, Migrator.Embedded("PostgreSql").Count);

        IEnumerable<string?> Names(string dialect) =>
            Directory.EnumerateFileSystemEntries(Path.Combine(migrations, dialect)).Select(Path.GetFileName).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void SQL_lives_in_Storage() =>
        Assert.All(Sources("*.cs").Where(file => !InStorage(file)), file => Assert.DoesNotMatch(Statements(), File.ReadAllText(file)));

    [Fact]
    public void Every_table_is_strict() =>
        Assert.All(Sources("*.sql").Where(file => file.Contains("Sqlite", StringComparison.Ordinal)), file =>
        {
            var sql = File.ReadAllText(file);
            Assert.Equal(Regex.Count(sql, "CREATE TABLE"), Regex.Count(sql, @"\) STRICT"));
        });

    private static string[] Sources(string pattern)
    {
        var files = Directory.EnumerateFiles(Room, pattern, SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(Room, file).StartsWith("obj", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(files);
        return files;
    }

    private static bool InStorage(string file) => Path.GetRelativePath(Room, file).StartsWith("Storage", StringComparison.Ordinal);

    [GeneratedRegex(@"\b(sum|total|avg)\s*\(", RegexOptions.IgnoreCase)]
    private static partial Regex Aggregates();

    [GeneratedRegex(@"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|PRAGMA)\s")]
    private static partial Regex Statements();
}
