namespace Ayni.Ledger;

/// <summary>An account's place in the chart of accounts that exports name.</summary>
/// <param name="Code">Four digits; the first is the class: 1 assets, 2 liabilities, 4 income, 6 expenses, 9 what the chart doesn't
/// know.</param>
/// <param name="Title">What the accounts of this code hold.</param>
public sealed record AccountCode(string Code, string Title)
{
    private static readonly AccountCode Unknown = new("9999", "Unclassified");

    /// <summary>Each code with the names it covers: a whole name, or a beginning (and an end after <c>*</c>).</summary>
    private static IEnumerable<(string Pattern, AccountCode Code)> Chart =>
    [
        ("bank", new("1000", "Bank")),
        ("bank:transit", new("1010", "Payouts in transit")),
        ("customer:*:receivable", new("1200", "Trade receivables")),
        ("tax:input:*", new("1400", "Input tax")),
        ("position:*", new("1500", "Currency positions")),
        ("revenue:*", new("2000", "Revenue to be shared out")),
        ("party:*:payable", new("2100", "Payable to parties")),
        ("party:*:carry", new("2110", "Parties' earnings below a payable coin")),
        ("party:*", new("2120", "Parties' other balances")),
        ("tax:output:*", new("2200", "Output tax")),
        ("tax:withheld:*", new("2210", "Withheld tax")),
        ("deferred:*", new("2300", "Deferred revenue")),
        ("customer:*", new("2310", "Customers' other balances")),
        ("exchange:*", new("4800", "Exchange gains and losses")),
        ("rounding", new("4900", "Rounding differences")),
        ("bad-debts", new("6000", "Bad debts")),
        ("opening*", new("9000", "Opening balances")),
    ];

    /// <summary>Every code of the chart, in order.</summary>
    public static IReadOnlyList<AccountCode> All { get; } =
        [.. Chart.Select(row => row.Code).OrderBy(code => code.Code, StringComparer.Ordinal), Unknown];

    /// <summary>The code of an account; <c>9999</c> for a name the chart doesn't know.</summary>
    public static AccountCode Of(Account account) =>
        Chart.FirstOrDefault(row => Covers(row.Pattern, account.Name)).Code ?? Unknown;

    private static bool Covers(string pattern, string name) => pattern.Split('*') switch
    {
        [var whole] => name == whole,
        [var start, var end] => name.Length >= start.Length + end.Length
            && name.StartsWith(start, StringComparison.Ordinal) && name.EndsWith(end, StringComparison.Ordinal),
        _ => throw new InvalidOperationException(pattern),
    };
}
