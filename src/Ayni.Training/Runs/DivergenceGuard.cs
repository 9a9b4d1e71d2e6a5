using System.Globalization;

namespace Ayni.Training;

/// <summary>Notices when a training goes wrong: a loss that is no number, or whose running mean is far above the lowest it had.</summary>
internal sealed class DivergenceGuard
{
    private const double Kept = 0.9;
    // Half as much again and a nat: noise of single batches stays far below, a model that forgets everything goes beyond.
    private const double Factor = 1.5;
    private const double Margin = 1;

    /// <summary>The running mean of the loss; null before the first step.</summary>
    public double? Smoothed { get; set; }

    /// <summary>The lowest running mean; null before the first step.</summary>
    public double? Lowest { get; set; }

    /// <summary>Takes a step's result.</summary>
    /// <exception cref="DivergenceException">The training has diverged.</exception>
    public void Check(long step, StepResult result, long? checkpointStep)
    {
        if (!double.IsFinite(result.Loss) || !double.IsFinite(result.GradientNorm))
            throw Diverged(step, checkpointStep, $"the loss is {result.Loss} and the gradient's norm {result.GradientNorm}");
        Smoothed = Smoothed is { } mean ? Kept * mean + (1 - Kept) * result.Loss : result.Loss;
        Lowest = Math.Min(Lowest ?? double.PositiveInfinity, Smoothed.Value);
        if (Smoothed > Factor * Lowest + Margin)
            throw Diverged(step, checkpointStep, $"the mean loss rose from {Lowest:F3} to {Smoothed:F3}");
    }

    /// <summary>Takes the loss on what is kept for validation.</summary>
    /// <exception cref="DivergenceException">It is no number.</exception>
    public static void CheckValidation(long step, double? loss, long? checkpointStep)
    {
        if (loss is { } value && !double.IsFinite(value))
            throw Diverged(step, checkpointStep, $"the loss on what it never learned is {value}");
    }

    private static DivergenceException Diverged(long step, long? checkpointStep, FormattableString what)
    {
        var kept = checkpointStep is { } good
            ? string.Create(CultureInfo.InvariantCulture, $"the checkpoint of step {good} is kept") : "there is no checkpoint yet";
        return new DivergenceException(
            string.Create(CultureInfo.InvariantCulture, $"step {step}: the training diverged: ")
            + what.ToString(CultureInfo.InvariantCulture)
            + $"; {kept}; try a lower learning rate, a longer warm-up or stronger clipping in another run (--out).");
    }
}
