namespace Ayni.Ledger;

// Who changes the ledger, and what they changed.
public sealed partial class Books
{
    /// <summary>Who acts where nobody says so: a command on the ledger's own machine.</summary>
    private const string Console = "console";

    /// <summary>
    /// The same ledger as somebody uses it: what is changed through it is in the log of actions under this name. Nothing need dispose it.
    /// </summary>
    /// <param name="actor">The id of the key that acts, or <c>host</c>.</param>
    public Books As(string actor)
    {
        var books = (Books)MemberwiseClone();
        books._writer = new(_owned, actor);
        books._isOwner = false;
        return books;
    }

    /// <summary>
    /// What operators changed, newest last, at most <paramref name="limit"/> (1 to 10,000) after the one numbered so.
    /// </summary>
    public ActionPage ListActions(string? subject = null, long after = 0, int limit = 1000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, ReceiptQuery.LongestPage);
        return _readers.Read(session => ActionRows.List(session, subject, after, limit));
    }
}
