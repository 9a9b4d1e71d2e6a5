using System.Globalization;

namespace Ayni.Ledger;

/// <summary>
/// The instants of admissions: this machine's time, never earlier than one it gave before, and none at all while it is more than
/// <see cref="LargestSkew"/> off the database's or behind its own. Thread-safe.
/// </summary>
internal sealed class AdmissionClock(TimeProvider machine)
{
    /// <summary>How far two clocks may be apart.</summary>
    public static readonly TimeSpan LargestSkew = TimeSpan.FromSeconds(2);

    private long _last;
    private long _skew;

    /// <summary>Compares this machine's time with the database's, both taken now.</summary>
    public void Compare(DateTimeOffset database) => Volatile.Write(ref _skew, machine.GetUtcNow().Microseconds() - database.Microseconds());

    /// <summary>Gives no instant before one that was given before, maybe by another run of the host.</summary>
    public void GoOnFrom(DateTimeOffset given) => Advance(given.Microseconds());

    /// <summary>The instant of an admission now, in whole microseconds; or why there is none.</summary>
    public bool TryNow(out DateTimeOffset now, out string problem)
    {
        problem = "";
        var skew = TimeSpan.FromMicroseconds(Volatile.Read(ref _skew));
        if (skew.Duration() > LargestSkew)
        {
            now = default;
            problem = string.Create(
                CultureInfo.InvariantCulture,
                $"This host's clock is {skew.Duration().TotalSeconds:0.0} s {(skew > TimeSpan.Zero ? "ahead of" : "behind")} the database's; set it right (at most {LargestSkew.TotalSeconds} s are borne).");
            return false;
        }
        var current = machine.GetUtcNow().Microseconds();
        var last = Advance(current);
        now = Instants.FromMicroseconds(Math.Max(current, last));
        if (last - current <= LargestSkew.TotalMicroseconds)
            return true;
        problem = string.Create(
            CultureInfo.InvariantCulture,
            $"This host's clock shows {Instants.FromMicroseconds(current):u} and was {Instants.FromMicroseconds(last):u} before; set it right.");
        return false;
    }

    /// <summary>Makes an instant the last one unless a later one was. Returns what was the last one before.</summary>
    private long Advance(long instant)
    {
        var last = Volatile.Read(ref _last);
        while (instant > last)
        {
            var seen = Interlocked.CompareExchange(ref _last, instant, last);
            if (seen == last)
                break;
            last = seen;
        }
        return last;
    }
}
