namespace Ayni.Ledger;

/// <summary>What a meter elsewhere says was used: another engine's request, told to the ledger afterwards.</summary>
/// <param name="Id">The event's own id with the meter, up to <see cref="LongestId"/> characters; told twice it is recorded once.</param>
/// <param name="KeyId">The customer's key under which it was used.</param>
/// <param name="Model">The model's name.</param>
/// <param name="At">When the request began; this decides price, agreement and period.</param>
/// <param name="Counts">Tokens.</param>
/// <param name="ModelDigest">The SHA-256 of the model's file; zero if it isn't known.</param>
/// <param name="Adapter">The adapter used, if any.</param>
/// <param name="Outcome">How it ended.</param>
public sealed record UsageEvent(
    string Id, string KeyId, string Model, DateTimeOffset At, TokenCounts Counts, Digest ModelDigest = default,
    AdapterReference? Adapter = null, Outcome Outcome = Outcome.Completed)
{
    /// <summary>UTF-16 units of the longest id.</summary>
    public const int LongestId = 128;

    /// <summary>Events that may be told at once.</summary>
    public const int LargestBatch = 1000;

    /// <summary>How old an event may be when it is told.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromDays(35);

    /// <summary>How far a meter's clock may be ahead.</summary>
    public static readonly TimeSpan LongestLead = TimeSpan.FromMinutes(5);
}

/// <summary>What became of one event.</summary>
/// <param name="Event">The event.</param>
/// <param name="Receipt">Its receipt; null if it was refused.</param>
/// <param name="IsNew">Whether it was recorded now, and not when it was told before.</param>
/// <param name="Refused">Why it was refused; null if it wasn't.</param>
public sealed record RecordedUsage(UsageEvent Event, Receipt? Receipt, bool IsNew, LedgerRefusedException? Refused);
