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
        var named = new NamedInPeriod();
        var (trees, tails) = ReadReceipts(session, period, named);
        var lists = PeriodLists.Of(session, period, tails, named)
            .Select((items, name) => new CommittedList(items, identity.Secret, period, (PeriodListName)name)).ToArray();
        var previous = PeriodProofRows.RecordBefore(session, period) is { } before ? Digest.Of(before.Canonical) : Digest.Zero;
        var record = new PeriodRecord(
            identity.Origin, period, LedgerRows.Zone(session).StartOf(period.Next), previous,
            [.. trees.Select(tree => new PeriodTree(tree.Currency, tree.Kind, SumTreeBuilder.Root(tree.Chunks)))],
            [.. lists.Select(list => list.Commitment)]);
        return new(record, trees, lists, tails);
    }

    /// <summary>
    /// Keeps the record, signed if there is a key, and what proofs are made of; once. False if the key is no longer in force.
    /// </summary>
    public bool Store(Session session, HostKey? key, byte[]? signature)
    {
        if (PeriodProofRows.Record(session, Record.Period) is not null)
            return true;
        if (key is not null && !ReceiptSigner.IsInForce(session, key))
            return false;
        PeriodProofRows.Insert(session, Record.Period, Record.Encode(), key?.Id, signature);
        foreach (var (currency, kind, chunks) in Trees)
        {
            for (var i = 0; i < chunks.Count; i++)
                PeriodProofRows.Insert(session, Record.Period, currency, kind, i, chunks[i]);
        }
        foreach (var tail in Tails)
            PeriodProofRows.Insert(session, Record.Period, tail);
        return true;
    }

    private static (IReadOnlyList<(Currency Currency, SumTreeKind Kind, IReadOnlyList<SumChunk> Chunks)> Trees, IReadOnlyList<KeyTail> Tails)
        ReadReceipts(Session session, Period period, NamedInPeriod named)
    {
        var secrets = PeriodProofRows.Secrets(session);
        var erased = PeriodProofRows.ErasedIn(session, period);
        var trees = new SumTrees();
        var ends = new SortedDictionary<(string KeyId, string MeterId), KeyHead>(SeriesOrder);
        PeriodProofRows.ForEachReceipt(session, period, null, null, canonical =>
        {
            var receipt = ReceiptFormat.Decode(canonical);
            named.Add(receipt);
            trees.Add(
                receipt.Currency, SumTreeKind.Receipts,
                SumLeaf.Of(
                    receipt,
                    erased.TryGetValue(receipt.Id, out var kept) ? kept
                        : Commitment(session, receipt.Id, canonical, secrets.GetValueOrDefault(receipt.CustomerId))));
            var series = (receipt.KeyId, receipt.MeterId ?? "");
            if (!ends.TryGetValue(series, out var end) || receipt.KeyNumber > end.Number)
                ends[series] = new(receipt.KeyNumber, Digest.Of(canonical));
        });
        foreach (var adjustment in AdjustmentRows.Of(session, period))
        {
            named.Add(adjustment);
            var item = AdjustmentItem.Encode(adjustment);
            var leaf = AdjustmentItem.Leaf(
                adjustment, Commitment(session, AdjustmentItem.IdOf(adjustment), item, secrets.GetValueOrDefault(adjustment.CustomerId)));
            trees.Add(adjustment.Currency, AdjustmentItem.KindOf(adjustment), leaf);
        }
        var tails = ends.Select(end =>
        {
            var before = PeriodProofRows.TailBefore(session, end.Key.KeyId, end.Key.MeterId, period);
            // All a series has here may be receipts that an earlier month's close had gone past.
            var last = end.Value.Number > before.Number ? end.Value : before;
            return new KeyTail(end.Key.KeyId, end.Key.MeterId, before.Number, before.Hash, last.Number, last.Hash);
        }).ToList();
        return (trees.Complete(), tails);
    }

    /// <summary>What commits to an item: under its customer's secret, or kept from before that was erased.</summary>
    public static Digest Commitment(Session session, string id, ReadOnlySpan<byte> canonical, byte[]? secret) => secret is not null
        ? SumLeaf.Commit(SumLeaf.Salt(secret, id), canonical)
        : PeriodProofRows.Erased(session, id) ?? throw Rows.Damaged($"{id} without a salt");

    private static readonly Comparer<(string KeyId, string MeterId)> SeriesOrder = Comparer<(string KeyId, string MeterId)>.Create(
        (left, right) => string.CompareOrdinal(left.KeyId, right.KeyId) is var order and not 0
            ? order
            : string.CompareOrdinal(left.MeterId, right.MeterId));
}
