using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Ayni.Ledger;

/// <summary>
/// Pays parties what self-billing documents say, each document once: it is open until a payout pays it, and again only after the bank
/// returned that payout. Each method is one job of the writer: it refuses, or it writes.
/// </summary>
internal sealed class Paying(Identifiers identifiers)
{
    /// <summary>Why nothing is done where a booking has no amount.</summary>
    public const string AmountUnknown = "the bank does not say how much was booked";

    private const int LatestExecutionDays = 365;

    /// <summary>
    /// What can be paid of an entity's open documents in a currency, and what waits for bank details or for a hold to end.
    /// </summary>
    public static PayoutPlan Plan(Session session, string entityCode, Currency currency, DateTimeOffset now)
    {
        var payouts = ImmutableArray.CreateBuilder<Payout>();
        var held = ImmutableArray.CreateBuilder<HeldPayout>();
        var open = PayoutRows.OpenDocuments(session, entityCode, currency)
            .GroupBy(invoice => invoice.Recipient.Subject, StringComparer.Ordinal).OrderBy(party => party.Key, StringComparer.Ordinal);
        foreach (var party in open)
        {
            var amount = party.Aggregate(Amount.Zero(currency), (sum, invoice) => sum + invoice.Payable);
            if (amount.Sign <= 0)
                continue;
            if (PayoutRows.LastBankDetails(session, party.Key) is not { } account)
                held.Add(new(party.Key, amount, "no bank details"));
            else if (now < account.HeldUntil)
                held.Add(new(party.Key, amount, string.Create(
                    CultureInfo.InvariantCulture,
                    $"bank details changed; held until {account.HeldUntil.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}")));
            else
                payouts.Add(new("", "", party.Key, account, amount, [.. party.Select(invoice => invoice.Number)], PayoutStatus.Ordered, 0));
        }
        return new(payouts.DrainToImmutable(), held.DrainToImmutable());
    }

    /// <summary>All that a batch would order, in words, for whoever approves it.</summary>
    public static string TermsOf(PayoutPlan plan, string entityCode, Currency currency, DateOnly executionDate)
    {
        var terms = new StringBuilder($"payouts of {entityCode} in {currency} on {executionDate.Text()}");
        foreach (var payout in plan.Payouts)
            terms.Append('\n')
                .Append(CultureInfo.InvariantCulture, $"{payout.PartyId} {payout.Amount} to {payout.Account.Holder}, {payout.Account.Iban}")
                .Append(payout.Account.Bic is null ? "" : $", {payout.Account.Bic}").Append(": ").AppendJoin(", ", payout.Documents);
        return terms.ToString();
    }

    /// <summary>What must hold before a batch is proposed or ordered.</summary>
    public static BankDetails DemandOrder(
        Transaction transaction, PayoutPlan plan, string entityCode, Currency currency, DateOnly executionDate)
    {
        var account = PayoutRows.LastBankDetails(transaction.Session, entityCode)
            ?? throw new LedgerRefusedException(Refusal.NoBankDetails, $"{entityCode} has no bank details to pay from; set them first.");
        if (executionDate < transaction.Today || executionDate > transaction.Today.AddDays(LatestExecutionDays))
            throw new LedgerRefusedException(
                Refusal.InvalidPayment,
                $"A bank can't pay on {executionDate.Text()}; give today or a day within {LatestExecutionDays} days.");
        if (plan.Payouts.IsEmpty)
            throw new LedgerRefusedException(
                Refusal.NothingToPay,
                $"Nothing of {entityCode} can be paid in {currency} now"
                + (plan.Held.IsEmpty ? "." : $"; {plan.Held.Length} parties wait: {plan.Held[0].PartyId} has {plan.Held[0].Reason}."));
        return account;
    }

    /// <summary>Orders what the plan says: for each payout an entry that takes it from the party's payable into transit.</summary>
    public PayoutBatch Order(
        Transaction transaction, PayoutPlan plan, BankDetails account, string entityCode, Currency currency, DateOnly executionDate)
    {
        // Nothing is refused here any more.
        var session = transaction.Session;
        var entity = InvoiceRows.Details(session, entityCode)!;
        var batch = new PayoutBatch(NewId("bat"), entity, account, currency, executionDate, transaction.Now, []);
        PayoutRows.Insert(session, batch);
        var payouts = ImmutableArray.CreateBuilder<Payout>();
        var period = transaction.OpenPeriod;
        foreach (var planned in plan.Payouts)
        {
            var id = NewId("pyo");
            var entry = transaction.Post(period, period, EntryKind.Payout, id, Postings(planned));
            var payout = planned with { Id = id, Batch = batch.Id, Entry = entry };
            PayoutRows.Insert(session, payout);
            payouts.Add(payout);
        }
        batch = batch with { Payouts = payouts.DrainToImmutable() };
        transaction.Note("order_payouts", batch.Id, null, batch, LedgerJson.Default.PayoutBatch);
        return batch;
    }

