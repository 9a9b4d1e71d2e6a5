using System.Globalization;
using System.Text;

namespace Ayni.Host;

/// <summary>
/// Prometheus's text format, version 0.0.4 (prometheus.io, "Exposition formats"): per name a description, a type and its samples, a line
/// each.
/// </summary>
internal sealed class ExpositionWriter
{
    /// <summary>The media type.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <summary>Labels as they stand between braces.</summary>
    public static string Labels(IEnumerable<KeyValuePair<string, object?>>? first, ReadOnlySpan<KeyValuePair<string, object?>> then)
    {
        var labels = new List<string>();
        foreach (var (name, value) in (KeyValuePair<string, object?>[])[.. first ?? [], .. then])
        {
            var text = Escape(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
            labels.Add($"{name}=\"{text.Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        }
        return string.Join(',', labels);
    }

    /// <summary>Begins a name.</summary>
    public void Describe(string name, string type, string? description)
    {
        _text.Append("# HELP ").Append(name).Append(' ').Append(Escape(description ?? "")).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    /// <summary>A sample.</summary>
    public void Write(string name, string labels, double value)
    {
        _text.Append(name);
        if (labels.Length > 0)
            _text.Append('{').Append(labels).Append('}');
        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    /// <summary>A histogram's samples: how many values are at most as large as each bound, and their sum and count.</summary>
    public void WriteHistogram(string name, string labels, HistogramSeries histogram)
    {
        var separator = labels.Length > 0 ? "," : "";
        long count = 0;
        for (var bucket = 0; bucket < histogram.Bounds.Length; bucket++)
        {
            count += histogram.CountIn(bucket);
            Write(name + "_bucket", $"{labels}{separator}le=\"{Bound(histogram.Bounds[bucket])}\"", count);
        }
        // Counted from the buckets: a value recorded meanwhile is then in both lines or in neither.
        count += histogram.CountIn(histogram.Bounds.Length);
        Write(name + "_bucket", $"{labels}{separator}le=\"+Inf\"", count);
        Write(name + "_sum", labels, histogram.Sum);
        Write(name + "_count", labels, count);
    }

    public override string ToString() => _text.ToString();

    private static string Escape(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    /// <summary>As vLLM's own client writes it: always with a fraction, since queries name bounds by their text.</summary>
    private static string Bound(double bound)
    {
        var text = Number(bound);
        return double.IsInteger(bound) && !text.Contains('E', StringComparison.Ordinal) ? text + ".0" : text;
    }
}
