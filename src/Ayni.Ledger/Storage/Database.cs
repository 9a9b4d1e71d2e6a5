using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>
/// Where a ledger is kept: opens connections to it, each in the only state in which a commit is durable, and names what went wrong there.
/// </summary>
internal abstract class Database
{
    /// <summary>What messages call it; never a password.</summary>
    public abstract string Name { get; }

    /// <summary>The folder of <c>Storage/Migrations</c> in its dialect.</summary>
    public abstract string Dialect { get; }

    /// <summary>The database at a PostgreSQL address or in a SQLite file.</summary>
    public static Database At(string place) => PostgresAddress.IsOne(place) ? new PostgresDatabase(place) : new SqliteDatabase(place);

    /// <summary>Opens a connection that writes.</summary>
    public abstract Session OpenWriter();

    /// <summary>Opens a connection that only reads.</summary>
    public abstract Session OpenReader();

    /// <summary>Whether a ledger is there. Refuses what is none.</summary>
    public abstract bool Exists();

    /// <summary>Copies the ledger into a file that is not there yet.</summary>
    public abstract void BackUp(string path);

    /// <summary>
    /// Writes a small table anew, so that nothing of what its rows were before is left in the database's files. A server's archived logs
    /// and any backup still have it. Called outside transactions.
    /// </summary>
    public abstract void Scrub(string table);

    /// <summary>
    /// The number of the last migration applied; 0 if there is nothing yet. Refuses what is no ledger. Called within the transaction that
    /// migrates.
    /// </summary>
    public abstract int ReadVersion(Session session);

    /// <summary>Marks the database as a ledger of a version.</summary>
    public abstract void WriteVersion(Session session, int version);

    /// <summary>Names what went wrong.</summary>
    public abstract LedgerStorageException NameOf(DbException error);
}
