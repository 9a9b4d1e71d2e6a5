using System.Collections.Immutable;
using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of entries, postings and accounts.</summary>
internal static class JournalRows
{
    private const int EntriesAtOnce = 1000;

    private static readonly Table EntryTable = new(
        "entries", "number bigint", "recorded bigint", "period text", "service_period text", "kind text", "reference text");

    private static readonly Table AccountTable = new(
        "accounts", ["id"], ["id bigint", "name text", "currency text", "debits numeric", "credits numeric"], "name", "currency");

    private static readonly Table PostingTable = new("postings", "entry bigint", "line bigint", "account bigint", "amount numeric");

    private static readonly PagedQuery EveryAccount = new("SELECT name, currency, debits, credits FROM accounts", "name, currency");

    public static long LastEntry(Session session) => (long)session.Scalar("SELECT coalesce(max(number), 0) FROM entries")!;

    /// <summary>Whether anything but charges was posted after an entry.</summary>
    public static bool HasOthersThanCharges(Session session, long after) =>
        session.Scalar("SELECT 1 FROM entries WHERE number > $1 AND kind <> 'charge' LIMIT 1", after) is not null;

    /// <summary>The months that invoices, credit notes, payments and write-offs are posted in, by their entries' numbers.</summary>
    public static IReadOnlyDictionary<long, Period> PeriodsOfDocuments(Session session)
    {
        var periods = new Dictionary<long, Period>();
        using var row = session.Query(
            """
            SELECT e.number, e.period FROM invoices d JOIN entries e ON e.number = d.entry
            UNION ALL SELECT e.number, e.period FROM payments d JOIN entries e ON e.number = d.entry
            UNION ALL SELECT e.number, e.period FROM write_offs d JOIN entries e ON e.number = d.entry
            """);
        while (row.Read())
            periods.Add(row.GetInt64(0), row.GetPeriod(1));
        return periods;
    }

    /// <summary>
    /// The latest instant in the last entries, when one was recorded or the request let in that it charges; null before the first. A host
    /// whose clock is ahead lets in at most so long after what is recorded meanwhile.
    /// </summary>
    public static DateTimeOffset? LatestInstant(Session session, TimeSpan ahead)
    {
        DateTimeOffset? latest = null;
        var isPast = false;
        for (var last = LastEntry(session); last > 0 && !isPast; last -= EntriesAtOnce)
        {
            using var row = session.Query(
                """
                SELECT e.recorded, r.canonical FROM entries e LEFT JOIN receipts r ON r.entry = e.number AND r.meter = ''
                WHERE e.number > $1 AND e.number <= $2 ORDER BY e.number DESC
                """,
                last - EntriesAtOnce, last);
            while (row.Read())
            {
                var recorded = row.GetInstant(0);
                Consider(recorded);
                if (!row.IsDBNull(1))
                    Consider(ReceiptFormat.Decode(row.GetFieldValue<byte[]>(1)).AdmittedAt);
                isPast = recorded + ahead <= latest;
            }
        }
        return latest;

        void Consider(DateTimeOffset instant) => latest = latest > instant ? latest : instant;
    }

    public static void InsertEntry(
        Session session, long number, DateTimeOffset recorded, Period period, Period servicePeriod, EntryKind kind, string reference) =>
        session.Append(
            EntryTable, number, recorded.Microseconds(), period.ToString(), servicePeriod.ToString(), NameOf(kind), reference);

    public static void InsertPosting(Session session, long entry, int line, long account, Amount amount) =>
        session.Append(PostingTable, entry, line, account, amount.FormatFixed());

    /// <summary>Finds an account or opens it.</summary>
    public static AccountTotal OpenAccount(Session session, Account account, Currency currency)
    {
        using (var row = session.Query(
            "SELECT id, debits, credits FROM accounts WHERE name = $1 AND currency = $2", account.Name, currency.Code))
        {
            if (row.Read())
                return new(row.GetInt64(0), row.GetAmount(1, currency), row.GetAmount(2, currency));
        }
        var zero = Amount.Zero(currency);
        var id = session.Insert(
            "INSERT INTO accounts (name, currency, debits, credits) VALUES ($1, $2, $3, $3) RETURNING id",
            account.Name, currency.Code, zero.FormatFixed());
        return new(id, zero, zero);
    }

