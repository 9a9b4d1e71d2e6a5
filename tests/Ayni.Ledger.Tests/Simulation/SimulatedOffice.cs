using System.Globalization;
using System.Runtime.CompilerServices;

namespace Ayni.Ledger.Tests;

/// <summary>Something that the office does, which gives a document. Done again, it gives the same or is refused.</summary>
internal delegate Task<object> OfficeAct(Books books);

/// <summary>
/// The office of a host in a simulated life, beside its requests: it sells credits and takes them back, issues invoices and credit notes,
/// records payments, refunds, deductions and agreements, gives claims up and pays parties out. Documents that it was given must stay what
/// they are, and the books must come to what the documents say.
/// </summary>
internal sealed class SimulatedOffice(Random random, string model, Currency currency, DateTimeOffset start)
{
    private const string Entity = "AYNI";
    private static readonly Iban Account = Iban.Parse("DE89370400440532013000");

    private readonly HashSet<object> _answered = [];
    private int _references;

    /// <summary>Documents that were given.</summary>
    public long Documents { get; private set; }

    private Amount Zero => Amount.Zero(currency);

    /// <summary>Enters what documents need.</summary>
    public static async Task OpenAsync(Books books)
    {
        await books.SetEntityAsync(new(Entity, 0, "Ayni Hosting GmbH", "Weg 1, 10115 Berlin", "DE", "DE123456789", [], 14)).ConfigureAwait(false);
        await books.SetBankDetailsAsync(Entity, "Ayni Hosting GmbH", Account).ConfigureAwait(false);
        foreach (var party in books.ListParties().Skip(1))
            await books.SetBankDetailsAsync(party.Id, party.Name, Account).ConfigureAwait(false);
        foreach (var customer in books.ListCustomers().Skip(1))
        {
            await books.SetBillingAsync(new(customer.Id, 0, customer.Name, "Calle 1, Madrid", "ES", "ESB1", [new("VAT", 77_700)], 30))
                .ConfigureAwait(false);
        }
    }

    /// <summary>What is done next, with all that it needs, by what there is.</summary>
    public OfficeAct Choose(Books books, DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var reference = $"office-{++_references}";
        var customer = One(books.ListCustomers())!.Id;
        var invoices = books.ListInvoices(InvoiceKind.Invoice);
        var invoice = One(invoices)?.Number ?? "none";
        var money = new Amount((Int128)random.Next(1, 5_000) * 10_000_000_000, currency);
        // Before there are invoices, little else can be done.
        switch (invoices.Count == 0 ? random.Next(5) : random.Next(14))
        {
            case 0:
                DateTimeOffset? expires = random.Next(2) == 0 ? now + TimeSpan.FromDays(random.Next(1, 60)) : null;
                var priority = random.Next(3);
                return async it => await it.BuyCreditAsync(customer, money, model, expires, priority, reference).ConfigureAwait(false);
            case 1:
                var credit = One(books.ListCredits())?.Id ?? "none";
                return async it => await it.ReturnCreditAsync(credit, "unused", reference).ConfigureAwait(false);
            case 2 or 3 or 4:
                var month = One(ClosedMonths(books, now).DefaultIfEmpty(Period.Of(now)));
                return async it => await it.IssueInvoicesAsync(month).ConfigureAwait(false);
            case 5:
                var (line, part) = (random.Next(3), new Amount(money.Units / 100, currency));
                return async it => await it.CreditInvoiceAsync(invoice, [(line, part)], "too slow", reference).ConfigureAwait(false);
            case 6:
                return async it => await it.CreditInvoiceAsync(invoice, "never asked for", reference).ConfigureAwait(false);
            case 7 or 8:
                return async it => await it.RecordPaymentAsync(customer, money, reference, today).ConfigureAwait(false);
            case 9:
                var paid = One(books.ListPayments())?.Id ?? "none";
                return random.Next(2) == 0
                    ? async it => await it.RecordRefundAsync(customer, money, reference, today).ConfigureAwait(false)
                    : async it => await it.ReversePaymentAsync(paid, reference, today).ConfigureAwait(false);
            case 10:
                var lost = One(books.ListWriteOffs())?.Id ?? "none";
                var open = One(books.Accounts().SelectMany(account => account.Invoices).Where(it => it.Open.Sign > 0))?.Number ?? invoice;
                return random.Next(3) > 0
                    ? async it => await it.WriteOffAsync(open, "lost").ConfigureAwait(false)
                    : async it => await it.ReverseWriteOffAsync(lost, "found").ConfigureAwait(false);
            case 11:
                return async it => await it.OrderPayoutsAsync(currency, today).ConfigureAwait(false);
            case 12:
                var payout = One(books.ListPayouts())?.Id ?? "none";
                return random.Next(3) > 0
                    ? async it => await it.MarkPayoutPaidAsync(payout, reference, today).ConfigureAwait(false)
                    : async it => await it.ReturnPayoutAsync(payout, reference, today, "account closed").ConfigureAwait(false);
            default:
                var terms = Terms();
                return random.Next(3) > 0
                    ? async it => await it.RecordDeductionAsync(DeductionType.PaymentFee, reference, Period.Of(now), money).ConfigureAwait(false)
                    : async it => await it.EnterAgreementAsync(reference, terms, held: HeldAcceptances.OfAll("the simulation")).ConfigureAwait(false);
        }
    }

