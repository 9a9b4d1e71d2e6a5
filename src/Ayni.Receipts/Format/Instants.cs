namespace Ayni.Receipts;

/// <summary>Instants as whole microseconds since 1970.</summary>
internal static class Instants
{
    /// <summary>Microseconds since 1970.</summary>
    public static long Microseconds(this DateTimeOffset instant) =>
        (instant.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The instant so many microseconds after 1970 began.</summary>
    public static DateTimeOffset FromMicroseconds(long microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    /// <summary>The instant in whole microseconds, as columns and canonical bytes hold it.</summary>
    public static DateTimeOffset ToWholeMicroseconds(this DateTimeOffset instant) => FromMicroseconds(instant.Microseconds());
}
