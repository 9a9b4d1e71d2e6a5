namespace Ayni.Ledger;

/// <summary>Sells credits. A job of the writer: it refuses, or it writes.</summary>
internal sealed class CreditList(Identifiers identifiers)
{
    /// <summary>A credit by its id.</summary>
    public static Credit Demand(Session session, string id) => CreditRows.Find(session, id)
        ?? throw Registry.Unknown(Refusal.UnknownCredit, "credit", id);

    /// <summary>The number of the invoice that a credit was sold on.</summary>
    public static string InvoiceOf(Session session, string id)
    {
        var credit = Demand(session, id);
        return InvoiceRows.OfSubject(session, credit.CustomerId)
            .FirstOrDefault(invoice => invoice.Kind == InvoiceKind.Invoice && LineOf(invoice, id) >= 0)?.Number
            ?? throw new LedgerRefusedException(
                Refusal.InvalidCredit, $"{id} is on no invoice yet; issue that of the month in which it was sold, then give it back.");
    }

    /// <summary>The line of an invoice on which a credit was sold, from 0; -1 if it is on none.</summary>
    public static int LineOf(Invoice invoice, string id) =>
        invoice.Lines.IndexOf(invoice.Lines.FirstOrDefault(line => line.Kind == Invoicing.CreditSale && line.Reference == id)!);

    /// <summary>What the months after the last closed one, which there is, have used of credits so far.</summary>
    public static IReadOnlyList<CreditUse> UsedSoFar(Session session, DateTimeOffset now)
    {
        var last = LedgerRows.Zone(session).PeriodOf(now);
        var uses = new List<CreditUse>();
        for (var month = PeriodRows.Last(session)!.Value.Period.Next; month <= last; month = month.Next)
            uses.AddRange(Adjustments.Of(session, month).CreditUses);
        return uses;
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
