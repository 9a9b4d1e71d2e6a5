namespace Ayni.Ledger;

/// <summary>Enters and ends subscriptions. Each method is one job of the writer: it refuses, or it writes.</summary>
internal sealed class SubscriptionList(Identifiers identifiers)
{
    /// <summary>Subscribes a customer to a plan from a month on, this one unless given.</summary>
    public Subscription Start(Transaction transaction, string customerId, string planName, Period? first)
    {
        var session = transaction.Session;
        var customer = RegistryRows.Customer(session, customerId)
            ?? throw Registry.Unknown(Refusal.UnknownCustomer, "customer", customerId);
        var now = transaction.Zone.PeriodOf(transaction.Now);
        var from = first ?? now;
        if (from < now)
            throw new LedgerRefusedException(Refusal.EffectiveInThePast, $"{from} is past; a subscription begins in {now} or later.");
        var plan = TermRows.PlanInForce(session, planName, transaction.Now)
            ?? throw new LedgerRefusedException(
                Refusal.UnknownPlan, $"No price plan named '{planName}' is in force; set one with that name first.");
        if (plan.Currency != customer.Currency)
            throw new LedgerRefusedException(
                Refusal.InvalidPrice, $"The plan '{planName}' is in {plan.Currency}, the customer is charged in {customer.Currency}.");
        foreach (var model in plan.Models)
        {
            if (TermRows.AgreementInForce(session, model, transaction.Now) is null)
                throw new LedgerRefusedException(
                    Refusal.NoAgreement, $"The model '{model}' has no agreement on who earns what, so nobody could say whose the fee is.");
        }
        foreach (var other in SubscriptionRows.OfCustomer(session, customerId).Where(other => other.Last is not { } last || last >= from))
        {
            var models = other.PlanName == planName
                ? plan.Models
                : TermRows.PlanInForce(session, other.PlanName, transaction.Now)?.Models ?? [];
            if (models.Intersect(plan.Models, StringComparer.Ordinal).FirstOrDefault() is { } model)
                throw new LedgerRefusedException(
                    Refusal.AlreadySubscribed,
                    $"{customerId} has '{model}' by {other.Id} to '{other.PlanName}' already; stop that one first.");
        }
        var subscription = new Subscription(identifiers.New("sub"), customerId, planName, from, null, transaction.Now);
        SubscriptionRows.Insert(session, subscription);
        transaction.Note("start_subscription", subscription.Id, null, subscription, LedgerJson.Default.Subscription);
        return subscription;
    }

    /// <summary>Ends a subscription after a month, this one unless given. A month that has begun is due.</summary>
    public static Subscription Stop(Transaction transaction, string subscriptionId, Period? last)
    {
        var subscription = SubscriptionRows.Find(transaction.Session, subscriptionId)
            ?? throw Registry.Unknown(Refusal.UnknownSubscription, "subscription", subscriptionId);
        var now = transaction.Zone.PeriodOf(transaction.Now);
        var end = last ?? (subscription.First > now ? subscription.First : now);
        if (end < now || end < subscription.First)
            throw new LedgerRefusedException(
                Refusal.EffectiveInThePast,
                $"{subscriptionId} can end after {(subscription.First > now ? subscription.First : now)} or later.");
        // It may end sooner than was said, never later: another one may have begun after it.
        if (subscription.Last is { } ended && ended < end)
            throw new LedgerRefusedException(Refusal.AlreadySubscribed, $"{subscriptionId} ends with {ended}; start a new one after it.");
        SubscriptionRows.SetLast(transaction.Session, subscriptionId, end);
        var stopped = subscription with { Last = end };
        transaction.Note("stop_subscription", subscriptionId, subscription, stopped, LedgerJson.Default.Subscription);
        return stopped;
    }
}
