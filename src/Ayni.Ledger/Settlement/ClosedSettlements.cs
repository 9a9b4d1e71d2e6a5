namespace Ayni.Ledger;

/// <summary>
/// What closed months came to. It never changes, and takes a pass over all receipts of its month, so the last few that somebody asked for
/// are kept and none is computed by two at a time. An open month is computed anew for each who asks what it comes to; of the last one asked
/// for, the lines are kept for who only asks which receipts are theirs. Thread-safe.
/// </summary>
internal sealed class ClosedSettlements
{
    private const int Most = 24;

    private readonly Lock _lock = new();
    private readonly List<Settlement> _kept = [];
    private OpenLines? _open;

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

    /// <summary>
    /// A month's settlement of which only the lines count, whose they are and in which order, and not what they come to. While the month is
    /// open, the one computed before serves as long as a new one would have the same lines.
    /// </summary>
    public Settlement LinesOf(Session session, Period period)
    {
        if (PeriodRows.Last(session).StatusOf(period) != PeriodStatus.Open)
            return Of(session, period);
        lock (_lock)
        {
            _open = _open is { } kept && kept.Settlement.Period == period && kept.After(session) is { } same ? same : OpenLines.Of(session, period);
            return _open.Settlement;
        }
    }

    /// <summary>The lines of an open month.</summary>
    /// <param name="Settlement">Has them.</param>
    /// <param name="Groups">The lines that have receipts.</param>
    /// <param name="State">What else lines depend on.</param>
    /// <param name="LastEntry">The journal's last entry that is in them.</param>
    private sealed record OpenLines(Settlement Settlement, HashSet<RevenueGroup> Groups, (long Terms, long Deductions, long Others) State, long LastEntry)
    {
        public static OpenLines Of(Session session, Period period)
        {
            var settlement = Settlement.Of(session, period);
            return new(
                settlement, [.. settlement.Lines.Where(line => line.Line.Receipts > 0).Select(line => line.Line.Group)], StateOf(session),
                JournalRows.LastEntry(session));
        }

        /// <summary>
        /// These lines, if they are the month's still: what was posted since are receipts of theirs alone. Where plans adjust at the close
        /// or credits expire, receipts may change lines that are not their own, so that nothing may have been posted at all. Null where
        /// they may be others.
        /// </summary>
        public OpenLines? After(Session session)
        {
            var last = JournalRows.LastEntry(session);
            if (last < LastEntry || StateOf(session) != State)
                return null;
            if (last == LastEntry)
                return this;
            if (JournalRows.HasOthersThanCharges(session, LastEntry) || CreditRows.Any(session)
                || TermRows.Prices(session).Any(price => price.Plan.AdjustsAtClose))
                return null;
            var facts = FactRows.Revenue(session);
            var developers = RegistryRows.Apps(session).ToDictionary(app => app.Id, app => app.DeveloperId, StringComparer.Ordinal);
            var isSame = true;
            PeriodRows.ForEachReceipt(session, Settlement.Period, LastEntry, receipt =>
                isSame &= receipt.Currency.IsTest || Groups.Contains(RevenueGroup.Of(receipt, facts, developers)));
            return isSame ? this with { LastEntry = last } : null;
        }

        private static (long Terms, long Deductions, long Others) StateOf(Session session) =>
            (LedgerRows.TermsVersion(session), DeductionRows.Last(session), AgreementRows.LastCollection(session));
    }
}
