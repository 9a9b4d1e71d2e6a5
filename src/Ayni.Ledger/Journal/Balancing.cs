namespace Ayni.Ledger;

/// <summary>An entry whose debits and credits differ: a defect of the program, never of its input. Nothing was written.</summary>
public sealed class UnbalancedEntryException(EntryKind kind, string reference, Amount excess)
    : LedgerException($"The {kind} entry for '{reference}' has {excess} more debit than credit; this is a defect, please report it.");

/// <summary>The first law of double entry.</summary>
internal static class Balancing
{
    /// <summary>Throws <see cref="UnbalancedEntryException"/> unless debits equal credits in every currency.</summary>
    public static void Demand(EntryKind kind, string reference, IReadOnlyList<Posting> postings)
    {
        foreach (var currency in postings.Select(posting => posting.Currency).Distinct())
        {
            var excess = Amount.Zero(currency);
            foreach (var posting in postings)
            {
                if (posting.Currency == currency)
                    excess += posting.Amount;
            }
            if (excess.Sign != 0)
                throw new UnbalancedEntryException(kind, reference, excess);
        }
    }
}
