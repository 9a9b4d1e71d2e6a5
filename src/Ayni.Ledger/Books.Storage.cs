namespace Ayni.Ledger;

// Where the ledger is kept.
public sealed partial class Books
{
    /// <summary>
    /// Whether there is a ledger in a place. Throws <see cref="LedgerStorageException"/> if something else is there, or a server can't be
    /// reached.
    /// </summary>
    public static bool Exists(string place)
    {
        var database = Database.At(place);
        try
        {
            return database.Exists();
        }
        catch (System.Data.Common.DbException error)
        {
            throw database.NameOf(error);
        }
    }

    /// <summary>
    /// For measuring: posts a usage with so many postings (an even number) more in its entry, which move nothing.
    /// </summary>
    internal async Task<Receipt> PostAsync(Usage usage, int extraPostings)
    {
        Meter.Check(usage);
        return await _owned.RunAsync(
            transaction =>
            {
                var receivable = Account.Receivable(usage.Admission.CustomerId);
                return _meter.Post(transaction, usage, charge => Enumerable.Range(0, extraPostings)
                    .Select(i => new Posting(receivable, i % 2 == 0 ? charge : -charge)));
            },
            CancellationToken.None, foreseen: new(usage.Admission, usage.RequestId, Posts: true, usage.MeterId)).ConfigureAwait(false);
    }

    /// <summary>
    /// For simulating: the writer takes no other job until this one is done, so that those queued meanwhile are written together.
    /// </summary>
    internal Task HoldWriterAsync(Action job) => _owned.RunAsync(
        _ =>
        {
            job();
            return true;
        },
        CancellationToken.None, mustSurvive: false);

    /// <summary>
    /// Copies the ledger of a SQLite file into another file that can take its place: one state of it, while hosts go on writing. The copy
    /// is on disk and was read through once when this returns; until then it has another name. Refused for a server
    /// (<see cref="Refusal.NotAFile"/>: it has its own means) and over a file that is there (<see cref="Refusal.FileExists"/>).
    /// </summary>
    public void BackUp(string path) => _database.BackUp(System.IO.Path.GetFullPath(path));
}
