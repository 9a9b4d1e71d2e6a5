using System.Globalization;

namespace Ayni.Ledger;

/// <summary>
/// Records what meters elsewhere tell. What was used is owed, so no limit refuses it: it may take a customer past its limits, and then
/// its next request is refused.
/// </summary>
internal static class UsageRecorder
{
    /// <summary>Lets a meter report for a customer's key.</summary>
    public static void Allow(Transaction transaction, string meterId, string keyId)
    {
        DemandMeter(transaction, meterId);
        if (RegistryRows.Key(transaction.Session, keyId) is not { Role: KeyRole.Customer })
            throw Registry.Unknown(Refusal.UnknownKey, "customer's key", keyId);
        if (MeterRows.IsAllowed(transaction.Session, meterId, keyId))
            return;
        MeterRows.Allow(transaction.Session, meterId, keyId);
        transaction.Note("allow_meter", keyId, null, meterId, LedgerJson.Default.String);
    }

    /// <summary>Lets a meter report for a customer's key no more.</summary>
    public static void Disallow(Transaction transaction, string meterId, string keyId)
    {
        if (!MeterRows.IsAllowed(transaction.Session, meterId, keyId))
            return;
        MeterRows.Disallow(transaction.Session, meterId, keyId);
        transaction.Note("disallow_meter", keyId, meterId, null, LedgerJson.Default.String);
    }

    /// <summary>Records one event, or finds the receipt it has already.</summary>
    public static RecordedUsage Record(Transaction transaction, Meter meter, string meterId, UsageEvent used)
    {
        try
        {
            DemandMeter(transaction, meterId);
            Text.Demand(used.Id, "event's id");
            if (used.Id.Length > UsageEvent.LongestId)
                throw new LedgerRefusedException(Refusal.InvalidText, $"An event's id has {UsageEvent.LongestId} characters at most.");
            var requestId = $"{meterId}/{used.Id}";
            // What is there already is neither too old nor does it need the terms it had.
            var first = ReceiptRows.FindByRequest(transaction.Session, requestId);
            if (first is not null)
                return new(used, IsSame(first, used) ? first : throw Reused(used, first), IsNew: false, null);
            if (!MeterRows.IsAllowed(transaction.Session, meterId, used.KeyId))
                throw new LedgerRefusedException(
                    Refusal.MeterNotAllowed, $"{meterId} does not report for the key '{used.KeyId}'; an operator can allow it.");
            DemandTime(transaction, used);
            var usage = new Usage(
                Gate.AdmitReported(transaction.Session, used, transaction.TermsVersion), requestId, used.ModelDigest, used.Counts, used.Outcome,
                used.Adapter, meterId);
            Meter.Check(usage);
            return new(used, meter.Post(transaction, usage), IsNew: true, null);
        }
        catch (LedgerRefusedException refused)
        {
            // Refused before it wrote anything, so the others of its batch go on.
            return new(used, null, IsNew: false, refused);
        }
    }

    private static void DemandMeter(Transaction transaction, string meterId)
    {
        if (RegistryRows.Key(transaction.Session, meterId) is not { Role: KeyRole.Meter, Revoked: null })
            throw Registry.Unknown(Refusal.UnknownKey, "key of a meter in force", meterId);
    }

    private static void DemandTime(Transaction transaction, UsageEvent used)
    {
        var age = transaction.Now - used.At;
        if (age > UsageEvent.LongestDelay)
            throw new LedgerRefusedException(
                Refusal.UsageTooOld,
                string.Create(CultureInfo.InvariantCulture, $"{used.At:u} is more than {UsageEvent.LongestDelay.TotalDays} days ago."));
        if (age < -UsageEvent.LongestLead)
            throw new LedgerRefusedException(
                Refusal.UsageInTheFuture,
                string.Create(
                    CultureInfo.InvariantCulture, $"{used.At:u} is more than {UsageEvent.LongestLead.TotalMinutes} minutes ahead; set the clock right."));
    }

    private static bool IsSame(Receipt receipt, UsageEvent used) =>
        receipt.KeyId == used.KeyId && receipt.Model == used.Model && receipt.AdmittedAt == used.At.ToWholeMicroseconds()
        && receipt.Counts == used.Counts && receipt.ModelDigest == used.ModelDigest && receipt.Adapter == used.Adapter
        && receipt.Outcome == used.Outcome;

    private static LedgerRefusedException Reused(UsageEvent used, Receipt first) =>
        new(Refusal.RequestIdReused, $"The event '{used.Id}' was told otherwise before ({first.Id}); every event needs an id of its own.");
}
