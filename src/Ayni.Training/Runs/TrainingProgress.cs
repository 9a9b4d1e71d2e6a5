namespace Ayni.Training;

/// <summary>How a run goes, after a step.</summary>
/// <param name="Step">Steps made.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Loss">The step's mean loss, in nats.</param>
/// <param name="ValidationLoss">The mean loss on what was kept for validation, where this step measured it.</param>
/// <param name="GradientNorm">The length of all gradients, before clipping.</param>
/// <param name="Rate">The learning rate.</param>
/// <param name="Tokens">Tokens seen in all.</param>
/// <param name="TokensPerSecond">Tokens a second since this process began.</param>
/// <param name="TimeLeft">About how long the rest takes.</param>
public sealed record TrainingProgress(
    long Step, long Steps, double Loss, double? ValidationLoss, double GradientNorm, double Rate, long Tokens, double TokensPerSecond,
    TimeSpan TimeLeft);
