using System.Text;

namespace Ayni.Ledger;

/// <summary>
/// What a caller calls something it asks for, so that asking again, after an answer was lost, makes no second one. A part of a writer's
/// job.
/// </summary>
internal static class CallersReference
{
    /// <summary>
    /// Does something once for each reference; asked again with the same words, it gives what was made. Without a reference it is done.
    /// </summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="action">What is done; each has references of its own.</param>
    /// <param name="reference">What the caller calls it; null if it does not care.</param>
    /// <param name="request">All that was asked.</param>
    /// <param name="act">Does it.</param>
    /// <param name="idOf">The id of what was made.</param>
    /// <param name="find">What was made, by its id.</param>
    public static T Once<T>(
        Transaction transaction, string action, string? reference, string request, Func<T> act, Func<T, string> idOf, Func<string, T> find)
    {
        if (reference is null)
            return act();
        Text.Demand(reference, "reference");
        var digest = Digest.Of(Encoding.UTF8.GetBytes(request));
        if (ReferenceRows.Find(transaction.Session, action, reference) is { } first)
            return first.Request == digest
                ? find(first.Made)
                : throw new LedgerRefusedException(
                    Refusal.ReferenceReused, $"'{reference}' is {first.Made} already, which was asked for in other words.");
        var made = act();
        ReferenceRows.Insert(transaction.Session, action, reference, idOf(made), digest);
        return made;
    }
}
