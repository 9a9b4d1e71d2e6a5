namespace Ayni.Ledger;

/// <summary>Checks the whole journal against itself. Reads only.</summary>
internal static class Audit
{
    /// <summary>Findings listed before the rest is left out, so that a ruined file makes no ruined memory.</summary>
    private const int FindingLimit = 100;

    public static IReadOnlyList<string> Run(Session session)
    {
        var findings = new List<string>();
        CheckEntries(session, findings);
        CheckReceipts(session, findings);
        CheckAdjustments(session, findings);
        return findings.Count <= FindingLimit ? findings : [.. findings.Take(FindingLimit), $"and {findings.Count - FindingLimit} more"];
    }

    private static void CheckEntries(Session session, List<string> findings)
    {
        var totals = new Dictionary<(string Account, Currency Currency), (Amount Debits, Amount Credits)>();
        var sums = new Dictionary<Currency, Amount>();
        long current = 0;
        AuditRows.ForEachPosting(session, (entry, posting) =>
        {
            if (entry != current)
                CheckBalance();
            current = entry;
            var currency = posting.Currency;
            var zero = Amount.Zero(currency);
            sums[currency] = sums.GetValueOrDefault(currency, zero) + posting.Amount;
            var (debits, credits) = totals.GetValueOrDefault((posting.Account.Name, currency), (zero, zero));
            totals[(posting.Account.Name, currency)] =
                posting.Amount.Sign >= 0 ? (debits + posting.Amount, credits) : (debits, credits - posting.Amount);
        });
        CheckBalance();
        foreach (var balance in JournalRows.Balances(session, ""))
        {
            var zero = Amount.Zero(balance.Currency);
            var (debits, credits) = totals.GetValueOrDefault((balance.Account.Name, balance.Currency), (zero, zero));
            if (balance.Debits != debits || balance.Credits != credits)
                findings.Add($"{balance.Account} shows {balance.Net}, its postings come to {debits - credits}");
        }

        void CheckBalance()
        {
            findings.AddRange(sums.Values.Where(sum => sum.Sign != 0).Select(sum => $"entry {current} is out of balance by {sum}"));
            sums.Clear();
        }
    }

    private static void CheckReceipts(Session session, List<string> findings)
    {
        var heads = new Dictionary<(string KeyId, string? MeterId), KeyHead>();
        var replay = new PriceReplay(TermRows.Prices(session));
        AuditRows.ForEachReceipt(session, (entry, canonical, reference, charged) =>
        {
            var receipt = ReceiptFormat.Decode(canonical);
            var head = heads.GetValueOrDefault((receipt.KeyId, receipt.MeterId));
            if (receipt.KeyNumber != head.Number + 1)
                findings.Add($"{receipt.KeyId} goes from receipt {head.Number} to {receipt.KeyNumber}");
            if (receipt.PreviousHash != head.Hash)
                findings.Add($"{receipt.Id} does not follow on receipt {head.Number} of {receipt.KeyId}");
            if (receipt.Id != reference || receipt.Charge != charged)
                findings.Add($"{receipt.Id} of {receipt.Charge} is charged as {reference} with {charged}");
            var (price, before) = replay.Next(receipt);
            if (price.Charge(receipt.Counts, receipt.Adapter?.Name, before) is var due && receipt.Charge != due)
                findings.Add($"{receipt.Id} charges {receipt.Charge}, by price version {price.Version} it is {due}");
            heads[(receipt.KeyId, receipt.MeterId)] = new(receipt.KeyNumber, Digest.Of(canonical), entry);
        });
        var ends = ReceiptRows.Series(session);
        foreach (var (series, head) in heads)
        {
            if (ends.GetValueOrDefault(series) is var end && end != (head.Number, head.Entry))
                findings.Add($"{series.KeyId} ends at receipt {head.Number} of entry {head.Entry}, noted are {end.Number} and {end.Entry}");
        }
        findings.AddRange(ends.Keys.Where(series => !heads.ContainsKey(series)).Select(series => $"{series.KeyId} has no receipts, and an end is noted"));
        var counted = UseRows.All(session);
        foreach (var (key, use) in replay.Uses)
        {
            if (counted.GetValueOrDefault(key) is var found && found != use)
                findings.Add($"{key.CustomerId} has used {use} of {key.Scope} in {key.Period}, counted are {found}");
        }
        findings.AddRange(counted.Keys.Where(key => !replay.Uses.ContainsKey(key))
            .Select(key => $"{key.CustomerId} has used nothing of {key.Scope} in {key.Period}, and something is counted"));
    }

    /// <summary>Finds the adjustments of each closed period again, and compares them with those it has.</summary>
    private static void CheckAdjustments(Session session, List<string> findings)
    {
        foreach (var period in PeriodRows.Closed(session))
        {
            var due = Adjustments.Of(session, period);
            var posted = AdjustmentRows.Of(session, period);
            findings.AddRange(posted.Except(due.Charges, Same)
                .Select(it => $"adjustment {it.Number} of {it.Amount} is not due: {it.Explanation}"));
            findings.AddRange(due.Charges.Except(posted, Same)
                .Select(it => $"{it.CustomerId} is not adjusted by {it.Amount} in {period}: {it.Explanation}"));
            findings.AddRange(posted.Where(it => AdjustmentRows.PostedAmount(session, it.Number) != it.Amount)
                .Select(it => $"adjustment {it.Number} of {it.Amount} is posted with another amount"));
            var uses = CreditRows.Uses(session, period);
            findings.AddRange(uses.Except(due.CreditUses).Concat(due.CreditUses.Except(uses))
                .Select(it => $"credit {it.CreditId} of {it.CustomerId} and {it.Amount} in {period} are not as they are due"));
            var conversions = RateRows.Conversions(session, period);
            findings.AddRange(conversions.Except(due.Conversions).Concat(due.Conversions.Except(conversions))
                .Select(it => $"the conversion of {it.Owed} of {it.CustomerId} in {period} is not as it is due"));
        }
    }

    /// <summary>Adjustments that say the same, whatever their numbers.</summary>
    private static IEqualityComparer<Adjustment> Same { get; } = EqualityComparer<Adjustment>.Create(
        (left, right) => left! with { Number = 0 } == right! with { Number = 0 },
        adjustment => HashCode.Combine(adjustment.CustomerId, adjustment.Subject, adjustment.Type));
}
