using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// A customer's invoices against its payments: a pure function of both. Payments, less refunds and what the bank took back, cover invoices
/// in the order they were issued; what is left over is the customer's credit.
/// </summary>
/// <param name="CustomerId">The customer.</param>
/// <param name="Invoices">Oldest first.</param>
/// <param name="Open">The sum that is open.</param>
/// <param name="Credit">What was paid too much or ahead; less than nothing only after a refunded payment was taken back.</param>
public sealed record CustomerAccount(string CustomerId, ImmutableArray<InvoiceState> Invoices, Amount Open, Amount Credit)
{
    private const int SecondReminderDays = 15, FinalNoticeDays = 30;

    /// <summary>The currency of all amounts.</summary>
    public Currency Currency => Open.Currency;

    /// <summary>Matches payments to invoices.</summary>
    /// <param name="customer">The customer, whose currency all amounts are in.</param>
    /// <param name="invoices">Its invoices and credit notes, in the order they were issued.</param>
    /// <param name="payments">Its payments, refunds and reversals.</param>
    /// <param name="writeOffs">What was given up of its invoices.</param>
    /// <param name="today">The day that days overdue are counted to.</param>
    internal static CustomerAccount Of(
        Customer customer, IReadOnlyList<Invoice> invoices, IReadOnlyList<Payment> payments, IReadOnlyList<WriteOff> writeOffs,
        DateOnly today)
    {
        var zero = Amount.Zero(customer.Currency);
        var credited = Totals(invoices.Where(invoice => invoice.Credits is not null), note => (note.Credits!, note.Total));
        var givenUp = Totals(writeOffs, writeOff => (writeOff.Invoice, writeOff.GivenUp));
        var claims = invoices.Where(invoice => invoice.Kind == InvoiceKind.Invoice)
            .Select(invoice => (Invoice: invoice, Owed: invoice.Total - credited(invoice.Number) - givenUp(invoice.Number))).ToList();
        // An invoice of less than nothing is credit, like money.
        var pool = payments.Aggregate(zero, (sum, payment) => sum + payment.Paid)
            - claims.Where(claim => claim.Owed.Sign < 0).Aggregate(zero, (sum, claim) => sum + claim.Owed);
        var states = ImmutableArray.CreateBuilder<InvoiceState>(claims.Count);
        var open = zero;
        foreach (var (invoice, owed) in claims)
        {
            var paid = owed.Sign <= 0 ? owed : pool.Sign <= 0 ? zero : pool < owed ? pool : owed;
            if (owed.Sign > 0)
                pool -= paid;
            var left = owed - paid;
            open += left;
            var overdue = left.Sign > 0 ? Math.Max(0, today.DayNumber - invoice.Due.DayNumber) : 0;
            var step = StepOf(left, overdue);
            states.Add(new(
                invoice.Number, customer.Id, invoice.Due, invoice.Total, credited(invoice.Number), givenUp(invoice.Number), paid, left,
                overdue, step, SinceOf(step, invoice)));
        }
        return new(customer.Id, states.DrainToImmutable(), open, pool);

        Func<string, Amount> Totals<T>(IEnumerable<T> items, Func<T, (string Number, Amount Amount)> of)
        {
            var totals = new Dictionary<string, Amount>(StringComparer.Ordinal);
            foreach (var (number, amount) in items.Select(of))
                totals[number] = totals.GetValueOrDefault(number, zero) + amount;
            return number => totals.GetValueOrDefault(number, zero);
        }
    }

    private static DunningStep StepOf(Amount open, int daysOverdue) => (open.Sign, daysOverdue) switch
    {
        ( <= 0, _) => DunningStep.Settled,
        (_, 0) => DunningStep.Open,
        (_, < SecondReminderDays) => DunningStep.Reminder,
        (_, < FinalNoticeDays) => DunningStep.SecondReminder,
        _ => DunningStep.FinalNotice,
    };

    private static DateOnly? SinceOf(DunningStep step, Invoice invoice) => step switch
    {
        DunningStep.Settled => null,
        DunningStep.Open => invoice.IssuedOn,
        DunningStep.Reminder => invoice.Due.AddDays(1),
        DunningStep.SecondReminder => invoice.Due.AddDays(SecondReminderDays),
        _ => invoice.Due.AddDays(FinalNoticeDays),
    };
}
