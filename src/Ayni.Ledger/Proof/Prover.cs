using System.Text.Json;

namespace Ayni.Ledger;

/// <summary>Computes proofs from the ledger's rows and, for what is published, from the log's files.</summary>
internal sealed class Prover(Session session, LogFolder? log)
{
    /// <summary>What proves a receipt by now; null if it was never signed.</summary>
    public ReceiptProof? Prove(long entry, byte[] canonical)
    {
        if (ProofRows.BatchOf(session, entry) is not { } batch)
            return null;
        var receipts = ProofRows.Receipts(session, batch.FirstEntry, batch.LastEntry);
        var leaves = receipts.Select(receipt => MerkleTree.Leaf(Digest.Of(receipt.Canonical))).ToArray();
        var index = receipts.Select(receipt => receipt.Entry).ToList().IndexOf(entry);
        return new()
        {
            Canonical = canonical,
            Batch = batch.Canonical,
            Index = index,
            Path = [.. MerkleTree.Path<Digest>(leaves, index, MerkleTree.Join)],
            Signature = batch.Signature,
            Certificate = batch.Certificate,
            Log = ProveBatch(Batch.Decode(batch.Canonical).Number),
            Period = ProvePeriod(entry, canonical),
        };
    }

    /// <summary>Proves that a receipt is not in a closed period's tree.</summary>
    public AbsenceStatement ProveAbsence(Period period, Currency currency, string receiptId)
    {
        var row = DemandSigned(period);
        return new(
            receiptId, FindNeighbours(period, currency, receiptId, PeriodRecord.Decode(row.Canonical)), row.Canonical, row.Signature!,
            row.Certificate!, ProveEntry(LogRows.Find(session, "period", period.ToString())));
    }

    private AbsenceProof FindNeighbours(Period period, Currency currency, string receiptId, PeriodRecord record)
    {
        if (record.Tree(currency, SumTreeKind.Receipts) is not { } root)
            return new(currency, null, null);
        var chunks = PeriodProofRows.Chunks(session, period, currency, SumTreeKind.Receipts);
        var at = FindChunk(chunks, receiptId);
        var leaves = Leaves(period, currency, chunks, at);
        var place = leaves.FindIndex(leaf => string.CompareOrdinal(leaf.Id, receiptId) >= 0);
        if (place >= 0 && leaves[place].Id == receiptId)
            throw new ProofException(ProofCheck.Path, $"{receiptId} is in {period}.");
        var after = place >= 0 ? place : leaves.Count;
        var first = (long)at * SumTreeBuilder.ChunkLeaves;
        var before = after > 0 ? Place(leaves, after - 1, first, chunks, at, root) : null;
        ProvenLeaf? next = null;
        if (after < leaves.Count)
        {
            next = Place(leaves, after, first, chunks, at, root);
        }
        else if (at + 1 < chunks.Count)
        {
            var others = Leaves(period, currency, chunks, at + 1);
            next = Place(others, 0, first + SumTreeBuilder.ChunkLeaves, chunks, at + 1, root);
        }
        return new(currency, before, next);
    }

    /// <summary>Proves a party's statement of a closed period.</summary>
    public StatementProof ProveStatement(Period period, string partyId)
    {
        var row = DemandSigned(period);
        var commitment = PeriodCommitment.Of(session, period);
        var statements = commitment[PeriodListName.Statements];
        var index = statements.Items.ToList().FindIndex(
            item => ProofFormat.ParseObject(item, "statement").TextField("party_id") == partyId);
        if (index < 0)
            throw new ProofException(ProofCheck.List, $"{partyId} has nothing in {period}.");
        var statement = ProofFormat.ParseObject(statements.Items[index], "statement");
        var versions = statement.Field("lines", JsonValueKind.Array).EnumerateArray()
            .Concat(statement.Field("shares", JsonValueKind.Array).EnumerateArray())
            .Select(line => line.NumberField("agreement_version")).ToHashSet();
        var agreements = commitment[PeriodListName.Agreements];
        foreach (var agreement in agreements.Items.Reverse().Select(item => ProofItems.Read(item, ProofItems.Default.AgreementItem).ToAgreement()))
        {
            if (versions.Contains(agreement.Version))
                versions.UnionWith(agreement.Document?.Terms.Replaces ?? []);
        }
        return new(
            row.Canonical, row.Signature!, row.Certificate!, ProveEntry(LogRows.Find(session, "period", period.ToString())),
            statements.Prove(index),
            [
                .. Enumerable.Range(0, agreements.Items.Count)
                    .Where(i => versions.Contains(ProofItems.Read(agreements.Items[i], ProofItems.Default.AgreementItem).Version))
                    .Select(agreements.Prove),
            ]);
    }

    /// <summary>Proves that the log holds an entry that is published.</summary>
    public LoggedEntry? ProveEntry(LogRow? row) =>
        row is not null && log?.Prove(row.Position) is { } proof ? new(row.Content, proof) : null;

    /// <summary>The record of a closed period.</summary>
    private PeriodRecordRow DemandRecord(Period period) => PeriodProofRows.Record(session, period)
        ?? throw new ProofException(ProofCheck.Format, $"{period} commits to nothing: it is not closed, or was closed before there was a log.");

