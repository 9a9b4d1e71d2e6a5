namespace Ayni.Ledger;

/// <summary>
/// Where a receipt stands in its key's series. Its bytes, where its receipt can't be opened: customer, key and meter (each its length (1)
/// and ASCII; empty without meter), number (8), hash of the receipt before (32) and its own (32).
/// </summary>
internal readonly record struct ReceiptLink(string CustomerId, string KeyId, string MeterId, long Number, Digest Previous, Digest Hash)
{
    public static ReceiptLink Of(Receipt receipt, Digest hash) =>
        new(receipt.CustomerId, receipt.KeyId, receipt.MeterId ?? "", receipt.KeyNumber, receipt.PreviousHash, hash);

    public void WriteTo(BinaryWriter writer)
    {
        foreach (var text in (string[])[CustomerId, KeyId, MeterId])
            AuditBundle.WriteText(writer, text);
        AuditBundle.WriteNumber(writer, Number);
        writer.Write(Previous.ToBytes());
        writer.Write(Hash.ToBytes());
    }

    public static ReceiptLink Read(BundleStream stream) =>
        new(stream.ReadText(), stream.ReadText(), stream.ReadText(), stream.ReadNumber(), stream.ReadDigest(), stream.ReadDigest());
}

/// <summary>A receipt that a key's numbers pass over, because it counts in another month.</summary>
/// <param name="Link">Where it stands.</param>
/// <param name="Receipt">What it says; null where its customer was erased.</param>
internal readonly record struct ReceiptBetween(ReceiptLink Link, Receipt? Receipt);

/// <summary>
/// Checks that keys' receipts are numbered without a gap and chained, from where the last close left them to where this one did.
/// </summary>
internal static class KeySeries
{
    /// <param name="tails">Where series end, and began after the close before.</param>
    /// <param name="receipts">The period's receipts.</param>
    /// <param name="between">Receipts of other months that stand between them.</param>
    /// <param name="checks">The checks made.</param>
    public static void Demand(
        IReadOnlyList<KeyTail> tails, IReadOnlyList<ReceiptLink> receipts, IReadOnlyList<ReceiptBetween> between, ProofChecks checks)
    {
        var customers = new Dictionary<string, string>(StringComparer.Ordinal);
        var all = receipts.Concat(between.Select(other => other.Link)).ToList();
        foreach (var link in all)
            checks.Demand(
                ProofCheck.Erasure, customers.TryAdd(link.KeyId, link.CustomerId) || customers[link.KeyId] == link.CustomerId,
                $"Receipts of {link.KeyId} are of two customers.");
        var links = all.GroupBy(link => (link.KeyId, link.MeterId))
            .ToDictionary(series => series.Key, series => series.OrderBy(link => link.Number).ToList());
        checks.Demand(
            ProofCheck.KeyTails, tails.Select(tail => (tail.KeyId, tail.MeterId)).Distinct().Count() == tails.Count,
            "The close commits to two ends of one key.");
        foreach (var tail in tails)
        {
            links.Remove((tail.KeyId, tail.MeterId), out var series);
            var (number, hash) = (tail.BeforeNumber, tail.BeforeHash);
            foreach (var link in (series ?? []).Where(link => link.Number > tail.BeforeNumber))
            {
                checks.Demand(
                    ProofCheck.KeyNumbers, link.Number == number + 1 && link.Previous == hash,
                    $"{tail.KeyId} goes from receipt {number} to {link.Number}: one is missing, or does not follow the other.");
                (number, hash) = (link.Number, link.Hash);
            }
            checks.Demand(
                ProofCheck.KeyTails, number == tail.Number && hash == tail.Hash,
                $"{tail.KeyId} ends with receipt {number} here, and the close committed to {tail.Number}.");
        }
        checks.Demand(ProofCheck.KeyTails, links.Count == 0, "There are receipts of a key that the close committed to no end of.");
    }
}
