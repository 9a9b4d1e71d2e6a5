using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>Checks the whole journal against itself and against what it was posted for. Reads only.</summary>
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
        CheckCloses(session, findings);
        CheckInvoices(session, findings);
        CheckDocuments(session, findings);
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
        foreach (var balance in JournalRows.Balances(session))
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
        findings.AddRange(CreditRows.All(session).Where(credit => credit.Left.Sign < 0)
            .Select(credit => $"of credit {credit.Id} of {credit.Amount} {-credit.Left} more are used, expired and given back than there was"));
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

    /// <summary>Settles each closed period again, and compares the shares, payables and carries with those that were posted.</summary>
    private static void CheckCloses(Session session, List<string> findings)
    {
        var posted = JournalRows.Entries(session, [EntryKind.Distribution, EntryKind.Payable]).ToLookup(entry => entry.Period);
        foreach (var period in PeriodRows.Closed(session))
        {
            var settlement = Settlement.Of(session, period);
            var left = posted[period].ToList();
            foreach (var (kind, reference, postings) in PeriodClose.Entries(settlement))
            {
                if (left.FindIndex(entry => entry.Kind == kind && entry.Reference == reference && entry.Postings.SequenceEqual(postings)) is var at and >= 0)
                    left.RemoveAt(at);
                else
                    findings.Add($"the {JournalRows.NameOf(kind)} of {reference} in {period} is not posted as it is due");
            }
            findings.AddRange(left.Select(entry => $"the {JournalRows.NameOf(entry.Kind)} of {entry.Reference} in {period}, entry {entry.Number}, is not due"));
            var due = settlement.Results.SelectMany(result => result.Shares)
                .SelectMany(share => share.Carry.Select(carry => (share.Key, carry.Month, carry.Carry))).ToList();
            // Rows of before the revenue was kept have the base in its place.
            var carried = AgreementRows.CarriesOf(session, period);
            findings.AddRange(carried.Where(row => !due.Contains(row) && !due.Exists(it => row == (it.Key, it.Month, it.Carry with { Revenue = it.Carry.Base })))
                .Select(row => $"what share '{row.Key.Share}' of {row.Key.Agreement} carries of {row.Month} since {period} is not as it is due"));
            if (carried.Count != due.Count)
                findings.Add($"{carried.Count} carries of shares are kept of {period}, {due.Count} are due");
        }
    }

    /// <summary>Drafts each closed period's invoices again, and compares their lines with those issued.</summary>
    private static void CheckInvoices(Session session, List<string> findings)
    {
        var issued = Enum.GetValues<InvoiceKind>().Where(kind => kind != InvoiceKind.CreditNote)
            .SelectMany(kind => InvoiceRows.List(session, kind, null)).ToLookup(invoice => invoice.Period);
        foreach (var month in issued)
        {
            var drafts = InvoiceDrafts.OfCustomers(session, month.Key).Concat(InvoiceDrafts.OfParties(session, month.Key))
                .ToDictionary(draft => (draft.Subject, draft.Currency), draft => draft.Lines);
            findings.AddRange(month
                .Where(invoice => !drafts.TryGetValue((invoice.Recipient.Subject, invoice.Currency), out var lines) || !lines.SequenceEqual(invoice.Lines))
                .Select(invoice => $"the lines of {invoice.Number} are not what {month.Key} comes to for {invoice.Recipient.Subject}"));
        }
    }

    /// <summary>Compares each document with its entry, and finds entries that are of none.</summary>
    private static void CheckDocuments(Session session, List<string> findings)
    {
        var entries = JournalRows.Entries(
            session,
            [
                EntryKind.Invoice, EntryKind.CreditNote, EntryKind.SelfBill, EntryKind.Payment, EntryKind.Refund, EntryKind.PaymentReversal,
                EntryKind.WriteOff, EntryKind.WriteOffReversal, EntryKind.Payout, EntryKind.PayoutPaid, EntryKind.PayoutReturn,
            ]).ToDictionary(entry => entry.Number);
        var converted = new Dictionary<Period, ConvertedCharges>();
        foreach (var invoice in Enum.GetValues<InvoiceKind>().SelectMany(kind => InvoiceRows.List(session, kind, null)))
            Check(invoice.Entry, invoice.Number, entry => Invoicing.Postings(invoice, entry.Period, ChargesOf(invoice)));
        foreach (var payment in PaymentRows.All(session))
            Check(payment.Entry, payment.Id, _ => (KindOf(payment.Kind), Receivables.Postings(payment)));
        foreach (var writeOff in PaymentRows.AllWriteOffs(session))
        {
            var kind = writeOff.Reverses is null ? EntryKind.WriteOff : EntryKind.WriteOffReversal;
            var customerId = InvoiceRows.Find(session, writeOff.Invoice)?.Recipient.Subject ?? "";
            Check(writeOff.Entry, writeOff.Id, _ => (kind, Receivables.Postings(writeOff, customerId)));
        }
        var payouts = PayoutRows.Payouts(session, null).ToDictionary(payout => payout.Id, StringComparer.Ordinal);
        foreach (var payout in payouts.Values)
            Check(payout.Entry, payout.Id, _ => (EntryKind.Payout, Paying.Postings(payout)));
        var paid = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (id, isPaid, number) in PayoutRows.Events(session))
        {
            Check(number, id, _ => isPaid
                ? (EntryKind.PayoutPaid, Paying.PaidPostings(payouts[id]))
                : (EntryKind.PayoutReturn, Paying.ReturnPostings(payouts[id], paid.Contains(id))));
            if (isPaid)
                paid.Add(id);
        }
        findings.AddRange(entries.Values.Select(
            entry => $"entry {entry.Number} is a {JournalRows.NameOf(entry.Kind)} of {entry.Reference}, which is no document's"));

        ImmutableArray<ImmutableArray<InvoiceLine>> ChargesOf(Invoice document)
        {
            if (document.Kind != InvoiceKind.CreditNote)
                return [];
            if (!converted.TryGetValue(document.Period, out var month))
                converted.Add(document.Period, month = ConvertedCharges.Of(session, document.Period));
            var before = InvoiceRows.CreditNotes(session, document.Credits!).Where(note => note.Entry < document.Entry);
            return Invoicing.Charges(document.Lines, before, month);
        }

        void Check(long number, string reference, Func<Entry, (EntryKind Kind, IReadOnlyList<Posting> Postings)> due)
        {
            if (!entries.Remove(number, out var entry))
                findings.Add($"{reference} has no entry {number} of its own");
            else if (due(entry) is var (kind, postings) && (entry.Kind != kind || entry.Reference != reference || !entry.Postings.SequenceEqual(postings)))
                findings.Add($"{reference} is not what entry {number} posted for {entry.Reference}");
        }
    }

    private static EntryKind KindOf(PaymentKind kind) => kind switch
    {
        PaymentKind.Refund => EntryKind.Refund,
        PaymentKind.Reversal => EntryKind.PaymentReversal,
        _ => EntryKind.Payment,
    };

    /// <summary>Adjustments that say the same, whatever their numbers.</summary>
    private static IEqualityComparer<Adjustment> Same { get; } = EqualityComparer<Adjustment>.Create(
        (left, right) => left! with { Number = 0 } == right! with { Number = 0 },
        adjustment => HashCode.Combine(adjustment.CustomerId, adjustment.Subject, adjustment.Type));
}