    /// <summary>The record of a closed period, which was signed.</summary>
    public PeriodRecordRow DemandSigned(Period period) => DemandRecord(period) is { Signature: not null, Certificate: not null } row
        ? row
        : throw new ProofException(ProofCheck.Format, $"What {period} commits to was never signed: the ledger had no signing key.");

    private LoggedBatch? ProveBatch(long number)
    {
        if (LogRows.FindBatch(session, number) is not { } row || ProveEntry(row) is not { } entry)
            return null;
        var batches = (LogEntry.Batches)LogEntry.Decode(row.Content);
        var index = (int)(number - batches.First);
        Digest[] hashes = [.. ProofRows.BatchHashes(session, batches.First, batches.First + batches.Count - 1)];
        return new(entry, index, [.. MerkleTree.Path<Digest>(hashes, index, MerkleTree.Join)]);
    }

    private PeriodProof? ProvePeriod(long entry, byte[] canonical)
    {
        var period = PeriodProofRows.PeriodOf(session, entry);
        if (PeriodProofRows.Record(session, period) is not { Signature: not null, Certificate: not null } row)
            return null;
        var receipt = ReceiptFormat.Decode(canonical);
        // Of an erased customer's receipts nothing can be opened any more.
        if (PeriodProofRows.Secret(session, receipt.CustomerId) is not { } secret)
            return null;
        var record = PeriodRecord.Decode(row.Canonical);
        var chunks = PeriodProofRows.Chunks(session, period, receipt.Currency, SumTreeKind.Receipts);
        var at = FindChunk(chunks, receipt.Id);
        var leaves = Leaves(period, receipt.Currency, chunks, at);
        var place = Place(
            leaves, leaves.FindIndex(leaf => leaf.Id == receipt.Id), (long)at * SumTreeBuilder.ChunkLeaves, chunks, at,
            record.Tree(receipt.Currency, SumTreeKind.Receipts)!.Value);
        return new()
        {
            Record = row.Canonical,
            Signature = row.Signature,
            Certificate = row.Certificate,
            Sum = new SumProof(receipt.Currency, SumTreeKind.Receipts, SumLeaf.Salt(secret, receipt.Id), place.Path).Encode(),
            Tail = ProveTail(period, receipt),
            Log = ProveEntry(LogRows.Find(session, "period", period.ToString())),
        };
    }

    /// <summary>Proves where the series of a receipt's key ends; its list is computed from the tails that the close kept.</summary>
    private ListProof ProveTail(Period period, Receipt receipt)
    {
        var tails = PeriodProofRows.Tails(session, period);
        var list = new CommittedList(
            [.. tails.Select(tail => tail.Encode())], ProofRows.Identity(session)!.Secret, period, PeriodListName.KeyTails);
        return list.Prove(tails.ToList().FindIndex(tail => tail.KeyId == receipt.KeyId && tail.MeterId == (receipt.MeterId ?? "")));
    }

    /// <summary>The chunk in which an id is or would be.</summary>
    private static int FindChunk(IReadOnlyList<SumChunk> chunks, string id)
    {
        var at = 0;
        while (at + 1 < chunks.Count && string.CompareOrdinal(chunks[at + 1].FirstId, id) <= 0)
            at++;
        return at;
    }

    /// <summary>The leaves of a chunk, in order.</summary>
    private List<SumLeaf> Leaves(Period period, Currency currency, IReadOnlyList<SumChunk> chunks, int at)
    {
        var secrets = new Dictionary<string, byte[]?>(StringComparer.Ordinal);
        var receipts = new List<(Receipt Receipt, byte[] Canonical)>();
        var below = at + 1 < chunks.Count ? chunks[at + 1].FirstId : null;
        PeriodProofRows.ForEachReceipt(session, period, chunks[at].FirstId, below, canonical =>
        {
            var receipt = ReceiptFormat.Decode(canonical);
            if (receipt.Currency == currency)
                receipts.Add((receipt, canonical));
        });
        return receipts.ConvertAll(item =>
        {
            var customer = item.Receipt.CustomerId;
            if (!secrets.TryGetValue(customer, out var secret))
                secrets.Add(customer, secret = PeriodProofRows.Secret(session, customer));
            return SumLeaf.Of(item.Receipt, PeriodCommitment.Commitment(session, item.Receipt.Id, item.Canonical, secret));
        });
    }

    /// <summary>A leaf with its path: within its chunk, then over the chunks.</summary>
    private static ProvenLeaf Place(
        List<SumLeaf> leaves, int index, long first, IReadOnlyList<SumChunk> chunks, int at, SumNode root)
    {
        SumNode[] nodes = [.. leaves.Select(leaf => leaf.ToNode(ProofChecks.All))];
        SumNode[] tops = [.. chunks.Select(chunk => chunk.Node)];
        var path = MerkleTree.Path<SumNode>(nodes, index, SumNode.Join);
        path.AddRange(MerkleTree.Path<SumNode>(tops, at, SumNode.Join));
        return new(leaves[index], new(first + index, root.Sums.Leaves, [.. path]));
    }
}

/// <summary>A leaf and where it is in a tree.</summary>
internal sealed record ProvenLeaf(SumLeaf Leaf, SumPath Path);
