using System.Numerics;

namespace Ayni.Ledger;

/// <summary>
/// What customers paid in a period, by the revenue it paid for: a pure function of invoices, payments and credits in the journal, stored
/// nowhere. What an invoice is covered by more than a month before is divided among its lines, without tax, and each line's part among the
/// requests it is for. What a prepaid credit pays is collected when it is used, and what is left of it when it expires.
/// </summary>
internal sealed class CollectedPayments
{
    private readonly Session _session;
    private readonly Period _period;
    private readonly RevenueFacts _facts;
    private readonly IReadOnlyDictionary<string, string> _developers;
    private readonly LedgerZone _zone;
    private readonly IReadOnlyDictionary<long, Period> _periods;
    private readonly Dictionary<(Period Month, string CustomerId), List<PaidLine>> _lines = [];

    private CollectedPayments(Session session, Period period)
    {
        _session = session;
        _period = period;
        _facts = FactRows.Revenue(session);
        _developers = RegistryRows.Apps(session).ToDictionary(app => app.Id, app => app.DeveloperId, StringComparer.Ordinal);
        _zone = LedgerRows.Zone(session);
        _periods = JournalRows.PeriodsOfDocuments(session);
    }

    /// <summary>
    /// What was collected in a period, in order of evidence and revenue; nothing where no agreement asks, which is settled before the
    /// period ends. An estimate until the period is closed.
    /// </summary>
    public static IReadOnlyList<CollectedRevenue> Of(Session session, Period period)
    {
        var end = LedgerRows.Zone(session).StartOf(period.Next);
        var isAsked = TermRows.Agreements(session).Any(agreement => agreement.EffectiveFrom < end
            && agreement.Document?.Terms.Shares.Any(share => share.Measure == ShareMeasure.Collected) == true);
        return isAsked ? new CollectedPayments(session, period).Find() : [];
    }

    private IReadOnlyList<CollectedRevenue> Find()
    {
        var changes = RegistryRows.Customers(_session).Where(customer => !customer.Currency.IsTest).SelectMany(Changes).ToList();
        var uses = UsesIn(_period);
        // One pass over each month that something of was paid.
        foreach (var month in changes.Select(change => (Month: change.Invoice.Period, change.Invoice.Recipient.Subject))
            .Concat(uses.Select(use => (Month: _period, Subject: use.CustomerId))).ToLookup(item => item.Month, item => item.Subject))
            Read(month.Key, [.. month]);
        var found = new SortedDictionary<(string Evidence, string Order), CollectedRevenue>(
            Comparer<(string Evidence, string Order)>.Create((left, right) =>
            {
                var order = string.CompareOrdinal(left.Evidence, right.Evidence);
                return order != 0 ? order : string.CompareOrdinal(left.Order, right.Order);
            }));
        foreach (var change in changes)
            Allocate(change, (of, amount) => Add(change.Invoice.Number, of, amount));
        foreach (var use in uses)
            Divide(use.Amount, LinesOf(_period, use.CustomerId, use.Amount.Currency), (of, amount) => Add(use.CreditId, of, amount));
        foreach (var adjustment in AdjustmentsIn(_period).Where(adjustment => adjustment.Type == AdjustmentType.CreditExpiry))
        {
            foreach (var part in adjustment.Parts)
                Add(adjustment.Subject, GroupOf(adjustment, part), part.Amount);
        }
        return [.. found.Values.Where(one => one.Amount.Sign != 0)];

        void Add(string evidence, RevenueGroup of, Amount amount)
        {
            var key = (evidence, of.ToString());
            found[key] = found.TryGetValue(key, out var before)
                ? before with { Amount = before.Amount + amount }
                : CollectedRevenue.Found(evidence, _period, of, amount);
        }
    }

