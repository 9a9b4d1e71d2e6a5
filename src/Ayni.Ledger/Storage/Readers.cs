using System.Collections.Concurrent;
using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>Connections for reading, opened as needed and kept for the next reader. Thread-safe.</summary>
internal sealed class Readers(Database database) : IDisposable
{
    private readonly ConcurrentBag<Session> _idle = [];
    private volatile bool _disposed;

    /// <summary>Runs some queries in one snapshot of the database.</summary>
    public T Read<T>(Func<Session, T> read) => Read(read, session => session.BeginReading());

    /// <summary>Runs one query, which is a snapshot by itself.</summary>
    public T ReadOnce<T>(Func<Session, T> read) => Read(read, _ => { });

    private T Read<T>(Func<Session, T> read, Action<Session> begin)
    {
        if (_disposed)
            throw new LedgerStorageException(StorageFault.Closed, "The ledger is closed.");
        while (true)
        {
            var wasIdle = _idle.TryTake(out var session);
            session ??= database.OpenReader();
            session.HasAnswered = false;
            try
            {
                begin(session);
                return read(session);
            }
            catch (DbException) when (wasIdle && session.IsBroken && !session.HasAnswered)
            {
                // The server was restarted since, or let the connection go: nothing was read, so another may begin.
            }
            catch (DbException error)
            {
                throw database.NameOf(error);
            }
            finally
            {
                Return(session);
            }
        }
    }

    public void Dispose()
    {
        _disposed = true;
        while (_idle.TryTake(out var session))
            session.Dispose();
    }

    private void Return(Session session)
    {
        try
        {
            session.RollBack();
        }
        catch (DbException)
        {
            // What was read before the connection went stands.
            session.Dispose();
            return;
        }
        if (session.IsBroken)
        {
            session.Dispose();
            return;
        }
        _idle.Add(session);
        // Whoever returns last after the end closes what is left.
        if (_disposed)
            Dispose();
    }
}
