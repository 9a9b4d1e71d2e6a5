using System.Globalization;
using System.Text.RegularExpressions;

namespace Ayni.Tests;

/// <summary>One sample: its name, its labels and its value.</summary>
internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>What is said under one name.</summary>
internal sealed record MetricFamily(string Name, string Type, string Help, IReadOnlyList<Sample> Samples);

/// <summary>
/// Prometheus's text format 0.0.4, read more strictly than Prometheus does: what the format only recommends is required here. Throws
/// <see cref="FormatException"/>.
/// </summary>
internal sealed partial class Exposition
{
    private readonly Dictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);

    public IReadOnlyCollection<MetricFamily> Families => _families.Values;

    public MetricFamily this[string name] =>
        _families.TryGetValue(name, out var family) ? family : throw new FormatException($"There is no {name}.");

    public bool Has(string name) => _families.ContainsKey(name);

    /// <summary>The value of the only sample of a name with these labels, among others it may have.</summary>
    public double Value(string name, params (string Name, string Value)[] labels)
    {
        var family = _families.Values.First(family => family.Samples.Any(sample => sample.Name == name));
        return family.Samples.Single(sample =>
            sample.Name == name && labels.All(label => sample.Labels.GetValueOrDefault(label.Name) == label.Value)).Value;
    }

    /// <summary>The sum over all samples of a name; 0 where there is none.</summary>
    public double Sum(string name) => _families.TryGetValue(name, out var family) ? family.Samples.Sum(sample => sample.Value) : 0;

    public static Exposition Parse(string text)
    {
        if (text.Length > 0 && text[^1] != '\n')
            throw new FormatException("The last line does not end.");
        var exposition = new Exposition();
        var lines = text.Split('\n')[..^1];
        for (var i = 0; i < lines.Length;)
        {
            var help = HelpLine().Match(lines[i]);
            var type = i + 1 < lines.Length ? TypeLine().Match(lines[i + 1]) : Match.Empty;
            if (!help.Success || !type.Success || help.Groups[1].Value != type.Groups[1].Value)
                throw new FormatException($"Expected a description and a type, not: {lines[i]}");
            var samples = new List<Sample>();
            for (i += 2; i < lines.Length && !lines[i].StartsWith('#'); i++)
                samples.Add(ParseSample(lines[i]));
            var family = new MetricFamily(help.Groups[1].Value, type.Groups[2].Value, Unescape(help.Groups[2].Value, "\\n"), samples);
            Check(family);
            if (!exposition._families.TryAdd(family.Name, family))
                throw new FormatException($"{family.Name} occurs twice.");
        }
        return exposition;
    }

    private static Sample ParseSample(string line)
    {
        var match = SampleLine().Match(line);
        if (!match.Success)
            throw new FormatException($"Not a sample: {line}");
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < match.Groups["label"].Captures.Count; i++)
        {
            var name = match.Groups["label"].Captures[i].Value;
            if (!labels.TryAdd(name, Unescape(match.Groups["value"].Captures[i].Value, "\\n\"")))
                throw new FormatException($"The label {name} occurs twice: {line}");
        }
        return new(match.Groups["name"].Value, labels, ParseNumber(match.Groups["number"].Value));
    }

    private static double ParseNumber(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    /// <summary>Only these characters may follow a backslash.</summary>
    private static string Unescape(string text, string allowed)
    {
        var result = new System.Text.StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                result.Append(text[i]);
                continue;
            }
            if (++i == text.Length || !allowed.Contains(text[i], StringComparison.Ordinal))
                throw new FormatException($"A wrong escape in: {text}");
            result.Append(text[i] == 'n' ? '\n' : text[i]);
        }
        return result.ToString();
    }

    private static void Check(MetricFamily family)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var sample in family.Samples)
        {
            var labels = sample.Labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"\0{label.Key}\0{label.Value}");
            if (!seen.Add(sample.Name + string.Concat(labels)))
                throw new FormatException($"{sample.Name} has the same labels twice.");
            if (sample.Name != family.Name && !(family.Type == "histogram" && HistogramParts.Contains(sample.Name[family.Name.Length..])))
                throw new FormatException($"{sample.Name} stands under {family.Name}.");
        }
        var isTotal = family.Name.EndsWith("_total", StringComparison.Ordinal) && family.Samples.All(sample => sample.Value >= 0);
        if (family.Type == "counter" && !isTotal)
            throw new FormatException($"{family.Name} is no counter.");
        if (family.Type == "histogram")
            CheckHistogram(family);
    }

    private static readonly string[] HistogramParts = ["_bucket", "_sum", "_count"];

    private static void CheckHistogram(MetricFamily family)
    {
        var buckets = family.Samples.Where(sample => sample.Name == family.Name + "_bucket").ToList();
        var bounds = buckets.ConvertAll(bucket => ParseNumber(bucket.Labels["le"]));
        for (var i = 1; i < buckets.Count; i++)
        {
            if (!(bounds[i] > bounds[i - 1]) || buckets[i].Value < buckets[i - 1].Value)
                throw new FormatException($"{family.Name}'s buckets do not grow.");
        }
        var count = family.Samples.Single(sample => sample.Name == family.Name + "_count").Value;
        _ = family.Samples.Single(sample => sample.Name == family.Name + "_sum");
        if (!double.IsPositiveInfinity(bounds[^1]) || buckets[^1].Value != count)
            throw new FormatException($"{family.Name}'s last bucket does not hold everything.");
    }

    [GeneratedRegex(@"^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ([^\r]+)$")]
    private static partial Regex HelpLine();

    [GeneratedRegex("^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex(
        """^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{((?<label>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>([^"\\]|\\.)*)"(,(?!\})|(?=\})))+\})? (?<number>[+-]Inf|NaN|-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?)$""",
        RegexOptions.ExplicitCapture)]
    private static partial Regex SampleLine();
}