    /// <summary>A customer's invoices that are covered by more, or less, at the period's end than before it.</summary>
    private IEnumerable<InvoiceChange> Changes(Customer customer)
    {
        var documents = InvoiceRows.OfSubject(_session, customer.Id);
        var payments = PaymentRows.All(_session, customer.Id);
        var writeOffs = PaymentRows.WriteOffsOf(_session, customer.Id);
        if (!documents.Select(one => one.Entry).Concat(payments.Select(one => one.Entry)).Concat(writeOffs.Select(one => one.Entry))
            .Any(entry => _periods[entry] == _period))
            return [];
        var (before, after) = (States(month => month < _period), States(month => month <= _period));
        var notes = documents.Where(document => document.Credits is not null).ToLookup(note => note.Credits!);
        return documents.Where(document => document.Kind == InvoiceKind.Invoice && after.ContainsKey(document.Number))
            .Select(invoice => new InvoiceChange(
                invoice, CoverOf(invoice, before, month => month < _period), CoverOf(invoice, after, month => month <= _period)))
            .Where(change => change.Before != change.After);

        Dictionary<string, InvoiceState> States(Func<Period, bool> isIn) => CustomerAccount.Of(
            customer, [.. documents.Where(one => isIn(_periods[one.Entry]))], [.. payments.Where(one => isIn(_periods[one.Entry]))],
            [.. writeOffs.Where(one => isIn(_periods[one.Entry]))], default)
            .Invoices.ToDictionary(state => state.Number, StringComparer.Ordinal);

        Cover CoverOf(Invoice invoice, Dictionary<string, InvoiceState> states, Func<Period, bool> isIn) =>
            states.TryGetValue(invoice.Number, out var state)
                ? new(state.Paid, state.Total - state.Credited, [.. notes[invoice.Number].Where(note => isIn(_periods[note.Entry]))])
                : new(Amount.Zero(invoice.Currency), Amount.Zero(invoice.Currency), []);
    }

    /// <summary>What an invoice's lines are paid more of.</summary>
    private void Allocate(InvoiceChange change, Action<RevenueGroup, Amount> add)
    {
        var (invoice, customerId) = (change.Invoice, change.Invoice.Recipient.Subject);
        var revenue = Enumerable.Range(0, invoice.Lines.Length).Where(i => invoice.Lines[i].Model is not null).ToList();
        var used = UsesIn(invoice.Period).Where(use => use.CustomerId == customerId && use.Amount.Currency == invoice.Currency)
            .Aggregate(Amount.Zero(invoice.Currency), (sum, use) => sum + use.Amount);
        var byCredit = revenue.Count == 0 ? [] : used.SplitInProportion([.. revenue.Select(i => invoice.Lines[i].Amount)]);
        for (var i = 0; i < revenue.Count; i++)
        {
            var line = invoice.Lines[revenue[i]];
            var lines = LinesOf(invoice.Period, customerId, invoice.Currency).Where(paid => paid.IsOf(line)).ToList();
            Divide(Part(line.Amount - byCredit[i] - Credited(line, change.After), change.After), lines, add);
            Divide(-Part(line.Amount - byCredit[i] - Credited(line, change.Before), change.Before), lines, add);
        }
        // What was charged in another currency stands on the invoice as what it was converted to.
        foreach (var line in invoice.Lines.Where(line => line.Kind == "conversion" && line.Amount.Sign != 0))
        {
            foreach (var conversion in RateRows.Conversions(_session, invoice.Period).Where(conversion => line.Reference == conversion.Reference))
            {
                var owed = conversion.Owed;
                var lines = LinesOf(invoice.Period, customerId, owed.Currency);
                Divide(Part(owed - conversion.Back(owed, Credited(line, change.After)), change.After), lines, add);
                Divide(-Part(owed - conversion.Back(owed, Credited(line, change.Before)), change.Before), lines, add);
            }
        }
    }

    /// <summary>What an invoice's credit notes took back of a line.</summary>
    private static Amount Credited(InvoiceLine line, Cover cover) => Invoicing.Credited(line, cover.Notes);

    /// <summary>The part of an amount that an invoice's cover pays, cut off to a unit; all of it where all is paid.</summary>
    private static Amount Part(Amount amount, Cover cover) => cover.Paid.Sign == 0 || cover.Total.Sign == 0
        ? Amount.Zero(amount.Currency)
        : new((Int128)((BigInteger)amount.Units * cover.Paid.Units / cover.Total.Units), amount.Currency);

