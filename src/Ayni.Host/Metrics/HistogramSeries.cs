namespace Ayni.Host;

/// <summary>How often each size was recorded. Recording takes no lock and no memory; safe for use by many threads.</summary>
/// <param name="bounds">The largest value of each bucket but the last, which takes the rest; ascending.</param>
internal sealed class HistogramSeries(double[] bounds)
{
    private readonly long[] _counts = new long[bounds.Length + 1];
    private double _sum;

    /// <summary>The largest value of each bucket but the last.</summary>
    public ReadOnlySpan<double> Bounds => bounds;

    /// <summary>The sum of all values.</summary>
    public double Sum => Volatile.Read(ref _sum);

    /// <summary>Values so far in one bucket.</summary>
    public long CountIn(int bucket) => Volatile.Read(ref _counts[bucket]);

    public void Record(double value)
    {
        var bucket = Array.BinarySearch(bounds, value);
        Interlocked.Increment(ref _counts[bucket < 0 ? ~bucket : bucket]);
        double before;
        do
            before = Volatile.Read(ref _sum);
        while (Interlocked.CompareExchange(ref _sum, before + value, before) != before);
    }
}
