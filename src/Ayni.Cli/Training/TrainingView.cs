using System.Diagnostics;
using System.Globalization;
using Ayni.Training;

namespace Ayni.Cli;

/// <summary>
/// Shows how a training goes: on a terminal one line that is written over, and a line that stays for each validation; elsewhere plain
/// lines, one every few seconds.
/// </summary>
/// <param name="output">Where to.</param>
/// <param name="columns">How wide the terminal is, in characters; null where there is none.</param>
internal sealed class TrainingView(TextWriter output, Func<int>? columns) : IProgress<TrainingProgress>, IDisposable
{
    private static readonly TimeSpan TerminalInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(5);

    private readonly Stopwatch _sinceShown = new();
    private double? _validationLoss;
    private int _shownWidth;

    public void Report(TrainingProgress value)
    {
        _validationLoss = value.ValidationLoss ?? _validationLoss;
        var stays = value.ValidationLoss is not null || value.Step == value.Steps;
        if (!stays && _sinceShown.IsRunning && _sinceShown.Elapsed < (columns is null ? PlainInterval : TerminalInterval))
            return;
        _sinceShown.Restart();
        var line = Line(value, "step ", "validation", "gradient", "tokens/s");
        if (columns is null)
        {
            output.WriteLine(line);
            output.Flush();
            return;
        }
        // What is wider than the terminal would go on in the next line, and not be written over.
        var widest = columns() - 1;
        if (line.Length > widest)
            line = Line(value, "", "val", "grad", "tok/s");
        if (line.Length > widest && widest > 0)
            line = line[..widest];
        output.Write($"\r{line.PadRight(Math.Min(_shownWidth, Math.Max(widest, 0)))}{(stays ? "\n" : "")}");
        output.Flush();
        _shownWidth = stays ? 0 : line.Length;
    }

    /// <summary>Ends the line that is written over.</summary>
    public void Dispose()
    {
        if (_shownWidth > 0)
            output.WriteLine();
    }

    private string Line(TrainingProgress value, string step, string validation, string gradient, string pace) => string.Create(
        CultureInfo.InvariantCulture,
        $"{step}{value.Step}/{value.Steps}  loss {value.Loss:F4}")
        + (_validationLoss is { } loss ? string.Create(CultureInfo.InvariantCulture, $"  {validation} {loss:F4}") : "")
        + string.Create(
            CultureInfo.InvariantCulture,
            $"  {gradient} {value.GradientNorm:F3}  {value.TokensPerSecond:F0} {pace}  {Duration(value.TimeLeft)} left");

    private static string Duration(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:D2}:{time.Seconds:D2}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:D2}");
}
