using System.Security.Cryptography;

namespace Ayni.Ledger;

// What an operator states about itself, and about how many users it has.
public sealed partial class Books
{
    /// <summary>Records what an operator states; it holds until another is recorded about the same subject.</summary>
    public Task<Attestation> AttestAsync(
        string subject, bool isAffirmed, string statement, CancellationToken cancellationToken = default) => _writer.RunAsync(
        transaction =>
        {
            var attestation = AttestationRows.Insert(transaction.Session, new(
                0, transaction.Now, transaction.Actor, Text.Demand(subject, "subject"), isAffirmed, Text.Demand(statement, "statement")));
            transaction.Note("attest", subject, null, attestation, LedgerJson.Default.Attestation);
            return attestation;
        },
        cancellationToken);

    /// <summary>Every statement, oldest first; at most so many, after the one of a number.</summary>
    public IReadOnlyList<Attestation> ListAttestations(long after = 0, int limit = int.MaxValue) =>
        _readers.Read(session => AttestationRows.All(session, after, limit));

    /// <summary>The statement about a subject that holds; null if there is none.</summary>
    public Attestation? FindAttestation(string subject) => _readers.Read(session => AttestationRows.Last(session, subject));

    /// <summary>
    /// The present month's count of users, which several hosts may share: made with a new key if it is not there. The keys of the months
    /// before are destroyed.
    /// </summary>
    public Task<UserCount> OpenUserCountAsync(CancellationToken cancellationToken = default) => _writer.RunAsync(
        transaction =>
        {
            var period = transaction.Zone.PeriodOf(transaction.Now);
            AttestationRows.DestroySecretsBefore(transaction.Session, period);
            if (AttestationRows.FindCount(transaction.Session, period) is { } found)
                return found;
            var count = new UserCount(period, RandomNumberGenerator.GetBytes(32), new());
            AttestationRows.InsertCount(transaction.Session, count);
            return count;
        },
        cancellationToken);

    /// <summary>Adds what a host has counted to a month's count, which must have been opened. Returns the whole.</summary>
    public Task<UserCount> AddUsersAsync(Period period, UserSketch counted, CancellationToken cancellationToken = default) => _writer.RunAsync(
        transaction =>
        {
            var count = AttestationRows.FindCount(transaction.Session, period)
                ?? throw new InvalidOperationException($"The count of users of {period} was not opened.");
            count.Sketch.Add(counted);
            AttestationRows.UpdateCount(transaction.Session, count);
            return count;
        },
        cancellationToken);

    /// <summary>A month's count of users; null if nobody counted.</summary>
    public UserCount? FindUserCount(Period period) => _readers.Read(session => AttestationRows.FindCount(session, period));
}
