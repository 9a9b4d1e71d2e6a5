using System.Text.Json;

namespace Ayni.Training;

/// <summary>A run's <c>metrics.jsonl</c>: a line a step.</summary>
internal sealed class MetricsFile : IDisposable
{
    private readonly FileStream _stream;

    private MetricsFile(FileStream stream) => _stream = stream;

    /// <summary>Opens the file and takes away what comes after a step: it will be computed again.</summary>
    public static MetricsFile Continue(string path, long step)
    {
        var kept = File.Exists(path)
            ? File.ReadLines(path).Where(line => Read(line) is { } point && point.Step <= step).ToArray() : [];
        var partial = path + ".partial";
        File.WriteAllText(partial, string.Concat(kept.Select(line => line + "\n")));
        File.Move(partial, path, overwrite: true);
        return new MetricsFile(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read));
    }

    /// <summary>All steps of a file.</summary>
    public static IReadOnlyList<MetricsPoint> ReadAll(string path)
    {
        // While it is written.
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        var points = new List<MetricsPoint>();
        while (reader.ReadLine() is { } line)
        {
            if (Read(line) is { } point)
                points.Add(point);
        }
        return points;
    }

    /// <summary>Adds a line.</summary>
    public void Add(TrainingProgress progress)
    {
        using (var writer = new Utf8JsonWriter(_stream))
        {
            writer.WriteStartObject();
            writer.WriteNumber("step", progress.Step);
            writer.WriteNumber("loss", progress.Loss);
            if (progress.ValidationLoss is { } validation)
                writer.WriteNumber("validation_loss", validation);
            writer.WriteNumber("gradient_norm", progress.GradientNorm);
            writer.WriteNumber("rate", progress.Rate);
            writer.WriteNumber("tokens", progress.Tokens);
            writer.WriteNumber("tokens_per_second", Math.Round(progress.TokensPerSecond, 1));
            writer.WriteEndObject();
        }
        _stream.WriteByte((byte)'\n');
        _stream.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    /// <summary>A line's numbers; null for one that a sudden end left unfinished.</summary>
    private static MetricsPoint? Read(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            return new MetricsPoint(
                root.GetProperty("step").GetInt64(), root.GetProperty("loss").GetDouble(),
                root.TryGetProperty("validation_loss", out var validation) ? validation.GetDouble() : null);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}

/// <summary>A step's losses.</summary>
internal sealed record MetricsPoint(long Step, double Loss, double? ValidationLoss);
