using System.Diagnostics;
using System.Globalization;
using Ayni.Training;

namespace Ayni.Cli;

/// <summary>
/// Shows how a training goes: on a terminal one line that is written over, and a line that stays for each validation; elsewhere plain
/// lines, one every few seconds.
/// </summary>
internal sealed class TrainingView(TextWriter output, bool isTerminal) : IProgress<TrainingProgress>, IDisposable
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
        if (!stays && _sinceShown.IsRunning && _sinceShown.Elapsed < (isTerminal ? TerminalInterval : PlainInterval))
            return;
        _sinceShown.Restart();
        var line = Line(value);
        if (!isTerminal)
        {
            output.WriteLine(line);
            output.Flush();
            return;
        }
        output.Write($"\r{line.PadRight(_shownWidth)}{(stays ? "\n" : "")}");
        output.Flush();
        _shownWidth = stays ? 0 : line.Length;
    }

    /// <summary>Ends the line that is written over.</summary>
    public void Dispose()
    {
        if (_shownWidth > 0)
            output.WriteLine();
    }

    private string Line(TrainingProgress value) => string.Create(
        CultureInfo.InvariantCulture,
        $"step {value.Step}/{value.Steps}  loss {value.Loss:F4}")
        + (_validationLoss is { } validation ? string.Create(CultureInfo.InvariantCulture, $"  validation {validation:F4}") : "")
        + string.Create(
            CultureInfo.InvariantCulture,
            $"  gradient {value.GradientNorm:F3}  {value.TokensPerSecond:F0} tokens/s  {Duration(value.TimeLeft)} left");

    private static string Duration(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:D2}:{time.Seconds:D2}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:D2}");
}