    /// <summary>Records that the bank paid a payout; recorded again, it changes nothing.</summary>
    public static Payout MarkPaid(Transaction transaction, string payoutId, string bankReference, DateOnly valueDate)
    {
        Text.Demand(bankReference, "bank reference");
        var payout = Demand(transaction.Session, payoutId);
        if (payout.Status == PayoutStatus.Paid)
            return payout;
        if (payout.Status == PayoutStatus.Returned)
            throw new LedgerRefusedException(Refusal.NotOpen, $"{payoutId} was returned; what it paid is in a later payout.");
        return Record(
            transaction, payout, PayoutStatus.Paid, EntryKind.PayoutPaid, bankReference, valueDate, null,
            PaidPostings(payout));
    }

    /// <summary>
    /// Records that the bank returned a payout, paid or not: the party's payable is back. Recorded again, it changes nothing.
    /// </summary>
    public static Payout Return(Transaction transaction, string payoutId, string bankReference, DateOnly valueDate, string reason)
    {
        Text.Demand(bankReference, "bank reference");
        Text.Demand(reason, "reason");
        var payout = Demand(transaction.Session, payoutId);
        if (payout.Status == PayoutStatus.Returned)
            return payout;
        return Record(
            transaction, payout, PayoutStatus.Returned, EntryKind.PayoutReturn, bankReference, valueDate, reason,
            ReturnPostings(payout, payout.Status == PayoutStatus.Paid));
    }

    /// <summary>What is posted when a payout is ordered.</summary>
    public static ImmutableArray<Posting> Postings(Payout payout) =>
        [new(Account.Payable(payout.PartyId), payout.Amount), new(Account.BankTransit, -payout.Amount)];

    /// <summary>What is posted when the bank paid it.</summary>
    public static ImmutableArray<Posting> PaidPostings(Payout payout) =>
        [new(Account.BankTransit, payout.Amount), new(Account.Bank, -payout.Amount)];

    /// <summary>What is posted when the bank returned it, after it had paid it or instead.</summary>
    public static ImmutableArray<Posting> ReturnPostings(Payout payout, bool wasPaid) =>
        [new(wasPaid ? Account.Bank : Account.BankTransit, payout.Amount), new(Account.Payable(payout.PartyId), -payout.Amount)];

    /// <summary>
    /// Does what a bank's message says of a payout, or says why a person has to: of anything that could let a document be paid twice,
    /// nothing is done.
    /// </summary>
    public static BankReportOutcome Apply(Transaction transaction, string payoutId, BankReportLine line)
    {
        if (PayoutRows.Find(transaction.Session, payoutId) is not { } payout)
            return Unresolved("there is no such payout");
        if (line.Amount is { } amount && (amount.Currency != payout.Currency || amount != payout.Amount))
            return Unresolved($"{amount} were booked, not {payout.Amount}");
        switch (line.Status)
        {
            case BankReportStatus.Unclear:
                return Unresolved("the booking reverses another, or is a credit that the bank does not call a return");
            case BankReportStatus.Rejected when line.IsDuplicate:
                return Unresolved($"{line.Reason}: the bank had it before; find out whether it was paid then");
            case BankReportStatus.Rejected when payout.Status == PayoutStatus.Paid:
                return Unresolved($"{line.Reason}: rejected, though it was paid");
            case BankReportStatus.Paid when payout.Status == PayoutStatus.Returned:
                return Unresolved("paid, though it was returned: what it paid may be in a later payout");
            case not BankReportStatus.Rejected when !ValueDate.IsPlausible(transaction, line.Day):
                return Unresolved($"booked on {line.Day.Text()}, which is far ahead");
            case BankReportStatus.Paid when line.Amount is null:
            case BankReportStatus.Returned when line.Amount is null:
                return Unresolved(AmountUnknown);
        }
        var isPaid = line.Status == BankReportStatus.Paid;
        if (payout.Status == (isPaid ? PayoutStatus.Paid : PayoutStatus.Returned))
            return new(payoutId, BankReportResult.Unchanged, $"was {(isPaid ? "paid" : "returned")} before");
        if (isPaid)
            MarkPaid(transaction, payoutId, line.BankReference, line.Day);
        else
            Return(transaction, payoutId, line.BankReference, line.Day, line.Reason);
        return new(
            payoutId, isPaid ? BankReportResult.Paid : BankReportResult.Returned, isPaid ? $"booked on {line.Day.Text()}" : line.Reason);

        BankReportOutcome Unresolved(string why) => new(payoutId, BankReportResult.Unresolved, why);
    }

    private static Payout Record(
        Transaction transaction, Payout payout, PayoutStatus status, EntryKind kind, string bankReference, DateOnly valueDate,
        string? reason, ImmutableArray<Posting> postings)
    {
        ValueDate.Demand(transaction, valueDate);
        var period = transaction.OpenPeriod;
        var entry = transaction.Post(period, period, kind, payout.Id, postings);
        PayoutRows.InsertEvent(transaction.Session, payout.Id, status, bankReference, valueDate, reason, transaction.Now, entry);
        var now = payout with { Status = status };
        var action = status == PayoutStatus.Paid ? "payout_paid" : "payout_returned";
        transaction.Note(action, payout.Id, payout, now, LedgerJson.Default.Payout);
        return now;
    }

    private static Payout Demand(Session session, string payoutId) =>
        PayoutRows.Find(session, payoutId) ?? throw Registry.Unknown(Refusal.UnknownPayment, "payout", payoutId);

    /// <summary>An id of letters that every bank takes: credit transfers know no underscore.</summary>
    private string NewId(string prefix) => identifiers.New(prefix).Replace('_', '-');
}
