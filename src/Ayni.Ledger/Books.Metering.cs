namespace Ayni.Ledger;

// What surrounds a receipt: the zone of its month.
public sealed partial class Books
{
    /// <summary>The zone whose days and months are the ledger's.</summary>
    public LedgerZone Zone => _readers.Read(LedgerRows.Zone);

    /// <summary>Chooses the zone whose days and months are the ledger's; refused once there is a receipt.</summary>
    public Task<LedgerZone> SetZoneAsync(string ianaId, CancellationToken cancellationToken = default)
    {
        var zone = LedgerZone.Find(ianaId);
        return _writer.RunAsync(
            transaction =>
            {
                if (LedgerRows.HasReceipts(transaction.Session))
                    throw new LedgerRefusedException(
                        Refusal.ZoneInUse,
                        $"The zone is {transaction.Zone} and there are receipts in its months; a ledger's zone is chosen before its first receipt.");
                LedgerRows.SetZone(transaction.Session, zone);
                return zone;
            },
            cancellationToken);
    }
}
