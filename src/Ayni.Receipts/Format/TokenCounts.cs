namespace Ayni.Receipts;

/// <summary>What one request used, in tokens; the counts are disjoint.</summary>
/// <param name="Prompt">Prompt tokens that were computed.</param>
/// <param name="Cached">Prompt tokens found in the cache.</param>
/// <param name="Generated">Tokens generated, up to the cancelling step if it was cancelled.</param>
/// <param name="SpeculativeRejected">Drafted tokens that were not accepted; never charged.</param>
public readonly record struct TokenCounts(long Prompt, long Cached, long Generated, long SpeculativeRejected = 0)
{
    /// <summary>The largest count that is believed, a billion tokens in one request.</summary>
    public const long Largest = 1_000_000_000;

    /// <summary>Whether every count lies between 0 and <see cref="Largest"/>.</summary>
    internal bool AreValid => IsValid(Prompt) && IsValid(Cached) && IsValid(Generated) && IsValid(SpeculativeRejected);

    /// <summary>The sums of each kind; checked.</summary>
    public static TokenCounts operator +(TokenCounts left, TokenCounts right) => checked(new(
        left.Prompt + right.Prompt,
        left.Cached + right.Cached,
        left.Generated + right.Generated,
        left.SpeculativeRejected + right.SpeculativeRejected));

    private static bool IsValid(long count) => count is >= 0 and <= Largest;
}
