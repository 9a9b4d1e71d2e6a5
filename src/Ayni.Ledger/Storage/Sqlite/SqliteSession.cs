using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ayni.Ledger;

/// <summary>A connection to a SQLite file.</summary>
internal sealed class SqliteSession(SqliteConnection connection) : Session(connection)
{
    public override bool InTransaction => raw.sqlite3_get_autocommit(connection.Handle) == 0;

    private bool _isDurable = true;

    public override void SetDurable(bool isDurable)
    {
        if (isDurable != _isDurable)
            Control(isDurable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        _isDurable = isDurable;
    }

    public override void BeginWriting() => Control("BEGIN IMMEDIATE");

    public override void BeginReading() => Control("BEGIN");

    protected override DbParameter CreateParameter(int number) => new SqliteParameter { ParameterName = $"${number}" };
}
