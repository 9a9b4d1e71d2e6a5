namespace Ayni.Ledger;

/// <summary>
/// A letter to somebody's contact that something was changed which a thief would change: where it is paid, or who its contact is. The
/// ledger writes it in the transaction of the change, and finance sends it.
/// </summary>
/// <param name="Number">1, 2, 3, …</param>
/// <param name="Subject">Whose bank details or contact were changed.</param>
/// <param name="ToName">To whom it goes: who was the contact before, or, where nobody was, the party itself.</param>
/// <param name="ToEmail">Where it goes; null where no address was known, so that it goes by post.</param>
/// <param name="Language">In which it is written.</param>
/// <param name="Title">What it is about.</param>
/// <param name="Body">What it says; lines end with a line feed. It holds no account number but its last four letters.</param>
/// <param name="Created">When it was written, which is when a hold began.</param>
/// <param name="SentAt">When it was said to be sent; null while it was not.</param>
/// <param name="SentBy">Who said so.</param>
/// <param name="How">How it was sent.</param>
public sealed record Notice(
    long Number, string Subject, string ToName, string? ToEmail, string Language, string Title, string Body, DateTimeOffset Created,
    DateTimeOffset? SentAt = null, string? SentBy = null, string? How = null);