    /// <summary>Divides an amount among lines in proportion to what they come to; what is paid of none is nobody's.</summary>
    private static void Divide(Amount amount, IReadOnlyList<PaidLine> lines, Action<RevenueGroup, Amount> add)
    {
        if (amount.Sign == 0 || lines.Count == 0)
            return;
        var isNegative = lines.All(line => line.Amount.Sign <= 0);
        var parts = amount.SplitInProportion([.. lines.Select(line => isNegative ? -line.Amount : line.Amount)]);
        for (var i = 0; i < lines.Count; i++)
            add(lines[i].Group, parts[i]);
    }

    private IReadOnlyList<PaidLine> LinesOf(Period month, string customerId, Currency currency) =>
        [.. _lines.GetValueOrDefault((month, customerId), []).Where(line => line.Group.Currency == currency)];

    /// <summary>Reads what some customers were charged in a month, by the revenue it is.</summary>
    private void Read(Period month, HashSet<string> customerIds)
    {
        var usage = new Dictionary<(string CustomerId, RevenueGroup Group), Amount>();
        PeriodRows.ForEachReceipt(_session, month, receipt =>
        {
            if (!customerIds.Contains(receipt.CustomerId))
                return;
            var key = (receipt.CustomerId, RevenueGroup.Of(receipt, _facts, _developers));
            usage[key] = usage.GetValueOrDefault(key, Amount.Zero(receipt.Currency)) + receipt.Charge;
        });
        foreach (var ((customerId, group), amount) in usage)
            Lines(customerId).Add(new(group, amount, null));
        foreach (var adjustment in AdjustmentsIn(month).Where(adjustment => customerIds.Contains(adjustment.CustomerId)))
        {
            // What is left of a credit was paid when it was sold, and is no line of the month's invoice.
            if (adjustment.Type != AdjustmentType.CreditExpiry)
                Lines(adjustment.CustomerId).AddRange(
                    adjustment.Parts.Select(part => new PaidLine(GroupOf(adjustment, part), part.Amount, $"adj_{adjustment.Number}")));
        }

        List<PaidLine> Lines(string customerId) =>
            _lines.TryGetValue((month, customerId), out var lines) ? lines : _lines[(month, customerId)] = [];
    }

    private RevenueGroup GroupOf(Adjustment adjustment, AdjustmentPart part) => RevenueGroup.Of(
        new AdjustedRevenue(
            adjustment.CustomerId, adjustment.ServicePeriod, _zone.StartOf(adjustment.ServicePeriod.Next).AddMicroseconds(-1), part.Share,
            part.Amount),
        _facts, _developers);

    private IReadOnlyList<Adjustment> AdjustmentsIn(Period month) => IsOpen(month)
        ? Adjustments.Of(_session, month).Charges
        : AdjustmentRows.Of(_session, month);

    private IReadOnlyList<CreditUse> UsesIn(Period month) => IsOpen(month)
        ? Adjustments.Of(_session, month).CreditUses
        : CreditRows.Uses(_session, month);

    private bool IsOpen(Period month) => PeriodRows.Last(_session).StatusOf(month) == PeriodStatus.Open;

    /// <summary>Some revenue of a customer's month, and the adjustment it is of, if it is of one.</summary>
    private sealed record PaidLine(RevenueGroup Group, Amount Amount, string? Reference)
    {
        /// <summary>Whether an invoice's line is for it.</summary>
        public bool IsOf(InvoiceLine line) => Group.Model == line.Model && Reference == line.Reference
            && (Reference is not null || (Group.AppId == line.AppId && Group.ServicePeriod == line.ServicePeriod));
    }

    /// <summary>How far an invoice is paid.</summary>
    /// <param name="Paid">What payments cover of it.</param>
    /// <param name="Total">What it comes to after its credit notes.</param>
    /// <param name="Notes">Those notes.</param>
    private sealed record Cover(Amount Paid, Amount Total, IReadOnlyList<Invoice> Notes)
    {
        public bool Equals(Cover? other) =>
            other is not null && Paid == other.Paid && Total == other.Total && Notes.Count == other.Notes.Count;

        public override int GetHashCode() => Paid.GetHashCode();
    }

    private sealed record InvoiceChange(Invoice Invoice, Cover Before, Cover After);
}
