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
    /// Copies the ledger of a SQLite file into another file that can take its place: one state of it, while hosts go on writing. The copy is
    /// on disk and was read through once when this returns; until then it has another name. Refused for a server
    /// (<see cref="Refusal.NotAFile"/>: it has its own means) and over a file that is there (<see cref="Refusal.FileExists"/>).
    /// </summary>
    public void BackUp(string path) => _database.BackUp(System.IO.Path.GetFullPath(path));
}
