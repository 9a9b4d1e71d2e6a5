using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// Holds what requests under way may cost, so that what all of them come to never exceeds a limit. Each method is one step of a
/// transaction: the limits, what was spent, what is held and the new reservation are read and written together.
/// </summary>
internal static class Reservations
{
    /// <summary>
    /// Reserves for an admitted request, or says why not: for its prompt and for answers as long as they may get, or as long as the money
    /// left affords, at the highest price they can come to. Returns the admission with its reservation, or without one if nothing bounds
    /// it any more.
    /// </summary>
    public static AdmissionDecision Reserve(
        Transaction transaction, Admission admission, string requestId, TokenDemand demand, HostLease lease)
    {
        var session = transaction.Session;
        var customer = transaction.CustomerOf(admission.CustomerId);
        var subjects = SubjectsOf(transaction, admission);
        if (subjects.IsEmpty)
            return admission;
        var day = transaction.Zone.DayOf(admission.AdmittedAt);
        var maxTokens = (long)demand.MaxTokens;
        // It may have been set since the request was let in.
        if (customer.SpendingLimit is { } limit && limit.Currency != admission.Currency)
            return new AdmissionRefusal(
                AdmissionRefusalReason.CurrencyMismatch,
                $"{customer.Id} has a spending limit in {limit.Currency}, and the request is charged in {admission.Currency}.");
        foreach (var limits in Bounding(transaction, subjects))
        {
            if (limits.Currency is { } currency && currency != admission.Currency)
                return new AdmissionRefusal(
                    AdmissionRefusalReason.CurrencyMismatch,
                    $"{limits.SubjectId} has limits in {currency}, and the request is charged in {admission.Currency}.");
            if (limits.TokensPerMinute is { } most)
                maxTokens = Math.Min(maxTokens, (most - demand.Prompt) / demand.Answers);
            if (maxTokens < 1)
                return new AdmissionRefusal(
                    AdmissionRefusalReason.RequestTooLarge,
                    $"A prompt of {demand.Prompt} tokens and {demand.Answers} more never fit into the {limits.TokensPerMinute} tokens a minute of {limits.SubjectId}.");
        }

        if (Tightest(transaction, admission, customer, subjects, day) is { } bound)
        {
            maxTokens = Affordable(admission.Price, demand, maxTokens, bound.Room);
            if (maxTokens < 1)
                return bound.Refuse(admission.Price.Highest(demand.With(1), demand.Adapter), transaction.Zone);
        }
        var tokens = demand.Prompt + demand.Answers * maxTokens;
        foreach (var limits in Bounding(transaction, subjects))
        {
            if (limits.BoundsRates && OverRate(transaction, limits, tokens) is { } refusal)
                return refusal;
        }

        // From here on nothing is refused.
        var amount = admission.Price.Highest(demand.With(maxTokens), demand.Adapter);
        var reservation = new Reservation(requestId, (int)maxTokens, amount, tokens, transaction.Now, subjects)
        {
            Lease = transaction.LeaseOf(lease),
            Holds = HoldsOf(transaction, customer, subjects, day, admission.Period),
        };
        transaction.Hold(reservation);
        var second = transaction.Now.ToUnixTimeSeconds();
        foreach (var limits in Bounding(transaction, subjects))
        {
            if (limits.BoundsRates)
                transaction.RatesOf(limits.SubjectId).Add(second, 1, tokens);
        }
        return admission with { Reservation = reservation };
    }

    /// <summary>
    /// Lets go what a request held, and puts what it used in the place of what it might have. Nothing happens where it was swept before.
    /// </summary>
    public static void Release(Transaction transaction, Reservation reservation, long tokensUsed)
    {
        if (!transaction.Release(reservation))
            return;
        var second = reservation.ReservedAt.ToUnixTimeSeconds();
        if (second < RateWindow.FirstAt(transaction.Now))
            return;
        foreach (var limits in Bounding(transaction, reservation.Subjects))
        {
            if (limits.BoundsRates)
                transaction.RatesOf(limits.SubjectId).Add(second, 0, tokensUsed - reservation.Tokens);
        }
    }

    /// <summary>Counts a charge for whoever is limited in what it may spend in a day or month.</summary>
    public static void Spend(Transaction transaction, Admission admission, Amount charge)
    {
        var subjects = SubjectsOf(transaction, admission);
        if (subjects.IsEmpty)
            return;
        var day = BudgetSpan.Of(transaction.Zone.DayOf(admission.AdmittedAt));
        foreach (var limits in Bounding(transaction, subjects))
        {
            if (!limits.BoundsMoney)
                continue;
            transaction.BudgetOf(limits.SubjectId, day, charge.Currency).Spent += charge;
            transaction.BudgetOf(limits.SubjectId, BudgetSpan.Of(admission.Period), charge.Currency).Spent += charge;
        }
    }

    /// <summary>Begins a host's run, and sweeps those whose leases ran out.</summary>
    public static void Begin(Transaction transaction, HostLease lease)
    {
        SweepExpired(transaction);
        BudgetRows.DropOldSpans(
            transaction.Session,
            BudgetSpan.Of(transaction.Zone.DayOf(transaction.Now).AddDays(-70)),
            BudgetSpan.Of(transaction.Zone.PeriodOf(transaction.Now.AddDays(-70))));
        transaction.KeepLease(lease);
    }

    /// <summary>Lets go of everything that hosts held whose lease ran out.</summary>
    public static void SweepExpired(Transaction transaction)
    {
        foreach (var lease in BudgetRows.ExpiredLeases(transaction.Session, transaction.Now))
            Sweep(transaction, lease);
    }

    /// <summary>Lets go of everything a host's run held, and ends its lease.</summary>
    public static void Sweep(Transaction transaction, string leaseId) => transaction.EndLease(leaseId);

