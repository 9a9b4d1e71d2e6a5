using System.Collections.Immutable;

namespace Ayni.Ledger;

// What accounts had come to before this ledger began.
public sealed partial class Books
{
    /// <summary>
    /// Enters what accounts had come to at the end of a month, all or nothing, the month before this one unless given. A balance whose
    /// reference was entered before is passed over if it is the same. Returns the entries that are new.
    /// </summary>
    public Task<ImmutableArray<Entry>> EnterOpeningBalancesAsync(
        IReadOnlyList<OpeningBalance> balances, Period? period = null, CancellationToken cancellationToken = default)
    {
        var copy = balances.ToArray();
        return _writer.RunAsync(
            transaction =>
            {
                var zone = transaction.Zone;
                var last = zone.PeriodOf(zone.StartOf(zone.PeriodOf(transaction.Now)).AddTicks(-1));
                return OpeningList.Enter(transaction, copy, period ?? last);
            },
            cancellationToken);
    }
}
