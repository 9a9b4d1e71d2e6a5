namespace Ayni.Ledger;

/// <summary>
/// What closed months came to. It never changes, and takes a pass over all receipts of its month, so the last few that somebody asked for are kept and
/// none is computed by two at a time. An open month is computed anew for each who asks. Thread-safe.
/// </summary>
internal sealed class ClosedSettlements
{
    private const int Most = 24;

    private readonly Lock _lock = new();
    private readonly List<Settlement> _kept = [];

    /// <summary>A month's settlement: as it was closed, or as it stands.</summary>
    public Settlement Of(Session session, Period period)
    {
        if (PeriodRows.Last(session).StatusOf(period) != PeriodStatus.Closed)
            return Settlement.Of(session, period);
        lock (_lock)
        {
            var index = _kept.FindIndex(settlement => settlement.Period == period);
            var found = index < 0 ? Settlement.Of(session, period) : _kept[index];
            // The one that was asked for longest ago is first.
            if (index >= 0)
                _kept.RemoveAt(index);
            else if (_kept.Count == Most)
                _kept.RemoveAt(0);
            _kept.Add(found);
            return found;
        }
    }
}