    /// <summary>Does it; what it gives is to be there from now on. A refusal gives nothing.</summary>
    public async Task DoAsync(Books books, OfficeAct act)
    {
        if (await TryAsync(books, act).ConfigureAwait(false) is not { } given)
            return;
        foreach (var document in DocumentsIn(given))
        {
            if (_answered.Add(document))
                Documents++;
        }
    }

    /// <summary>Does it without an answer.</summary>
    public static async Task<object?> TryAsync(Books books, OfficeAct act)
    {
        try
        {
            return await act(books).ConfigureAwait(false);
        }
        catch (LedgerRefusedException)
        {
            return null;
        }
    }

    /// <summary>What is wrong with the books, by what was charged to customers; null if nothing is.</summary>
    public string? FindFault(Books books, DateTimeOffset now, IReadOnlyDictionary<string, Amount> charged)
    {
        var invoices = books.ListInvoices(kind: null);
        var (payments, writeOffs) = (books.ListPayments(), books.ListWriteOffs());
        var (credits, payouts) = (books.ListCredits(), books.ListPayouts());
        var months = ClosedMonths(books, now).ToList();
        var there = new HashSet<object>(DocumentsIn((invoices, payments, writeOffs, credits, payouts, books.ListAgreementDocuments())));
        for (var month = Period.Of(start); month <= Period.Of(now); month = month.Next)
            there.UnionWith(books.ListDeductions(month));
        // Credits given back before they were invoiced are only in the journal.
        var returns = new List<Entry>();
        books.ExportJournal(start, now + TimeSpan.FromSeconds(1), entry => returns.AddRange(entry.Kind == EntryKind.CreditReturn ? [entry] : []));
        there.UnionWith(returns.Select(entry => entry.Reference));
        if (_answered.FirstOrDefault(document => !there.Contains(document)) is { } lost)
            return $"this document was given and is lost or another: {lost}";

        if (invoices.FirstOrDefault(it => it.Net + it.TaxTotal + it.Rounding != it.Total || !it.Total.IsWholeMinorUnits) is { } wrong)
            return $"lines, taxes and rounding of {wrong.Number} are not its total of {wrong.Total}";
        if (credits.FirstOrDefault(credit => credit.Left.Sign < 0 || credit.Left > credit.Amount) is { } overdrawn)
            return $"{overdrawn.Left} are left of {overdrawn.Id} of {overdrawn.Amount}";

        var balances = books.Balances().ToDictionary(balance => balance.Account, balance => balance.Net);
        var uses = months.SelectMany(month => books.ListCreditUses(month)).ToList();
        foreach (var customer in books.ListCustomers())
        {
            var account = books.AccountOf(customer.Id);
            if (account.Invoices.FirstOrDefault(it => it.Credited + it.WrittenOff + it.Paid + it.Open != it.Total || it.Open.Sign < 0
                || (it.Total.Sign >= 0 && it.Credited + it.WrittenOff > it.Total)) is { } state)
                return $"{state.Credited} credited, {state.WrittenOff} given up, {state.Paid} paid and {state.Open} open are not {state.Number} of {state.Total}";
            var owed = charged.GetValueOrDefault(customer.Id, Zero)
                + Sum(credits.Where(it => it.CustomerId == customer.Id), it => it.Amount)
                + Sum(returns.SelectMany(it => it.Postings).Where(it => it.Account == Ledger.Account.Receivable(customer.Id)), it => it.Amount)
                - Sum(uses.Where(it => it.CustomerId == customer.Id), it => it.Amount)
                + Sum(invoices.Where(it => it.Recipient.Subject == customer.Id), it => it.Kind == InvoiceKind.Invoice ? it.Total - it.Net : -it.Total)
                - Sum(payments.Where(it => it.CustomerId == customer.Id), it => it.Paid)
                - Sum(writeOffs.Where(it => account.Invoices.Any(invoice => invoice.Number == it.Invoice)), it => it.GivenUp);
            if (books.UnpaidCharges(customer.Id) != owed)
                return $"{customer.Id} owes {books.UnpaidCharges(customer.Id)}, and its charges and documents come to {owed}";
            var left = Sum(credits.Where(it => it.CustomerId == customer.Id), it => it.Left);
            if (balances.GetValueOrDefault(Ledger.Account.Deferred(customer.Id), Zero) != -left)
                return $"{left} are left of {customer.Id}'s credits, and other money is deferred";
        }

        var standing = payouts.Where(payout => payout.Status != PayoutStatus.Returned).ToList();
        if (standing.SelectMany(payout => payout.Documents).GroupBy(number => number).FirstOrDefault(number => number.Count() > 1) is { } twice)
            return $"{twice.Key} is paid out twice";
        var payable = months.SelectMany(month => books.Settle(month).Totals).ToList();
        foreach (var party in books.ListParties())
        {
            var due = Sum(payable.Where(total => total.PartyId == party.Id), total => total.Payable)
                - Sum(standing.Where(payout => payout.PartyId == party.Id), payout => payout.Amount);
            if (balances.GetValueOrDefault(Ledger.Account.Payable(party.Id), Zero) != -due)
                return $"{due} are to be paid to {party.Id}, and its account shows otherwise";
        }
        var bank = Sum(payments, payment => payment.Paid) - Sum(payouts.Where(payout => payout.Status == PayoutStatus.Paid), payout => payout.Amount);
        return balances.GetValueOrDefault(Ledger.Account.Bank, Zero) == bank ? null : $"{bank} went through the bank, and its account shows otherwise";
    }

