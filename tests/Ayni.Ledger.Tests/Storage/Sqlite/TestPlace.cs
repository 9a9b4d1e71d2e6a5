using System.Globalization;

namespace Ayni.Ledger.Tests;

/// <summary>SQLite files in a temporary folder of their own.</summary>
internal sealed class TestPlace : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ayni-ledger-").FullName;
    private int _others;

    /// <summary>Where the test's ledger is.</summary>
    public string Address => Path.Combine(_folder, "ledger.db");

    /// <summary>The folder of the ledger's keys and of its log's files.</summary>
    public string Folder => _folder;

    /// <summary>Another place without a ledger.</summary>
    public string Another() => Path.Combine(_folder, (++_others).ToString(CultureInfo.InvariantCulture), "ledger.db");

    /// <summary>Executes what a table's triggers would refuse.</summary>
    public static void WithoutTriggers(Session session, string table, string sql)
    {
        session.Control($"DROP TRIGGER IF EXISTS {table}_are_not_updated");
        session.Control(sql);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

/// <summary>A test of what only SQLite has.</summary>
internal sealed class SqliteFactAttribute : FactAttribute;
