using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ayni.Ledger;

/// <summary>
/// Everything a closed period commits to, computed from all its entries: the record, and what its proofs are made of. It is the same each
/// time, since a closed period never changes.
/// </summary>
internal sealed class PeriodCommitment
{
    private readonly CommittedList[] _lists;

    private PeriodCommitment(
        PeriodRecord record, IReadOnlyList<(Currency, SumTreeKind, IReadOnlyList<SumChunk>)> trees, CommittedList[] lists,
        IReadOnlyList<KeyTail> tails)
    {
        Record = record;
        Trees = trees;
        _lists = lists;
        Tails = tails;
    }

    public PeriodRecord Record { get; }

    public IReadOnlyList<(Currency Currency, SumTreeKind Kind, IReadOnlyList<SumChunk> Chunks)> Trees { get; }

    /// <summary>Where keys' series end, in ordinal order of key and meter.</summary>
    public IReadOnlyList<KeyTail> Tails { get; }

    /// <summary>A list with its items.</summary>
    public CommittedList this[PeriodListName name] => _lists[(int)name];

    /// <summary>Computes a closed period's commitment from a snapshot.</summary>
    public static PeriodCommitment Of(Session session, Period period)
    {
        var identity = ProofRows.Identity(session) ?? throw new InvalidOperationException("The ledger has no log.");
        var (trees, tails) = ReadReceipts(session, period);
        var lists = PeriodLists.Of(session, period, tails)
            .Select((items, name) => new CommittedList(items, identity.Secret, period, (PeriodListName)name)).ToArray();
        var previous = PeriodProofRows.RecordBefore(session, period) is { } before ? Digest.Of(before.Canonical) : Digest.Zero;
        var record = new PeriodRecord(
            identity.Origin, period, previous,
            [.. trees.Select(tree => new PeriodTree(tree.Currency, tree.Kind, SumTreeBuilder.Root(tree.Chunks)))],
            [.. lists.Select(list => list.Commitment)]);
        return new(record, trees, lists, tails);
    }

    private static (IReadOnlyList<(Currency Currency, SumTreeKind Kind, IReadOnlyList<SumChunk> Chunks)> Trees, IReadOnlyList<KeyTail> Tails)
        ReadReceipts(Session session, Period period)
    {
        var secrets = PeriodProofRows.Secrets(session);
        var builders = new SortedDictionary<string, SumTreeBuilder>(StringComparer.Ordinal);
        var ends = new SortedDictionary<(string KeyId, string MeterId), KeyHead>(SeriesOrder);
        PeriodProofRows.ForEachReceipt(session, period, null, null, canonical =>
        {
            var receipt = ReceiptFormat.Decode(canonical);
            if (!builders.TryGetValue(receipt.Currency.Code, out var builder))
                builders.Add(receipt.Currency.Code, builder = new());
            builder.Add(SumLeaf.Of(receipt, Commitment(session, receipt, canonical, secrets.GetValueOrDefault(receipt.CustomerId))));
            var series = (receipt.KeyId, receipt.MeterId ?? "");
            if (!ends.TryGetValue(series, out var end) || receipt.KeyNumber > end.Number)
                ends[series] = new(receipt.KeyNumber, Digest.Of(canonical));
        });
        var tails = ends.Select(end =>
        {
            var before = PeriodProofRows.TailBefore(session, end.Key.KeyId, end.Key.MeterId, period);
            // All a series has here may be receipts that an earlier month's close had gone past.
            var last = end.Value.Number > before.Number ? end.Value : before;
            return new KeyTail(end.Key.KeyId, end.Key.MeterId, before.Number, before.Hash, last.Number, last.Hash);
        }).ToList();
        return ([.. builders.Select(pair => (Currency.Parse(pair.Key), SumTreeKind.Receipts, pair.Value.Complete()))], tails);
    }

    /// <summary>What commits to a receipt: under its customer's secret, or kept from before that was erased.</summary>
    public static Digest Commitment(Session session, Receipt receipt, ReadOnlySpan<byte> canonical, byte[]? secret) => secret is not null
        ? SumLeaf.Commit(SumLeaf.Salt(secret, receipt.Id), canonical)
        : PeriodProofRows.Erased(session, receipt.Id) ?? throw Rows.Damaged($"{receipt.Id} without a salt");

    private static readonly Comparer<(string KeyId, string MeterId)> SeriesOrder = Comparer<(string KeyId, string MeterId)>.Create(
        (left, right) => string.CompareOrdinal(left.KeyId, right.KeyId) is var order and not 0
            ? order
            : string.CompareOrdinal(left.MeterId, right.MeterId));
}

/// <summary>The items of a period's lists, as canonical JSON but for keys' tails, each in an order of its own.</summary>
internal static class PeriodLists
{
    /// <summary>Every list in the order of <see cref="PeriodListName"/>.</summary>
    public static ImmutableArray<IReadOnlyList<byte[]>> Of(Session session, Period period, IReadOnlyList<KeyTail> tails)
    {
        var settlement = Settlement.Of(session, period);
        var versions = settlement.Lines.Select(line => line.Line.Group.AgreementVersion).Concat(settlement.Input.InForce).ToHashSet();
        var statements = RegistryRows.Parties(session).OrderBy(party => party.Id, StringComparer.Ordinal)
            .Select(party => settlement.StatementOf(party, Books.BillingFor(session, period, party.Id)))
            .Where(statement => !statement.Totals.IsEmpty || !statement.Lines.IsEmpty || !statement.Shares.IsEmpty);
        return
        [
            [.. tails.Select(tail => tail.Encode())],
            Items(settlement.Lines.Select(line => line.Line).Where(line => line.Receipts > 0), LedgerJson.Default.RevenueLine),
            Items(
                settlement.Input.Deductions.Select(deduction => new DeductionItem(deduction, deduction.Amount.Currency)),
                LedgerJson.Default.DeductionItem),
            [
                .. Items(settlement.Shares.Select(pair => new SplitItem(pair.Line.Line.Group, pair.Share)), LedgerJson.Default.SplitItem),
                .. Items(settlement.Results, LedgerJson.Default.AgreementResult),
            ],
            Items(settlement.Totals, LedgerJson.Default.PartyTotal),
            Items(
                settlement.Input.Agreements.Values.Where(agreement => versions.Contains(agreement.Version)).OrderBy(agreement => agreement.Version),
                LedgerJson.Default.Agreement),
            Items(statements, LedgerJson.Default.Statement),
        ];
    }

    private static IReadOnlyList<byte[]> Items<T>(IEnumerable<T> items, JsonTypeInfo<T> type) =>
        [.. items.Select(item => JsonSerializer.SerializeToUtf8Bytes(item, type))];
}

/// <summary>A deduction as a list has it.</summary>
public sealed record DeductionItem(Deduction Deduction, Currency Currency);

/// <summary>A party's part of a line as a list has it.</summary>
public sealed record SplitItem(RevenueGroup Group, PartyShare Share);
