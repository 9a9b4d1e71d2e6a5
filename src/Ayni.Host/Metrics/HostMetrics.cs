using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Ayni.Host;

/// <summary>
/// What a host counts beside its engine: answers, receipts, its process. Money is in the ledger and not here. Safe for use by many threads.
/// </summary>
internal sealed class HostMetrics
{
    private const int StatusCount = 600;

    private readonly long[] _responses = new long[StatusCount];
    private readonly long[] _receipts = new long[Enum.GetValues<Outcome>().Length];
    private readonly double _started;
    private long _oldestUnsigned;

    public HostMetrics(IMeterFactory meters)
    {
        using (var process = Process.GetCurrentProcess())
            _started = (process.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;
        var meter = meters.Create("Ayni.Host");
        meter.CreateObservableCounter("ayni.http_responses", Responses, "{response}", "Answers to requests, by HTTP status.");
        meter.CreateObservableCounter("ayni.receipts", Receipts, "{receipt}", "Receipts posted, by outcome.");
        meter.CreateObservableGauge(
            "ayni.oldest_unsigned_receipt_seconds", OldestUnsigned, "s", "How long ago the oldest receipt was posted that is not signed yet.");
        meter.CreateObservableGauge(
            "ayni.managed_memory_bytes", () => GC.GetTotalMemory(forceFullCollection: false), "By", "Memory of managed objects.");
        meter.CreateObservableGauge(
            "process.resident_memory_bytes", () => Environment.WorkingSet, "By", "Resident memory of the process.");
        meter.CreateObservableCounter(
            "process.cpu_seconds", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "Processor time of the process, user and system.");
        meter.CreateObservableGauge("process.start_time_seconds", () => _started, "s", "When the process started, in seconds since 1970.");
    }

    /// <summary>A request was answered.</summary>
    public void NoteResponse(int status)
    {
        if (status is >= 0 and < StatusCount)
            Interlocked.Increment(ref _responses[status]);
    }

    /// <summary>A receipt was posted.</summary>
    public void NoteReceipt(Outcome outcome) => Interlocked.Increment(ref _receipts[(int)outcome]);

    /// <summary>When the oldest receipt was posted that is not signed; null if all are.</summary>
    public void NoteOldestUnsigned(DateTimeOffset? posted) => Volatile.Write(ref _oldestUnsigned, posted?.UtcTicks ?? 0);

    private double OldestUnsigned() => Volatile.Read(ref _oldestUnsigned) is > 0 and var posted
        ? Math.Max(0, (DateTimeOffset.UtcNow.UtcTicks - posted) / (double)TimeSpan.TicksPerSecond)
        : 0;

    private IEnumerable<Measurement<long>> Responses()
    {
        for (var status = 0; status < StatusCount; status++)
        {
            if (Volatile.Read(ref _responses[status]) is > 0 and var count)
                yield return new(count, new KeyValuePair<string, object?>("status", status));
        }
    }

    private IEnumerable<Measurement<long>> Receipts()
    {
        foreach (var outcome in Enum.GetValues<Outcome>())
        {
            var name = outcome == Outcome.Completed ? "completed" : "cancelled";
            yield return new(Volatile.Read(ref _receipts[(int)outcome]), new KeyValuePair<string, object?>("outcome", name));
        }
    }
}