    public static void UpdateAccount(Session session, string name, Currency currency, AccountTotal account) => session.Append(
        AccountTable, account.Id, name, currency.Code, account.Debits.FormatFixed(), account.Credits.FormatFixed());

    /// <summary>Debits less credits of an account; zero if it was never used.</summary>
    public static Amount Net(Session session, Account account, Currency currency)
    {
        using var row = session.Query(
            "SELECT debits, credits FROM accounts WHERE name = $1 AND currency = $2", account.Name, currency.Code);
        return row.Read() ? row.GetAmount(0, currency) - row.GetAmount(1, currency) : Amount.Zero(currency);
    }

    /// <summary>Every account in ordinal order of its name and currency, or those of a party; after an account and currency.</summary>
    public static IReadOnlyList<Balance> Balances(
        Session session, string? partyId = null, object[]? after = null, int limit = int.MaxValue) => EveryAccount.Query(
        session, after ?? [], limit, ("substr(name, 1, length(?)) = ?", partyId is null ? null : $"party:{partyId}:")).ReadAll(row =>
        {
            var currency = row.GetCurrency(1);
            return new Balance(new(row.GetString(0)), row.GetAmount(2, currency), row.GetAmount(3, currency));
        });

    /// <summary>
    /// What the accounts whose names begin in some way had come to at an instant, by the entries recorded until then. Reads every posting
    /// until then.
    /// </summary>
    public static IReadOnlyList<Balance> BalancesAt(Session session, string prefix, DateTimeOffset at)
    {
        var balances = new SortedDictionary<(string Name, string Currency), Balance>(
            Comparer<(string Name, string Currency)>.Create((left, right) =>
                string.CompareOrdinal(left.Name, right.Name) is var order && order != 0
                    ? order
                    : string.CompareOrdinal(left.Currency, right.Currency)));
        using var row = session.Query(
            """
            SELECT a.name, a.currency, p.amount
            FROM entries e JOIN postings p ON p.entry = e.number JOIN accounts a ON a.id = p.account
            WHERE e.recorded <= $2 AND substr(a.name, 1, length($1)) = $1
            """,
            prefix, at.Microseconds());
        while (row.Read())
        {
            var currency = row.GetCurrency(1);
            var zero = Amount.Zero(currency);
            var amount = row.GetAmount(2, currency);
            var key = (row.GetString(0), currency.Code);
            var balance = balances.GetValueOrDefault(key) ?? new(new(row.GetString(0)), zero, zero);
            balances[key] = amount.Sign >= 0
                ? balance with { Debits = balance.Debits + amount }
                : balance with { Credits = balance.Credits - amount };
        }
        return [.. balances.Values];
    }

    /// <summary>Calls back with each entry recorded in a span of time, in journal order.</summary>
    public static void ForEachEntry(Session session, DateTimeOffset from, DateTimeOffset until, Action<Entry> each) => ForEach(
        session.Query(
            $"{EntryColumns} FROM entries e {Joins} WHERE e.recorded >= $1 AND e.recorded < $2 ORDER BY e.number, p.line",
            from.Microseconds(), until.Microseconds()),
        each);

    /// <summary>The entries of a period after a number, at most <paramref name="limit"/>.</summary>
    public static IReadOnlyList<Entry> Entries(Session session, Period period, long after, int limit)
    {
        var entries = new List<Entry>();
        ForEach(
            session.Query(
                $"""
                {EntryColumns} FROM (SELECT * FROM entries WHERE period = $1 AND number > $2 ORDER BY number LIMIT $3) e {Joins}
                ORDER BY e.number, p.line
                """,
                period.ToString(), after, limit),
            entries.Add);
        return entries;
    }

    /// <summary>Every entry of some kinds, in journal order.</summary>
    public static IReadOnlyList<Entry> Entries(Session session, IEnumerable<EntryKind> kinds)
    {
        var entries = new List<Entry>();
        var names = string.Join(", ", kinds.Select(kind => $"'{NameOf(kind)}'"));
        ForEach(session.Query($"{EntryColumns} FROM entries e {Joins} WHERE e.kind IN ({names}) ORDER BY e.number, p.line"), entries.Add);
        return entries;
    }

