namespace Ayni.Ledger;

/// <summary>What is wrong with the database.</summary>
public enum StorageFault
{
    /// <summary>The file was written by a newer version of the program.</summary>
    TooNew,

    /// <summary>The file is not a ledger, or is damaged.</summary>
    NotALedger,

    /// <summary>The file's place can't hold a durable database: write-ahead logging or full synchronization was refused.</summary>
    NotDurable,

    /// <summary>Another process held the file for longer than we wait.</summary>
    Busy,

    /// <summary>The disk is full, unreadable or read-only.</summary>
    Unwritable,

    /// <summary>The database server can't be reached, or does not let us in, or its address can't be read.</summary>
    Unreachable,

    /// <summary>The ledger was closed before it could record this.</summary>
    Closed,
}

/// <summary>The database can't do what it must.</summary>
public sealed class LedgerStorageException(StorageFault fault, string message, Exception? innerException = null)
    : LedgerException(message, innerException)
{
    /// <summary>What is wrong.</summary>
    public StorageFault Fault { get; } = fault;
}
