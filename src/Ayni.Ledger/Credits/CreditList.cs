namespace Ayni.Ledger;

/// <summary>Sells credits. A job of the writer: it refuses, or it writes.</summary>
internal sealed class CreditList(Identifiers identifiers)
{
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
