using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary>What the entries of one month moved on each account.</summary>
internal static class PeriodBalances
{
    public static IReadOnlyList<Balance> Of(Books books, Period period, string? partyId)
    {
        var prefix = partyId is null ? "" : $"party:{partyId}:";
        var balances = new SortedDictionary<string, Balance>(StringComparer.Ordinal);
        for (long? after = 0; after is { } start;)
        {
            var page = books.ListEntries(period, start, ReceiptQuery.LongestPage);
            foreach (var posting in page.Entries.SelectMany(entry => entry.Postings))
            {
                if (posting.Account.Name.StartsWith(prefix, StringComparison.Ordinal))
                    Add(balances, posting);
            }
            after = page.Next;
        }
        return [.. balances.Values];
    }

    private static void Add(SortedDictionary<string, Balance> balances, Posting posting)
    {
        var key = $"{posting.Account} {posting.Currency}";
        var zero = Amount.Zero(posting.Currency);
        var balance = balances.GetValueOrDefault(key, new(posting.Account, zero, zero));
        balances[key] = posting.Amount.Sign >= 0
            ? balance with { Debits = balance.Debits + posting.Amount }
            : balance with { Credits = balance.Credits - posting.Amount };
    }
}