    /// <summary>Whoever is limited: as known at the admission, unless limits were set since.</summary>
    private static ImmutableArray<string> SubjectsOf(Transaction transaction, Admission admission)
    {
        if (admission.TermsVersion == transaction.TermsVersion)
            return admission.LimitedSubjects;
        var customer = transaction.CustomerOf(admission.CustomerId);
        return [.. LimitList.Limited(transaction.Session, admission.KeyId, customer, admission.AppId)];
    }

    private static IEnumerable<Limits> Bounding(Transaction transaction, ImmutableArray<string> subjects) =>
        subjects.Select(transaction.LimitsOf).OfType<Limits>();

    /// <summary>Where money is held: of what a customer may owe, and of days and months whose money is limited.</summary>
    private static ImmutableArray<Hold> HoldsOf(
        Transaction transaction, Customer customer, ImmutableArray<string> subjects, DateOnly day, Period period)
    {
        var holds = ImmutableArray.CreateBuilder<Hold>();
        if (customer.SpendingLimit is not null)
            holds.Add(new(customer.Id, BudgetSpan.Ever));
        foreach (var limits in Bounding(transaction, subjects))
        {
            if (!limits.BoundsMoney)
                continue;
            holds.Add(new(limits.SubjectId, BudgetSpan.Of(day)));
            holds.Add(new(limits.SubjectId, BudgetSpan.Of(period)));
        }
        return holds.DrainToImmutable();
    }

    /// <summary>The bound on money that leaves least; null if there is none.</summary>
    private static MoneyBound? Tightest(
        Transaction transaction, Admission admission, Customer customer, ImmutableArray<string> subjects, DateOnly day)
    {
        MoneyBound? tightest = null;
        if (customer.SpendingLimit is { } most)
        {
            var owed = transaction.NetOf(Account.Receivable(customer.Id), customer.Currency)
                - transaction.CreditOf(customer);
            Consider(new("spending limit", most, owed, transaction.HeldOf(new(customer.Id, BudgetSpan.Ever), customer.Currency).Total, null));
        }
        foreach (var limits in Bounding(transaction, subjects))
        {
            if (limits.PerDay is { } perDay)
            {
                var next = transaction.Zone.StartOf(day.AddDays(1));
                Consider(In(BudgetSpan.Of(day), $"limit a day of {limits.SubjectId}", perDay, limits.SubjectId, next));
            }
            if (limits.PerMonth is { } perMonth)
            {
                var next = transaction.Zone.StartOf(admission.Period.Next);
                Consider(In(BudgetSpan.Of(admission.Period), $"limit a month of {limits.SubjectId}", perMonth, limits.SubjectId, next));
            }
        }
        return tightest;

        MoneyBound In(string span, string name, Amount limit, string subjectId, DateTimeOffset until) => new(
            name, limit, transaction.BudgetOf(subjectId, span, limit.Currency).Spent,
            transaction.HeldOf(new(subjectId, span), limit.Currency).Total, until);

        void Consider(MoneyBound bound) => tightest = tightest is null || bound.Room < tightest.Room ? bound : tightest;
    }

    /// <summary>
    /// The longest answers whose cost, each as long as the others, stays within an amount; 0 if not even one token each does.
    /// </summary>
    private static long Affordable(Price price, TokenDemand demand, long maxTokens, Amount room)
    {
        // Most can afford all they ask for.
        if (maxTokens >= 1 && price.Highest(demand.With(maxTokens), demand.Adapter) <= room)
            return maxTokens;
        long affordable = 0;
        for (var (low, high) = (1L, maxTokens); low <= high;)
        {
            var middle = (low + high) / 2;
            if (price.Highest(demand.With(middle), demand.Adapter) <= room)
                (affordable, low) = (middle, middle + 1);
            else
                high = middle - 1;
        }
        return affordable;
    }

    private static AdmissionRefusal? OverRate(Transaction transaction, Limits limits, long tokens)
    {
        var window = transaction.RatesOf(limits.SubjectId);
        var count = window.At(transaction.Now);
        var requestsOver = limits.RequestsPerMinute is { } requests ? count.Requests + 1 - requests : 0;
        var tokensOver = limits.TokensPerMinute is { } most ? count.Tokens + tokens - most : 0;
        if (requestsOver <= 0 && tokensOver <= 0)
            return null;
        var message = requestsOver > 0
            ? $"{limits.SubjectId} may make {limits.RequestsPerMinute} requests a minute; none is left."
            : $"{limits.SubjectId} may use {limits.TokensPerMinute} tokens a minute; {Math.Max(0, limits.TokensPerMinute!.Value - count.Tokens)} are left and the request may use {tokens}.";
        return new(AdmissionRefusalReason.RateLimited, message, RetryAfter: window.TimeUntilFree(transaction.Now, requestsOver, tokensOver));
    }

    /// <summary>One bound on money, and how far it is reached.</summary>
    private sealed record MoneyBound(string Name, Amount Limit, Amount Spent, Amount Held, DateTimeOffset? Until)
    {
        public Amount Room => Limit - Spent - Held;

        public AdmissionRefusal Refuse(Amount needed, LedgerZone zone)
        {
            var left = Room.Sign < 0 ? Amount.Zero(Limit.Currency) : Room;
            var underWay = Held.Sign > 0 ? $", requests under way hold {Held}" : "";
            var until = Until is { } instant ? $" until {zone.Show(instant)}" : "";
            return new(
                AdmissionRefusalReason.InsufficientQuota,
                $"{left} are left{until} of the {Name} of {Limit} ({Spent} are spent{underWay}), and the request may cost {needed} or more.",
                Spent, Limit, left);
        }
    }
}
