namespace Ayni.Ledger;

// Objections: what parties and customers dispute, and how that ended.
public sealed partial class Books
{
    /// <summary>Raises an objection for a party or customer to its statement, a receipt or a deduction.</summary>
    /// <param name="holderId">Who objects.</param>
    /// <param name="subject">What kind of thing to.</param>
    /// <param name="reference">Which: a statement's month, a receipt's id, a deduction's evidence.</param>
    /// <param name="says">Why.</param>
    /// <param name="period">The month in which a deduction counts.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    public Task<Objection> RaiseObjectionAsync(
        string holderId, ObjectionSubject subject, string reference, string says, Period? period = null,
        CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => _disputes.Raise(transaction, holderId, subject, reference, period, says), cancellationToken);

    /// <summary>Adds to an objection what its party or customer says, or, without one, what whoever acts answers.</summary>
    public Task<Objection> ReplyToObjectionAsync(
        string objectionId, string? holderId, string says, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => Disputes.Reply(transaction, objectionId, holderId, says), cancellationToken);

    /// <summary>Ends an objection: with the credit note or deduction that puts it right, or saying why there is none.</summary>
    public Task<Objection> ResolveObjectionAsync(
        string objectionId, string says, string? correction = null, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => Disputes.Resolve(transaction, objectionId, says, correction), cancellationToken);

    /// <summary>
    /// Objections, oldest first: every one, those about one month, a party's or customer's; at most so many, after another.
    /// </summary>
    public IReadOnlyList<Objection> ListObjections(
        Period? period = null, string? raisedBy = null, string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => ObjectionRows.All(session, period, raisedBy, after, limit));
}
