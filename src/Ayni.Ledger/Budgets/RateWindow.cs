namespace Ayni.Ledger;

/// <summary>
/// What was let in within the last minute, second by second, within a transaction. A second counts in full until sixty more have passed,
/// so that no sixty seconds, wherever they begin, have more than the limit.
/// </summary>
internal sealed class RateWindow
{
    /// <summary>How long a second counts after it began.</summary>
    private const int Seconds = 61;

    private readonly SortedDictionary<long, (long Requests, long Tokens)> _seconds;
    private readonly HashSet<long> _changed = [];

    /// <param name="seconds">The seconds since 1970 that may still count.</param>
    public RateWindow(SortedDictionary<long, (long Requests, long Tokens)> seconds) => _seconds = seconds;

    /// <summary>The seconds that changed, with what they have come to.</summary>
    public IEnumerable<(long Second, long Requests, long Tokens)> Changed =>
        _changed.Select(second => (second, _seconds[second].Requests, _seconds[second].Tokens));

    /// <summary>The first second that counts at an instant.</summary>
    public static long FirstAt(DateTimeOffset now) => now.ToUnixTimeSeconds() - Seconds + 1;

    /// <summary>Requests and tokens that count at an instant.</summary>
    public (long Requests, long Tokens) At(DateTimeOffset now)
    {
        var first = FirstAt(now);
        var (requests, tokens) = (0L, 0L);
        foreach (var (second, count) in _seconds)
        {
            if (second >= first)
                (requests, tokens) = (requests + count.Requests, tokens + count.Tokens);
        }
        return (requests, tokens);
    }

    /// <summary>Adds to a second, or takes from it.</summary>
    public void Add(long second, long requests, long tokens)
    {
        var count = _seconds.GetValueOrDefault(second);
        _seconds[second] = (count.Requests + requests, count.Tokens + tokens);
        _changed.Add(second);
    }

    /// <summary>How long it takes from an instant until so much counts no more.</summary>
    public TimeSpan TimeUntilFree(DateTimeOffset now, long requests, long tokens)
    {
        var free = now;
        foreach (var (second, count) in _seconds)
        {
            if (requests <= 0 && tokens <= 0)
                break;
            if (second < FirstAt(now))
                continue;
            (requests, tokens) = (requests - count.Requests, tokens - count.Tokens);
            free = DateTimeOffset.FromUnixTimeSeconds(second + Seconds);
        }
        return free - now;
    }
}
