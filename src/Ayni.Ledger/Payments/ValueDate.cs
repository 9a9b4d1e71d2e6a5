namespace Ayni.Ledger;

/// <summary>The day a bank books money on, as somebody writes it down.</summary>
internal static class ValueDate
{
    private const int MostDaysAhead = 31, MostYearsBack = 10;

    /// <summary>
    /// Whether a bank may have booked on a day: not more than a month ahead or ten years back, where only slips of the hand are.
    /// </summary>
    public static bool IsPlausible(Transaction transaction, DateOnly day) =>
        day <= transaction.Today.AddDays(MostDaysAhead) && day >= transaction.Today.AddYears(-MostYearsBack);

    /// <summary>Refuses a day on which no bank has booked.</summary>
    public static void Demand(Transaction transaction, DateOnly day)
    {
        if (!IsPlausible(transaction, day))
            throw new LedgerRefusedException(
                Refusal.InvalidPayment, $"{day.Text()} lies more than {MostDaysAhead} days ahead or {MostYearsBack} years back: no bank has booked money then.");
    }
}
