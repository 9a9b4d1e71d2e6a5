using System.Collections.Concurrent;
using System.Data.Common;
using System.Threading.Channels;

namespace Ayni.Ledger;

/// <summary>
/// The only writer of this instance: a thread that takes the jobs waiting, runs them in one transaction and flushes once (group commit).
/// A job's task completes after that flush. Another instance's transactions are waited for.
/// </summary>
internal sealed class Writer : IAsyncDisposable
{
    /// <summary>Jobs that may wait; more make their callers wait.</summary>
    private const int QueueLength = 4096;

    /// <summary>Jobs in one transaction, so that no one waits long for the others' work.</summary>
    private const int GroupLimit = 1024;

    private readonly Channel<Job> _queue = Channel.CreateBounded<Job>(new BoundedChannelOptions(QueueLength)
    {
        SingleReader = true,
        // Whoever queues wakes the writer's thread without another's help. Whom the writer lets queue only goes on to wait for its job.
        AllowSynchronousContinuations = true,
    });
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Database _database;
    private Session _session;
    private readonly TimeProvider _clock;
    private readonly AdmissionClock _admissions;
    private readonly ReceiptSigner? _signer;
    private readonly Dictionary<string, Reservation> _underWay = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _givenUp = new();
    private Known _known = new();
    private long? _foreignCommits;
    private long _flushes;

    /// <summary>Takes over the session and disposes it in the end; without a signer receipts are not signed.</summary>
    public Writer(Database database, Session session, TimeProvider clock, AdmissionClock admissions, ReceiptSigner? signer = null)
    {
        _database = database;
        _session = session;
        _clock = clock;
        _admissions = admissions;
        _signer = signer;
        new Thread(Run) { Name = "Ayni ledger writer", IsBackground = true }.Start();
    }

    /// <summary>Transactions committed, each with one flush; read by any thread.</summary>
    public long FlushCount => Volatile.Read(ref _flushes);

    /// <summary>
    /// Queues work and waits until it is on disk. Cancelling gives up the wait for a place in the queue or for the result; work that has
    /// its place is done all the same. The work runs again from its start if the transaction it was in was rolled back for another job's
    /// sake, and must refuse before it writes.
    /// </summary>
    /// <param name="work">What is to be read and written together.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="mustSurvive">
    /// False for what is void anyhow after a crash of the machine, such as a reservation: it is committed without a flush of its own.
    /// </param>
    /// <param name="foreseen">What the work will read, if that is known.</param>
    public async Task<T> RunAsync<T>(Func<Transaction, T> work, CancellationToken cancellationToken, bool mustSurvive = true,
        Foreseen? foreseen = null)
    {
        var job = new Job<T>(work) { MustSurvive = mustSurvive, Foreseen = foreseen };
        try
        {
            await _queue.Writer.WriteAsync(job, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new LedgerStorageException(StorageFault.Closed, "The ledger is closed.");
        }
        return await job.Completion.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Counts a request as under way no more that could not be let go: the next renewal of its run's lease lets go of it.
    /// </summary>
    public void GiveUp(string requestId) => _givenUp.Enqueue(requestId);

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _ended.Task.ConfigureAwait(false);
    }

    private void Run()
    {
        var group = new List<Job>(GroupLimit);
        // The one place where blocking is right: this thread has nothing else to do.
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (group.Count < GroupLimit && _queue.Reader.TryRead(out var job))
                group.Add(job);
            Commit(group);
            group.Clear();
        }
        _session.Dispose();
        _ended.SetResult();
    }

    /// <summary>Runs a group in one transaction. A job that breaks is taken out and the others run anew.</summary>
    private void Commit(List<Job> group)
    {
        while (group.Count > 0)
        {
            Job? running = null;
            while (_givenUp.TryDequeue(out var request))
                _underWay.Remove(request);
            try
            {
                if (_session.IsBroken)
                    Reconnect();
                var isDurable = group.Exists(job => job.MustSurvive);
                _session.SetDurable(isDurable);
                Foreseen[] foreseen = _session.IsRemote ? [.. group.Select(job => job.Foreseen).OfType<Foreseen>()] : [];
                var (transaction, known, foreignCommits) = Begin(foreseen);
                if (foreseen.Length > 0)
                    transaction.Foresee(foreseen);
                foreach (var job in group)
                {
                    running = job;
                    job.Run(transaction);
                }
                running = null;
                transaction.SaveTotals();
                transaction.Seal(_signer);
                _session.Commit();
                foreach (var (id, reservation) in transaction.Reserved)
                    _underWay[id] = reservation;
                foreach (var id in transaction.Released)
                    _underWay.Remove(id);
                known.Unposted.UnionWith(transaction.Reserved.Keys);
                known.Unposted.ExceptWith(transaction.Released);
                known.Unposted.ExceptWith(transaction.Posted);
                // Other jobs may write beside what is known.
                if (known.IsSmall && group.TrueForAll(job => job.Foreseen is not null))
                    (_known, _foreignCommits) = (known, foreignCommits);
                if (isDurable)
                    Volatile.Write(ref _flushes, _flushes + 1);
                break;
            }
            catch (NotAloneException)
            {
                // What was known may not be so any more: each job is done anew.
                Undo();
            }
            catch (Exception error) when (running is not null)
            {
                Undo();
                running.Fail(Named(error));
                group.Remove(running);
            }
            catch (DbException) when (group.Count > 1 && !_session.IsBroken)
            {
                // A server learns of rows only at the end, and refuses one of them: whose it is shows when each job is done alone.
                Undo();
                foreach (var job in group)
                    Commit([job]);
                return;
            }
            catch (Exception error)
            {
                Undo();
                group.ForEach(job => job.Fail(Named(error)));
                group.Clear();
            }
        }
        group.ForEach(job => job.Publish());
    }

