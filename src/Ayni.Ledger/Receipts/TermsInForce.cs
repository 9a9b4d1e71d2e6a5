using System.Collections.Concurrent;

namespace Ayni.Ledger;

/// <summary>How a customer's requests are let in, but for their instants.</summary>
internal sealed record AdmissionTerms(Customer Customer, Admission Admission);

/// <summary>
/// The terms that requests were let in by while the database's terms had one version, from an instant until another between which nothing
/// begins or ends: what was found at one instant of them holds at all. Thread-safe.
/// </summary>
internal sealed class TermsInForce(long version, DateTimeOffset from, DateTimeOffset until)
{
    /// <summary>More are found each time, so that many keys make no large memory.</summary>
    private const int MostTerms = 100_000;

    private readonly ConcurrentDictionary<(string KeyId, string Model), AdmissionTerms> _terms = new();

    public long Version => version;

    /// <summary>Around an instant.</summary>
    public static TermsInForce Of(Session session, long version, DateTimeOffset at)
    {
        var zone = LedgerRows.Zone(session);
        var month = zone.PeriodOf(at);
        var (from, until) = (zone.StartOf(month), zone.StartOf(month.Next));
        var (before, after) = TermRows.ChangesAround(session, at);
        return new(version, before > from ? before.Value : from, after < until ? after.Value : until);
    }

    public bool Cover(DateTimeOffset at) => from <= at && at < until;

    public AdmissionTerms? Find(string keyId, string model) => _terms.GetValueOrDefault((keyId, model));

    public void Add(string model, AdmissionTerms terms)
    {
        if (_terms.Count < MostTerms)
            _terms.TryAdd((terms.Admission.KeyId, model), terms);
    }
}
