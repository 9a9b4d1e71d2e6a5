using System.CommandLine;

namespace Ayni.Bench;

/// <summary>The options that say where a ledger to measure is made.</summary>
internal sealed class LedgerOptions
{
    public LedgerOptions() => Database.AcceptOnlyFromAmong("sqlite", "postgres");

    public Option<string> Database { get; } = new("--db") { Description = "sqlite or postgres.", DefaultValueFactory = _ => "sqlite" };

    public Option<string?> Address { get; } = new("--address")
    {
        Description = "The PostgreSQL database, in which a schema is made; AYNI_POSTGRES if not given.",
        HelpName = "ADDRESS",
    };

    public Option<string> Folder { get; } = new("--folder")
    {
        Description = "Where SQLite's file is made: a folder on the disk to measure.",
        HelpName = "DIR",
        DefaultValueFactory = _ => Path.GetTempPath(),
    };

    /// <summary>Makes the place that was asked for.</summary>
    public LedgerPlace Make(ParseResult result) => result.GetValue(Database) == "sqlite"
        ? LedgerPlace.Sqlite(result.GetValue(Folder)!)
        : LedgerPlace.Postgres(result.GetValue(Address) ?? Environment.GetEnvironmentVariable("AYNI_POSTGRES")
            ?? throw new InvalidOperationException("Name a PostgreSQL database with --address or AYNI_POSTGRES."));
}