    /// <summary>
    /// What there was to share until all months closed, beyond what was charged: expired credits, less what credit notes took back.
    /// </summary>
    public Amount SharedBeyondCharges(Books books, DateTimeOffset now)
    {
        var expired = ClosedMonths(books, now).SelectMany(month => books.ListAdjustments(month)).Where(it => it.Type == AdjustmentType.CreditExpiry);
        var returned = books.ListInvoices(InvoiceKind.CreditNote).SelectMany(note => note.Lines).Where(line => line.Kind != Invoicing.CreditSale);
        return Sum(expired, it => it.Amount) - Sum(returned, line => line.Amount);
    }

    /// <summary>What is on its way to parties or was paid to them.</summary>
    public Amount PaidOut(Books books) =>
        Sum(books.ListPayouts().Where(payout => payout.Status != PayoutStatus.Returned), payout => payout.Amount);

    private IEnumerable<Period> ClosedMonths(Books books, DateTimeOffset now)
    {
        for (var month = Period.Of(start); month < Period.Of(now) && books.StatusOf(month) == PeriodStatus.Closed; month = month.Next)
            yield return month;
    }

    /// <summary>The documents in something that was given, as they are compared: without what becomes of them.</summary>
    private static IEnumerable<object> DocumentsIn(object given) => given switch
    {
        ITuple parts => Enumerable.Range(0, parts.Length).SelectMany(i => DocumentsIn(parts[i]!)),
        IEnumerable<object> several => several.SelectMany(DocumentsIn),
        PayoutBatch batch => batch.Payouts.SelectMany(DocumentsIn),
        // It was ordered before it was paid, and paid or not before it came back.
        Payout payout => Enum.GetValues<PayoutStatus>().Where(status => status <= payout.Status).Select(status => payout with { Status = status }),
        Credit credit => [credit with { Left = credit.Amount }],
        ReturnedCredit returned => [(object?)returned.Note ?? returned.Id],
        AgreementDocument document => [(document.Id, document.Name, document.Text, document.Recorded)],
        _ => [given],
    };

    private string Terms() => string.Create(CultureInfo.InvariantCulture, $$$"""
        agreement: simulated
        model: {{{model}}}
        currency: {{{currency.Code}}}
        collector: host
        deductions: [{type: refund}, {type: bad-debt}, {type: payment-fee, cap: 3%}]
        shares:
          - {name: royalty, payee: licensor, rate: {{{random.Next(50)}}}%, guarantee: {amount: "{{{random.Next(1, 20)}}}", carry_forward: true}, cap: "90"}
          - {name: app, payee: developer, measure: collected, tiers: {kind: marginal, steps: [{up_to: "{{{random.Next(1, 9)}}}", rate: 10%}, {rate: 30%}]}}
        """);

    private Amount Sum<T>(IEnumerable<T> items, Func<T, Amount> of) => items.Aggregate(Zero, (sum, item) => sum + of(item));

    private T? One<T>(IEnumerable<T> items)
    {
        var all = items.ToList();
        return all.Count == 0 ? default : all[random.Next(all.Count)];
    }
}
