namespace Ayni.Bench;

/// <summary>What a run under load came to.</summary>
internal sealed record LoadReport
{
    public required int Requests { get; init; }

    public required int Clients { get; init; }

    public required int Seed { get; init; }

    public required double Seconds { get; init; }

    /// <summary>How often each kind of request ended in which way.</summary>
    public required IReadOnlyDictionary<string, int> Endings { get; init; }

    /// <summary>Answers that were not what was asked for.</summary>
    public required int ProblemCount { get; init; }

    /// <summary>The first of them.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>What should be zero after the last request and is not.</summary>
    public required IReadOnlyDictionary<string, double> Left { get; init; }

    /// <summary>Tokens generated, by the host's own count.</summary>
    public required long GeneratedTokens { get; init; }

    /// <summary>Tokens generated, by the receipts; null where nobody looked.</summary>
    public long? BilledTokens { get; init; }

    /// <summary>What the ledger's audit finds.</summary>
    public IReadOnlyList<string> AuditFindings { get; init; } = [];

    /// <summary>
    /// Whether every answer was right, nothing is left, and the ledger, if anybody looked, has billed what was generated.
    /// </summary>
    public bool IsClean =>
        ProblemCount == 0 && Left.Count == 0 && AuditFindings.Count == 0 && (BilledTokens ?? GeneratedTokens) == GeneratedTokens;

    /// <summary>From one streamed text to the next, as clients see it.</summary>
    public required Quantiles InterToken { get; init; }

    /// <summary>From a stream's request to its first text.</summary>
    public required Quantiles FirstToken { get; init; }

    /// <summary>
    /// How long <c>GET /healthz</c> took meanwhile, asked for every 10 ms: whether computing starves what else the host does.
    /// </summary>
    public required Quantiles Health { get; init; }

    /// <summary>The host's resident memory.</summary>
    public required ResidentMemory Resident { get; init; }
}

/// <summary>How long something took.</summary>
/// <param name="Count">How often it was measured.</param>
/// <param name="MedianSeconds">Half took at most this long.</param>
/// <param name="P99Seconds">99 of 100 took at most this long.</param>
/// <param name="MaxSeconds">The longest.</param>
internal sealed record Quantiles(int Count, double MedianSeconds, double P99Seconds, double MaxSeconds)
{
    public static Quantiles Of(IEnumerable<double> seconds)
    {
        double[] sorted = [.. seconds.Order()];
        return sorted.Length == 0 ? new(0, 0, 0, 0) : new(sorted.Length, At(0.5), At(0.99), sorted[^1]);

        double At(double share) => sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
    }
}

/// <summary>The host's resident memory over a run's last half.</summary>
/// <param name="MedianBytes">The median.</param>
/// <param name="Drift">The last quarter's median by that of the quarter before, less one: what grows steadily shows here.</param>
/// <param name="Deviation">The farthest that any sample lies from the median, as a share of it.</param>
/// <param name="Bytes">All samples of the run.</param>
internal sealed record ResidentMemory(long MedianBytes, double Drift, double Deviation, IReadOnlyList<long> Bytes)
{
    /// <summary>How far memory that counts as flat may be from its median, and drift.</summary>
    public const double Flat = 0.02;

    public bool IsFlat => Math.Abs(Drift) <= Flat && Deviation <= Flat;

    public static ResidentMemory Of(IEnumerable<(double Seconds, long Bytes)> samples)
    {
        long[] bytes = [.. samples.OrderBy(sample => sample.Seconds).Select(sample => sample.Bytes)];
        if (bytes.Length < 8)
            return new(0, 0, 0, bytes);
        var half = bytes[(bytes.Length / 2)..];
        var median = Median(half);
        var drift = (double)Median(half[(half.Length / 2)..]) / Math.Max(1, Median(half[..(half.Length / 2)])) - 1;
        return new(median, drift, half.Max(value => Math.Abs(value - median)) / (double)Math.Max(1, median), bytes);
    }

    private static long Median(long[] values) => values.Order().ElementAt(values.Length / 2);
}
