using System.Globalization;

namespace Ayni.Ledger;

/// <summary>What a limited key, customer or app spent in a span of time; within a transaction.</summary>
internal sealed class BudgetTotal(Amount spent)
{
    private Amount _spent = spent;

    /// <summary>What was charged.</summary>
    public Amount Spent
    {
        get => _spent;
        set => (_spent, IsChanged) = (value, true);
    }

    /// <summary>Whether it is still to be written.</summary>
    public bool IsChanged { get; set; }
}

/// <summary>The names of spans of time that money is limited in.</summary>
internal static class BudgetSpan
{
    /// <summary>Without end, for what a customer owes.</summary>
    public const string Ever = "ever";

    public static string Of(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static string Of(Period month) => month.ToString();
}
