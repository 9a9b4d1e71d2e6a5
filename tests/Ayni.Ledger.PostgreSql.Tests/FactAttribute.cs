namespace Ayni.Ledger.Tests;

// These stand for xunit's own in this project, so that its tests are reported as skipped where there is no server.

/// <summary>A test that needs a PostgreSQL server.</summary>
internal sealed class FactAttribute : Xunit.FactAttribute
{
    public FactAttribute() => Skip = TestPlace.Server is null ? TestPlace.NoServer : null;
}

/// <summary>A theory that needs a PostgreSQL server.</summary>
internal sealed class TheoryAttribute : Xunit.TheoryAttribute
{
    public TheoryAttribute() => Skip = TestPlace.Server is null ? TestPlace.NoServer : null;
}

/// <summary>A test of what only SQLite has.</summary>
internal sealed class SqliteFactAttribute : Xunit.FactAttribute
{
    public SqliteFactAttribute() => Skip = "This is about SQLite's file.";
}