    /// <summary>
    /// Begins a transaction with what is still known: of a server that seems to be this writer's alone, without asking it.
    /// </summary>
    private (Transaction Transaction, Known Known, long ForeignCommits) Begin(Foreseen[] foreseen)
    {
        var posted = foreseen.Where(job => job.Posts).Select(job => job.RequestId);
        if (_foreignCommits is { } unchanged && _session.TryBeginAlone(out var guessed))
        {
            _foreignCommits = null;
            var unposted = _known.Unposted;
            var receipts = ForeseenRows.Receipts(_session, posted.Where(request => !unposted.Contains(request)));
            foreach (var request in posted.Where(unposted.Contains))
                receipts[request] = null;
            return (Begin(guessed, _known, receipts), _known, unchanged);
        }
        _session.BeginWriting();
        // Goes over with the beginning.
        var found = ForeseenRows.Receipts(_session, posted);
        var now = _session.ReadServerClock() ?? _clock.GetUtcNow();
        var foreignCommits = _session.ReadForeignCommits();
        var known = foreignCommits == _foreignCommits ? _known : new();
        // Until the commit nobody may rely on it.
        _foreignCommits = null;
        return (Begin(now, known, found), known, foreignCommits);
    }

    /// <summary>Leases and reservations live by the database's clock, which is the machine's unless it has one of its own.</summary>
    private Transaction Begin(DateTimeOffset database, Known known, Dictionary<string, Receipt?> receipts)
    {
        var now = ReferenceEquals(_clock, TimeProvider.System) ? database : _clock.GetUtcNow();
        _admissions.Compare(now);
        return new(_session, now.ToWholeMicroseconds(), known, _underWay, receipts);
    }

    /// <summary>Takes a new connection for one that was lost. What was under way then has failed; its callers know.</summary>
    private void Reconnect()
    {
        var session = _database.OpenWriter();
        _session.Dispose();
        _session = session;
        _foreignCommits = null;
    }

    private void Undo()
    {
        try
        {
            _session.RollBack();
        }
        catch (DbException)
        {
            // The callers learn of the first error; the next BEGIN reports this one.
        }
    }

    private Exception Named(Exception error) => error switch
    {
        DbException fault => _database.NameOf(fault),
        OverflowException => new LedgerRefusedException(
            Refusal.InvalidSum, $"A sum would have more than {Amount.Digits} digits; an amount was mistyped. Nothing was recorded."),
        _ => error,
    };

    private abstract class Job
    {
        /// <summary>Whether the outcome is to be on disk.</summary>
        public required bool MustSurvive { get; init; }

        /// <summary>What it will read, if that is known.</summary>
        public Foreseen? Foreseen { get; init; }

        /// <summary>Does the work and keeps its outcome.</summary>
        public abstract void Run(Transaction transaction);

        /// <summary>Hands the outcome to the caller, once it is on disk.</summary>
        public abstract void Publish();

        /// <summary>Hands the caller an error.</summary>
        public abstract void Fail(Exception error);
    }

    private sealed class Job<T>(Func<Transaction, T> work) : Job
    {
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;
        private LedgerException? _refusal;

        public Task<T> Completion => _completion.Task;

        public override void Run(Transaction transaction)
        {
            var writes = transaction.Session.Writes;
            _refusal = null;
            try
            {
                _result = work(transaction);
            }
            catch (LedgerException refusal) when (transaction.Session.Writes == writes)
            {
                // Refused before anything was written, so the others' transaction goes on. The caller learns of it after the commit,
                // because what it was refused for may be in this same transaction.
                _refusal = refusal;
            }
        }

        public override void Publish()
        {
            if (_refusal is null)
                _completion.SetResult(_result);
            else
                _completion.SetException(_refusal);
        }

        public override void Fail(Exception error) => _completion.SetException(error);
    }
}
