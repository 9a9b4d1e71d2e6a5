namespace Ayni.Ledger;

/// <summary>
/// What customers paid for a model's use, with its evidence: the base of shares that count revenue when it is collected. It moves no money
/// of its own; the payment's entry does.
/// </summary>
/// <param name="EvidenceId">
/// What proves it: the invoice that was paid, the credit that was used, or the payment's own number. Unique with its model and app, unless
/// it says <paramref name="Of"/> what it is.
/// </param>
/// <param name="Period">The month it counts in: that of the payment, or the first after it that was open when it was recorded.</param>
/// <param name="Model">The model that was paid for.</param>
/// <param name="AppId">The app that was paid for; null for every app and none in proportion, or for none.</param>
/// <param name="Amount">How much, without taxes on top. Negative takes an earlier one back.</param>
/// <param name="IsOfNoApp">Whether, without an app, it was for what came from none.</param>
/// <param name="Of">What revenue was paid, where it was found from invoices and payments; null where it was recorded.</param>
public sealed record CollectedRevenue(
    string EvidenceId, Period Period, string Model, string? AppId, Amount Amount, bool IsOfNoApp = false, RevenueGroup? Of = null)
{
    /// <summary>What it is in.</summary>
    public Currency Currency => Amount.Currency;

    /// <summary>What was found to be paid of some revenue.</summary>
    internal static CollectedRevenue Found(string evidenceId, Period period, RevenueGroup of, Amount amount) =>
        new(evidenceId, period, of.Model, of.AppId, amount, of.AppId is null, of);
}
