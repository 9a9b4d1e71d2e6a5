namespace Ayni.Ledger;

/// <summary>Sets limits. A job of the writer: it refuses, or it writes.</summary>
internal static class LimitList
{
    /// <summary>
    /// Puts limits in the place of a key's, customer's or app's own. What its requests cost in this day and month before counts; those
    /// under way that were let in without a reservation count when they are posted.
    /// </summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="counted">
    /// What was spent, counted beside the writer, so that only what was posted since is left to count here; null if nothing was counted.
    /// </param>
    public static Limits Set(Transaction transaction, Limits limits, SpentCount? counted)
    {
        var session = transaction.Session;
        var currency = DemandSubject(session, limits.SubjectId);
        if (limits.PerDay is { } day && limits.PerMonth is { } month && day.Currency != month.Currency)
            throw Invalid($"A day's limit of {day} and a month's of {month} are in two currencies.");
        if (currency is not null && limits.Currency is { } other && other != currency)
            throw Invalid($"{limits.SubjectId} is charged in {currency}, not in {other}.");
        if (limits.PerDay is { Sign: < 0 } || limits.PerMonth is { Sign: < 0 } || limits.RequestsPerMinute < 1 || limits.TokensPerMinute < 1)
            throw Invalid("Money may be limited to zero or more, requests and tokens to one a minute or more.");
        var before = BudgetRows.Find(session, limits.SubjectId);
        transaction.SetLimits(limits);
        transaction.Note("set_limits", limits.SubjectId, before, limits.BoundAnything ? limits : null, LedgerJson.Default.Limits);
        // What was limited in this money before has been counted all along.
        if (limits.Currency is { } money && money != before?.Currency)
        {
            var spent = SpentCount.Of(session, limits.SubjectId, money, transaction.Now, counted);
            transaction.BudgetOf(limits.SubjectId, BudgetSpan.Of(spent.Day), money).Spent = spent.OfDay;
            transaction.BudgetOf(limits.SubjectId, BudgetSpan.Of(spent.Month), money).Spent = spent.OfMonth;
        }
        return limits;
    }

    /// <summary>Of a key, a customer and an app, those that anything bounds.</summary>
    public static IReadOnlyList<string> Limited(Session session, string keyId, Customer customer, string? appId)
    {
        var limited = BudgetRows.Limited(session, keyId, customer.Id, appId);
        if (customer.SpendingLimit is not null && !limited.Contains(customer.Id))
            limited.Add(customer.Id);
        return limited;
    }

    /// <summary>What a key or customer is charged in; null for an app, whose customers may differ.</summary>
    private static Currency? DemandSubject(Session session, string id)
    {
        if (RegistryRows.Key(session, id) is { Role: KeyRole.Customer } key)
            return RegistryRows.Customer(session, key.CustomerId)!.Currency;
        if (RegistryRows.Customer(session, id) is { } customer)
            return customer.Currency;
        return RegistryRows.App(session, id) is not null
            ? null
            : throw Invalid($"There is no customer, no app and no customer's key '{id}'.");
    }

    private static LedgerRefusedException Invalid(string message) => new(Refusal.InvalidLimits, message);
}
