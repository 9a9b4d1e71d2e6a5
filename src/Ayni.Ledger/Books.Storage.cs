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
    /// For measuring: posts a usage with an entry beside its charge that moves nothing, of so many postings (an even number).
    /// </summary>
    internal async Task<Receipt> PostAsync(Usage usage, int extraPostings)
    {
        Meter.Check(usage);
        return await _owned.RunAsync(
            transaction =>
            {
                var receipt = _meter.Post(transaction, usage);
                if (extraPostings > 0)
                {
                    var account = Account.Receivable(receipt.CustomerId);
                    transaction.Post(
                        receipt.Period, receipt.Period, EntryKind.Charge, $"{receipt.Id}+",
                        [.. Enumerable.Range(0, extraPostings).Select(i => new Posting(account, i % 2 == 0 ? receipt.Charge : -receipt.Charge))]);
                }
                return receipt;
            },
            CancellationToken.None, foreseen: new(usage.Admission, usage.RequestId, usage.MeterId)).ConfigureAwait(false);
    }

    /// <summary>
    /// Copies the ledger of a SQLite file into another file that can take its place: one state of it, while hosts go on writing. The copy is
    /// on disk and was read through once when this returns; until then it has another name. Refused for a server
    /// (<see cref="Refusal.NotAFile"/>: it has its own means) and over a file that is there (<see cref="Refusal.FileExists"/>).
    /// </summary>
    public void BackUp(string path) => _database.BackUp(System.IO.Path.GetFullPath(path));
}
