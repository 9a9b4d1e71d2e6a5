namespace Ayni.Ledger;

/// <summary>Sells credits. A job of the writer: it refuses, or it writes.</summary>
internal sealed class CreditList(Identifiers identifiers)
{
    /// <summary>A credit by its id.</summary>
    public static Credit Demand(Session session, string id) => CreditRows.Find(session, id)
        ?? throw Registry.Unknown(Refusal.UnknownCredit, "credit", id);

    /// <summary>
    /// The number of the invoice that a credit was sold on; null while the month is open that it will be on. Refused between a month's
    /// close and its invoices.
    /// </summary>
    public static string? InvoiceOf(Session session, string id)
    {
        var credit = Demand(session, id);
        if (PeriodRows.Last(session).StatusOf(CreditRows.SoldIn(session, id)) == PeriodStatus.Open)
            return null;
        return InvoiceRows.OfSubject(session, credit.CustomerId)
            .FirstOrDefault(invoice => invoice.Kind == InvoiceKind.Invoice && LineOf(invoice, id) >= 0)?.Number
            ?? throw new LedgerRefusedException(
                Refusal.InvalidCredit, $"{id} is on no invoice yet; issue that of the month in which it was sold, then give it back.");
    }

    /// <summary>The line of an invoice on which a credit was sold, from 0; -1 if it is on none.</summary>
    public static int LineOf(Invoice invoice, string id) =>
        invoice.Lines.IndexOf(invoice.Lines.FirstOrDefault(line => line.Kind == Invoicing.CreditSale && line.Reference == id)!);

    /// <summary>What the months after the last closed one have used of credits so far.</summary>
    public static IReadOnlyList<CreditUse> UsedSoFar(Session session, DateTimeOffset now)
    {
        var last = LedgerRows.Zone(session).PeriodOf(now);
        var uses = new List<CreditUse>();
        var first = PeriodRows.Last(session)?.Period.Next ?? PeriodRows.FirstBefore(session, last.Next) ?? last;
        for (var month = first; month <= last; month = month.Next)
            uses.AddRange(Adjustments.Of(session, month).CreditUses);
        return uses;
    }

    /// <summary>
    /// Gives back what is unused of a credit whose month of sale is open, in that month, so that its invoice shows the sale and the return.
    /// </summary>
    public ReturnedCredit Return(Transaction transaction, string id, string reason, IReadOnlyList<CreditUse> used)
    {
        var session = transaction.Session;
        Text.Demand(reason, "reason");
        var credit = Demand(session, id);
        var period = CreditRows.SoldIn(session, id);
        if (transaction.LastPeriod.StatusOf(period) != PeriodStatus.Open)
            throw new LedgerRefusedException(
                Refusal.InvalidCredit, $"{period}, in which {id} was sold, is closed by now; issue its invoices, then give it back.");
        var unused = credit.Unused(used);
        DemandUnused(transaction, credit, unused, used);
        if (unused.Sign <= 0)
            throw new LedgerRefusedException(Refusal.InvalidCredit, $"Nothing of {id} is unused.");
        var returned = new ReturnedCredit(identifiers.New("crr"), id, unused, reason, null);
        var entry = transaction.Post(
            period, period, EntryKind.CreditReturn, returned.Id,
            [new(Account.Receivable(credit.CustomerId), -unused), new(Account.Deferred(credit.CustomerId), unused)]);
        CreditRows.InsertReturn(session, returned, entry);
        transaction.ForgetCredits();
        transaction.Note("return_credit", id, null, returned, LedgerJson.Default.ReturnedCredit);
        return returned;
    }

    /// <summary>
    /// Refuses to give back what charges have used of a credit, or what expired: that is revenue. While a month closes, nobody knows how
    /// much.
    /// </summary>
    public static void DemandUnused(Transaction transaction, Credit credit, Amount amount, IEnumerable<CreditUse> used)
    {
        if (transaction.LastPeriod is { } last && transaction.LastPeriod.StatusOf(last.Period) == PeriodStatus.Closing)
            throw new LedgerRefusedException(
                Refusal.InvalidCredit, $"{last.Period} is closing, which uses credits; finish that, then give {credit.Id} back.");
        if (credit.Expires <= transaction.Now)
            throw new LedgerRefusedException(Refusal.InvalidCredit, $"{credit.Id} has expired; what was left of it is revenue.");
        if (credit.Unused(used) is var unused && amount > unused)
            throw new LedgerRefusedException(
                Refusal.InvalidCredit, $"{amount} of {credit.Id} can't be given back; {unused} of it are unused.");
    }

    /// <summary>Enters a credit, which the customer owes from now on like a charge, and as much deferred revenue.</summary>
    public Credit Buy(
        Transaction transaction, string customerId, Amount amount, string model, DateTimeOffset? expires, int priority)
    {
        var session = transaction.Session;
        var customer = RegistryRows.Customer(session, customerId)
            ?? throw Registry.Unknown(Refusal.UnknownCustomer, "customer", customerId);
        Text.Demand(model, "model's name");
        if (amount.Currency != customer.Currency || amount.Sign <= 0)
            throw new LedgerRefusedException(
                Refusal.InvalidPrepaidCredit,
                $"A credit of {amount} does not suit a customer charged in {customer.Currency}; give more than zero.");
        if (expires?.ToWholeMicroseconds() <= transaction.Now)
            throw new LedgerRefusedException(Refusal.EffectiveInThePast, "A credit expires later than now.");
        if (TermRows.AgreementInForce(session, model, transaction.Now) is null)
            throw new LedgerRefusedException(
                Refusal.NoAgreement,
                $"The model '{model}' has no agreement on who earns what, so nobody could say whose an unused credit is.");
        var credit = new Credit(
            identifiers.New("crd"), customerId, amount, priority, model, transaction.Now,
            expires?.ToWholeMicroseconds().ToUniversalTime(), amount);
        var period = transaction.Zone.PeriodOf(transaction.Now);
        var entry = transaction.Post(
            transaction.FirstOpen(period), period, EntryKind.CreditPurchase, credit.Id,
            [new(Account.Receivable(customerId), amount), new(Account.Deferred(customerId), -amount)]);
        CreditRows.Insert(session, credit, entry);
        transaction.ForgetCredits();
        transaction.Note("sell_credit", credit.Id, null, credit, LedgerJson.Default.Credit);
        return credit;
    }
}
