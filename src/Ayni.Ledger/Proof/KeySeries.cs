namespace Ayni.Ledger;

/// <summary>Where a receipt stands in its key's series.</summary>
internal readonly record struct ReceiptLink(string KeyId, string MeterId, long Number, Digest Previous, Digest Hash);

/// <summary>Checks that keys' receipts are numbered without a gap and chained, from where the last close left them to where this one did.</summary>
internal static class KeySeries
{
    /// <param name="tails">Where series end, and began after the close before.</param>
    /// <param name="receipts">The period's receipts.</param>
    /// <param name="between">Receipts of other months that stand between them.</param>
    /// <param name="hasErased">Whether some receipts can't be opened, so that gaps prove nothing.</param>
    /// <param name="checks">The checks made.</param>
    public static void Demand(
        IReadOnlyList<KeyTail> tails, IReadOnlyList<ReceiptLink> receipts, IReadOnlyList<Receipt> between, bool hasErased, ProofChecks checks)
    {
        var links = receipts.Concat(between.Select(receipt => new ReceiptLink(
                receipt.KeyId, receipt.MeterId ?? "", receipt.KeyNumber, receipt.PreviousHash, receipt.Hash)))
            .GroupBy(link => (link.KeyId, link.MeterId)).ToDictionary(series => series.Key, series => series.OrderBy(link => link.Number).ToList());
        foreach (var tail in tails)
        {
            links.Remove((tail.KeyId, tail.MeterId), out var series);
            if (hasErased)
                continue;
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
        checks.Demand(ProofCheck.KeyTails, hasErased || links.Count == 0, "There are receipts of a key that the close committed to no end of.");
    }
}
