namespace Ayni.Ledger;

/// <summary>
/// What a writer's transactions have read and written: what is in the database, as long as nobody else writes to it and none of them is
/// rolled back.
/// </summary>
internal sealed class Known
{
    /// <summary>More than this is forgotten, so that many customers make no large memory.</summary>
    private const int MostItems = 100_000;

    public Dictionary<(string Name, Currency Currency), AccountTotal> Accounts { get; } = [];

    public Dictionary<(string KeyId, string? MeterId), KeyHead> KeyHeads { get; } = [];

    public Dictionary<(string SubjectId, string Span, Currency Currency), BudgetTotal> Budgets { get; } = [];

    public Dictionary<(Hold Hold, Currency Currency), HeldTotal> Holds { get; } = [];

    /// <summary>Since when leases are in force; null for one that is not.</summary>
    public Dictionary<string, DateTimeOffset?> Leases { get; } = new(StringComparer.Ordinal);

    /// <summary>The lease that was prolonged last, and when.</summary>
    public (LeaseTerm Term, DateTimeOffset At)? LeaseKept { get; set; }

    public Dictionary<string, Limits?> Limits { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, Customer> Customers { get; } = new(StringComparer.Ordinal);

    /// <summary>Requests that reserved and have no receipt yet.</summary>
    public HashSet<string> Unposted { get; } = new(StringComparer.Ordinal);

    public long? TermsVersion { get; set; }

    public bool? HasCredits { get; set; }

    public long? LastEntry { get; set; }

    public LedgerZone? Zone { get; set; }

    /// <summary>The last period that is closing or closed, once it was read.</summary>
    public PeriodMark? LastPeriod { get; set; }

    public bool IsLastPeriodRead { get; set; }

    public bool IsSmall =>
        Accounts.Count + KeyHeads.Count + Budgets.Count + Holds.Count + Limits.Count + Customers.Count + Unposted.Count <= MostItems;
}
