namespace Ayni.Training;

/// <summary>
/// The loss of direct preference optimization (Rafailov et al. 2023, arXiv:2305.18290) for one pair of answers:
/// <c>−log σ(β · ((log π(chosen) − log ρ(chosen)) − (log π(rejected) − log ρ(rejected))))</c>, where ρ is the model before it was tuned.
/// </summary>
internal static class PreferenceLoss
{
    /// <summary>Computes the loss and how it follows the answers' losses.</summary>
    /// <param name="chosen">The sum of the chosen answer's token losses, in nats.</param>
    /// <param name="rejected">The same of the rejected answer.</param>
    /// <param name="chosenBefore">The same of the chosen answer in the model before it was tuned.</param>
    /// <param name="rejectedBefore">The same of the rejected answer.</param>
    /// <param name="beta">How much an answer's gain counts.</param>
    /// <returns>The loss in nats, and its derivative by <paramref name="chosen"/>, which is that by <paramref name="rejected"/> with the
    /// other sign.</returns>
    public static (double Loss, double Slope) Of(
        double chosen, double rejected, double chosenBefore, double rejectedBefore, double beta)
    {
        var margin = beta * ((chosenBefore - chosen) - (rejectedBefore - rejected));
        // log(1 + e^-m) without overflow.
        var loss = Math.Max(0, -margin) + double.LogP1(Math.Exp(-Math.Abs(margin)));
        return (loss, beta / (1 + Math.Exp(margin)));
    }
}
