using System.Collections.Immutable;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>What an account had come to before this ledger began.</summary>
/// <param name="Reference">What the books before call it; the same one is entered once.</param>
/// <param name="Account">The account: a customer's receivable, a party's carry or payable, or the bank.</param>
/// <param name="Amount">A debit if positive (owed to the host), a credit if negative (the host owes).</param>
public sealed record OpeningBalance(string Reference, Account Account, Amount Amount)
{
    /// <summary>Rows of the longest file.</summary>
    private const int MostRows = 100_000;

    private static readonly string[] Columns = ["reference", "account", "currency", "amount"];

    /// <summary>
    /// Reads a file of comma-separated values whose first line is <c>reference,account,currency,amount</c>, as a whole. Throws
    /// <see cref="CsvFormatException"/>.
    /// </summary>
    public static IReadOnlyList<OpeningBalance> ReadCsv(TextReader reader)
    {
        var csv = new CsvReader(reader);
        var header = csv.Read() ?? throw new CsvFormatException(1, "the file is empty; its first line names the columns");
        if (!header.Select(name => name.TrimStart('\uFEFF')).SequenceEqual(Columns))
            throw new CsvFormatException(csv.Line, $"the columns are {string.Join(",", Columns)}, in this order");
        var rows = new List<OpeningBalance>();
        var references = new HashSet<string>(StringComparer.Ordinal);
        while (csv.Read() is { } cells)
        {
            if (cells is not [var reference, var account, var code, var amount])
                throw new CsvFormatException(csv.Line, $"{cells.Count} cells stand below {Columns.Length} columns");
            if (rows.Count == MostRows)
                throw new CsvFormatException(csv.Line, string.Create(CultureInfo.InvariantCulture, $"a file holds at most {MostRows} balances"));
            if (!Currency.TryParse(code, out var currency))
                throw new CsvFormatException(csv.Line, $"'{code}' is no currency; write EUR");
            if (!Amount.TryParse(amount, currency, out var exact))
                throw new CsvFormatException(csv.Line, $"'{amount}' is no amount; write 12.34 or -12.34");
            if (!references.Add(reference))
                throw new CsvFormatException(csv.Line, $"the reference '{reference}' stands twice");
            rows.Add(new(reference, new(account), exact));
        }
        return rows;
    }
}

/// <summary>Enters opening balances. A job of the writer: it refuses, or it writes.</summary>
internal static class OpeningList
{
    /// <summary>
    /// Posts each balance against <see cref="Account.Opening"/>, in the month at whose end it stood, which has no entries of any other
    /// kind. A reference entered before with the same account and amount is passed over.
    /// </summary>
    public static ImmutableArray<Entry> Enter(Transaction transaction, IReadOnlyList<OpeningBalance> balances, Period period)
    {
        var session = transaction.Session;
        if (period >= transaction.Zone.PeriodOf(transaction.Now) || transaction.LastPeriod.StatusOf(period) != PeriodStatus.Open)
            throw new LedgerRefusedException(
                Refusal.InvalidOpening, $"{period} is not over yet or is closed; opening balances stand at the end of a month that is over and open.");
        var isNew = new bool[balances.Count];
        for (var i = 0; i < balances.Count; i++)
        {
            var balance = balances[i];
            Text.Demand(balance.Reference, "reference");
            DemandAccount(session, balance);
            if (OpeningRows.Find(session, balance.Reference) is not { } entered)
                isNew[i] = true;
            else if (entered != balance)
                throw new LedgerRefusedException(
                    Refusal.OpeningReferenceReused, $"'{balance.Reference}' was entered before as {entered.Amount} on {entered.Account}.");
        }

        // From here on nothing is refused.
        var entries = ImmutableArray.CreateBuilder<Entry>();
        foreach (var (balance, _) in balances.Zip(isNew).Where(pair => pair.Second))
        {
            ImmutableArray<Posting> postings = [new(balance.Account, balance.Amount), new(Account.Opening, -balance.Amount)];
            var number = transaction.Post(period, period, EntryKind.Opening, balance.Reference, postings);
            var entry = new Entry(number, transaction.Now, period, period, EntryKind.Opening, balance.Reference, postings);
            transaction.Note("enter_opening_balance", balance.Reference, null, entry, LedgerJson.Default.Entry);
            entries.Add(entry);
        }
        return entries.ToImmutable();
    }

    private static void DemandAccount(Session session, OpeningBalance balance)
    {
        var account = balance.Account;
        if (account.ReceivableCustomerId is { } customerId)
        {
            var customer = RegistryRows.Customer(session, customerId) ?? throw Registry.Unknown(Refusal.UnknownCustomer, "customer", customerId);
            if (customer.Currency != balance.Amount.Currency)
                throw Refuse(balance, $"{customerId} is charged in {customer.Currency}");
        }
        else if ((account.CarryPartyId ?? account.PayablePartyId) is { } partyId)
        {
            if (RegistryRows.Party(session, partyId) is null)
                throw Registry.Unknown(Refusal.UnknownParty, "party", partyId);
        }
        else if (account != Account.Bank)
        {
            throw Refuse(balance, "balances are of customer:ID:receivable, party:ID:carry, party:ID:payable and bank");
        }
        if (balance.Amount.Sign == 0)
            throw Refuse(balance, "zero is no balance; leave the row out");
    }

    private static LedgerRefusedException Refuse(OpeningBalance balance, string why) =>
        new(Refusal.InvalidOpening, $"'{balance.Reference}', {balance.Amount} on {balance.Account}: {why}.");
}
