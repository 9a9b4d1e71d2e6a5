using System.Globalization;

namespace Ayni.Ledger;

/// <summary>A subscriber's month: the plan that holds in it and its fee.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Fee">What the month's subscription costs.</param>
/// <param name="Explanation">How the fee was found, in a sentence.</param>
internal sealed record SubscribedMonth(PricePlan Plan, Amount Fee, string Explanation)
{
    /// <summary>
    /// The fee of a month. In the one in which the subscription began, a plan that prorates by days charges the part of the days left, the
    /// first among them, rounded once, half to even.
    /// </summary>
    public static SubscribedMonth Of(Subscription subscription, PricePlan plan, Period month, LedgerZone zone)
    {
        var whole = new SubscribedMonth(plan, plan.Fee, $"The month's subscription to {plan.Name} is {plan.Fee}.");
        var first = zone.DayOf(subscription.Created);
        var isFirst = subscription.First == month && zone.PeriodOf(subscription.Created) == month;
        if (plan.Rules.Proration == Proration.None || !isFirst || first.Day == 1)
            return whole;
        var days = DateTime.DaysInMonth(month.Year, month.Month);
        var left = days - first.Day + 1;
        var charge = new ExactCharge(plan.Currency);
        charge.AddOf(plan.Fee, left, days);
        var fee = charge.Round();
        return new(plan, fee, string.Create(
            CultureInfo.InvariantCulture, $"The month's subscription to {plan.Name} is {plan.Fee}, for {left} of its {days} days {fee}."));
    }
}
