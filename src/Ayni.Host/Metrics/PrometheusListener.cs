using System.Diagnostics.Metrics;

namespace Ayni.Host;

/// <summary>
/// Keeps what one host's instruments measure, for Prometheus to fetch: those whose meter comes from the host's own factory and bears Ayni's
/// name.
/// It understands what Ayni has: histograms with their own buckets and without tags, and observable counters and gauges.
/// </summary>
internal sealed class PrometheusListener : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly List<(Instrument Instrument, HistogramSeries? Histogram)> _instruments = [];

    // What observable instruments said, while they are asked.
    private readonly List<(Instrument Instrument, double Value, string Labels)> _observed = [];

    public PrometheusListener(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == meters && instrument.Meter.Name.StartsWith("Ayni.", StringComparison.Ordinal))
                Listen(instrument, listener);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, state) => Take(instrument, value, tags, state));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, state) => Take(instrument, value, tags, state));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, state) => Take(instrument, value, tags, state));
        _listener.Start();
    }

    /// <summary>Everything measured so far, in Prometheus's text format.</summary>
    public string Write()
    {
        lock (_lock)
        {
            _observed.Clear();
            _listener.RecordObservableInstruments();
            var text = new ExpositionWriter();
            foreach (var (instrument, histogram) in _instruments)
            {
                if (histogram is not null)
                {
                    text.Describe(NameOf(instrument), "histogram", instrument.Description);
                    text.WriteHistogram(NameOf(instrument), ExpositionWriter.Labels(instrument.Meter.Tags, []), histogram);
                    continue;
                }
                var isCounter = IsCounter(instrument);
                var name = NameOf(instrument) + (isCounter ? "_total" : "");
                text.Describe(name, isCounter ? "counter" : "gauge", instrument.Description);
                foreach (var (_, value, labels) in _observed.Where(observed => observed.Instrument == instrument))
                    text.Write(name, labels, value);
            }
            return text.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>The part before the first dot is who defined the name: vLLM separates it by a colon.</summary>
    private static string NameOf(Instrument instrument)
    {
        var parts = instrument.Name.Split('.', 2);
        return parts[0] + (parts[0] == "vllm" ? ":" : "_") + parts[1];
    }

    private static bool IsCounter(Instrument instrument) => instrument is ObservableCounter<long> or ObservableCounter<double>;

    private void Listen(Instrument instrument, MeterListener listener)
    {
        var histogram = instrument switch
        {
            Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => new HistogramSeries([.. bounds]),
            Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } =>
                new HistogramSeries([.. bounds.Select(bound => (double)bound)]),
            _ => null,
        };
        if (histogram is null && !instrument.IsObservable)
            return;
        lock (_lock)
            _instruments.Add((instrument, histogram));
        listener.EnableMeasurementEvents(instrument, histogram);
    }

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        if (state is HistogramSeries histogram)
            histogram.Record(value);
        else
            _observed.Add((instrument, value, ExpositionWriter.Labels(instrument.Meter.Tags, tags)));
    }
}