    private const string EntryColumns =
        "SELECT e.number, e.recorded, e.period, e.service_period, e.kind, e.reference, a.name, a.currency, p.amount";

    private const string Joins = "JOIN postings p ON p.entry = e.number JOIN accounts a ON a.id = p.account";

    private static void ForEach(DbDataReader row, Action<Entry> each)
    {
        using (row)
        {
            var postings = ImmutableArray.CreateBuilder<Posting>();
            Entry? entry = null;
            while (row.Read())
            {
                if (entry?.Number != row.GetInt64(0))
                {
                    Finish();
                    entry = new(
                        row.GetInt64(0), row.GetInstant(1), row.GetPeriod(2), row.GetPeriod(3), KindOf(row.GetString(4)), row.GetString(5), []);
                }
                postings.Add(new(new(row.GetString(6)), row.GetAmount(8, row.GetCurrency(7))));
            }
            Finish();

            void Finish()
            {
                if (entry is not null)
                    each(entry with { Postings = postings.DrainToImmutable() });
            }
        }
    }

    public static string NameOf(EntryKind kind) => kind switch
    {
        EntryKind.Charge => "charge",
        EntryKind.Opening => "opening",
        EntryKind.Distribution => "distribution",
        EntryKind.Payable => "payable",
        EntryKind.Invoice => "invoice",
        EntryKind.CreditNote => "credit_note",
        EntryKind.SelfBill => "self_bill",
        EntryKind.Payment => "payment",
        EntryKind.Refund => "refund",
        EntryKind.PaymentReversal => "payment_reversal",
        EntryKind.WriteOff => "write_off",
        EntryKind.WriteOffReversal => "write_off_reversal",
        EntryKind.Payout => "payout",
        EntryKind.PayoutPaid => "payout_paid",
        EntryKind.PayoutReturn => "payout_return",
        EntryKind.VolumeTrueUp => "volume_true_up",
        EntryKind.PackageRemainder => "package_remainder",
        EntryKind.SubscriptionFee => "subscription_fee",
        EntryKind.MinimumCharge => "minimum_charge",
        EntryKind.CreditExpiry => "credit_expiry",
        EntryKind.CreditPurchase => "credit_purchase",
        EntryKind.CreditUse => "credit_use",
        EntryKind.CreditReturn => "credit_return",
        EntryKind.Conversion => "conversion",
        EntryKind.Exchange => "exchange",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static EntryKind KindOf(string name) => name switch
    {
        "charge" => EntryKind.Charge,
        "opening" => EntryKind.Opening,
        "distribution" => EntryKind.Distribution,
        "payable" => EntryKind.Payable,
        "invoice" => EntryKind.Invoice,
        "credit_note" => EntryKind.CreditNote,
        "self_bill" => EntryKind.SelfBill,
        "payment" => EntryKind.Payment,
        "refund" => EntryKind.Refund,
        "payment_reversal" => EntryKind.PaymentReversal,
        "write_off" => EntryKind.WriteOff,
        "write_off_reversal" => EntryKind.WriteOffReversal,
        "payout" => EntryKind.Payout,
        "payout_paid" => EntryKind.PayoutPaid,
        "payout_return" => EntryKind.PayoutReturn,
        "volume_true_up" => EntryKind.VolumeTrueUp,
        "package_remainder" => EntryKind.PackageRemainder,
        "subscription_fee" => EntryKind.SubscriptionFee,
        "minimum_charge" => EntryKind.MinimumCharge,
        "credit_expiry" => EntryKind.CreditExpiry,
        "credit_purchase" => EntryKind.CreditPurchase,
        "credit_use" => EntryKind.CreditUse,
        "credit_return" => EntryKind.CreditReturn,
        "conversion" => EntryKind.Conversion,
        "exchange" => EntryKind.Exchange,
        _ => throw Rows.Damaged($"an entry of kind '{name}'"),
    };
}
