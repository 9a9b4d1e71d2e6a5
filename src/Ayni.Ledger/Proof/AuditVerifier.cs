using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Ayni.Ledger;

/// <summary>What an auditor finds in a bundle: what was proven of the period, and which receipts it has, for receipts held elsewhere.</summary>
public sealed class AuditedPeriod
{
    private readonly IReadOnlyDictionary<string, Digest> _receipts;

    internal AuditedPeriod(PeriodRecord record, Verification verification, IReadOnlyDictionary<string, Digest> receipts)
    {
        Record = record;
        Verification = verification;
        _receipts = receipts;
    }

    /// <summary>The period.</summary>
    public Period Period => Record.Period;

    /// <summary>What was proven and what was not.</summary>
    public Verification Verification { get; }

    internal PeriodRecord Record { get; }

    /// <summary>
    /// Demands that the period counted a receipt that somebody holds, such as a canary's. Throws <see cref="ProofException"/>: an omitted receipt
    /// that the host signed is evidence against it.
    /// </summary>
    /// <param name="json">The receipt's JSON with its field <c>proof</c>.</param>
    /// <param name="logKey">The log's key.</param>
    public Verification DemandCounted(ReadOnlyMemory<byte> json, PublicKey? logKey) => DemandCounted(json, logKey, ProofChecks.All);

    internal Verification DemandCounted(ReadOnlyMemory<byte> json, PublicKey? logKey, ProofChecks checks)
    {
        var view = ProofFormat.ParseObject(json, "receipt");
        ReceiptVerifier.Verify(view, logKey, null, checks);
        var proof = ReceiptProof.Parse(view);
        var receipt = ProofFormat.ReadReceipt(proof.Canonical);
        var batch = Batch.Decode(proof.Batch);
        checks.Demand(ProofCheck.Certificate, batch.Origin == Record.Origin, "The receipt is of another log than the bundle.");
        var result = new VerificationBuilder();
        if (_receipts.TryGetValue(receipt.Id, out var hash))
        {
            checks.Demand(
                ProofCheck.Inclusion, hash == default || hash == Digest.Of(proof.Canonical), $"{Period} counted another receipt under the id {receipt.Id}.");
            result.Prove($"{Period} counted {receipt.Id}.");
            return result.Build();
        }
        var isOthers = receipt.Period != Period || batch.SealedAt >= Record.End;
        checks.Demand(
            ProofCheck.Inclusion, isOthers,
            $"{receipt.Id} of {receipt.Charge} was signed at {batch.SealedAt:u} as a receipt of {Period}, and {Period} did not count it: this is evidence.");
        result.LeaveOpen($"{receipt.Id} belongs to {receipt.Period} or was posted after {Period}: audit the month that it counts in.");
        return result.Build();
    }
}

/// <summary>
/// Runs a closed period again from its bundle, elsewhere and without the ledger: trees from their leaves, keys' numbers, lists, sums, and the split
/// from the agreements.
/// </summary>
public static class AuditVerifier
{
    /// <summary>Verifies a bundle. Throws <see cref="ProofException"/> that names the check which fails.</summary>
    /// <param name="folder">The bundle.</param>
    /// <param name="logKey">The log's key, from somewhere trusted; null takes the certificate's word for whose log it is.</param>
    /// <param name="log">The log as it is now; null leaves open what only the log shows.</param>
    /// <param name="now">What time it is.</param>
    public static AuditedPeriod Verify(string folder, PublicKey? logKey, LogReader? log, DateTimeOffset now) =>
        Verify(folder, logKey, log is null ? null : LogView.Read(log, logKey, [], now, ProofChecks.All), ProofChecks.All);

    internal static AuditedPeriod Verify(string folder, PublicKey? logKey, LogView? log, ProofChecks checks)
    {
        var head = ProofFormat.ParseObject(ReadBounded(Path.Combine(folder, AuditBundle.RecordFile)), "bundle");
        ProofChecks.All.Demand(ProofCheck.Format, head.NumberField("version") == 1, "The bundle's version is not 1; use the newer program.");
        var (canonical, certificate) = (head.BytesField("record"), head.BytesField("certificate"));
        var logged = head.OptionalField("tlog_proof") is null ? null : LoggedEntry.Parse(head);
        var record = SignedRecord.Demand(canonical, head.BytesField("signature"), certificate, logged, logKey, checks);
        var previous = head.OptionalField("previous") is null ? null : head.BytesField("previous");
        checks.Demand(
            ProofCheck.Path, record.Previous == (previous is null ? Digest.Zero : Digest.Of(previous)),
            "The record before is not the one that this one follows.");
        var lists = ReadLists(folder, record, checks);
        try
        {
            var leaves = LeafReading.Of(Path.Combine(folder, AuditBundle.LeavesFile), checks);
            DemandTrees(record, leaves.Trees, checks);
            var between = ReadBetween(Path.Combine(folder, AuditBundle.BetweenFile));
            KeySeries.Demand(
                [.. lists[(int)PeriodListName.KeyTails].Select(item => KeyTail.Decode(item))], leaves.Receipts, between, leaves.HasErased, checks);
            DemandGross(record, lists, leaves, checks);
            Rerun(record, lists, checks);
            return new(record, Report(record, leaves, logKey, log, canonical, certificate, logged, checks), leaves.Hashes);
        }
        catch (OverflowException)
        {
            throw new ProofException(ProofCheck.Format, "An amount in the bundle is too large.");
        }
    }

    private static Verification Report(
        PeriodRecord record, LeafReading leaves, PublicKey? logKey, LogView? log, byte[] canonical, byte[] certificate, LoggedEntry? logged,
        ProofChecks checks)
    {
        var result = new VerificationBuilder();
        foreach (var tree in record.Trees)
            result.Prove(
                $"{record.Period} of {record.Origin} has {tree.Root.Sums.Leaves} {tree.Kind.ToString().ToLowerInvariant()} in {tree.Currency} that come to "
                + $"{new Amount(tree.Root.Sums.Units, tree.Currency)}, none twice, and they are what was signed.");
        result.Prove("Keys' receipts are numbered without a gap and chained, up to the last number committed to.");
        result.Prove("Revenue, deductions and collections are what was signed; run again, the agreements give the shares and sums that were signed.");
        if (logKey is null)
            result.LeaveOpen($"Who {record.Origin} is: give the log's key, from somewhere you trust, with --key.");
        if (log is not null)
        {
            log.CheckPeriod(canonical, KeyCertificate.Decode(certificate).KeyId, logged, checks);
            result.Prove($"The log, of {log.Checkpoint.Size} entries now, holds this record, and the key that signed it was not revoked before.");
        }
        else
        {
            result.LeaveOpen("That everybody sees the same record, and that its key was not revoked: give the log with --log.");
        }
        if (leaves.HasErased)
            result.LeaveOpen("What receipts of erased customers say beyond their sums: nobody can open them any more.");
        result.LeaveOpen("That evidence of deductions and collections is true: that is outside the books.");
        result.LeaveOpen("What was carried in from the months before: audit their bundles, too.");
        ReceiptVerifier.AddLimits(result);
        return result.Build();
    }

    private static void DemandTrees(
        PeriodRecord record, IReadOnlyList<(Currency Currency, SumTreeKind Kind, IReadOnlyList<SumChunk> Chunks)> trees, ProofChecks checks)
    {
        var roots = trees.Select(tree => new PeriodTree(tree.Currency, tree.Kind, SumTreeBuilder.Root(tree.Chunks))).ToArray();
        checks.Demand(ProofCheck.Path, roots.SequenceEqual(record.Trees), "The leaves do not give the trees that were signed.");
    }

    /// <summary>Demands that revenue by model, app and agreement adds up to the trees, and to the receipts of each.</summary>
    private static void DemandGross(PeriodRecord record, ImmutableArray<IReadOnlyList<byte[]>> lists, LeafReading leaves, ProofChecks checks)
    {
        var lines = lists[(int)PeriodListName.Gross].Select(item => ProofItems.Read(item, ProofItems.Default.NetLine).Line).ToList();
        foreach (var currency in record.Trees.Select(tree => tree.Currency).Concat(lines.Select(line => line.Group.Currency)).Distinct())
        {
            var own = lines.Where(line => line.Group.Currency == currency).ToList();
            // Receipts in fake money are committed to like others, and shared out to nobody.
            if (currency.IsTest)
            {
                checks.Demand(ProofCheck.Totals, own.Count == 0, $"Fake money ({currency}) is among the revenue.");
                continue;
            }
            var receipts = record.Tree(currency, SumTreeKind.Receipts)?.Sums ?? default;
            var units = receipts.Units + (record.Tree(currency, SumTreeKind.Additions)?.Sums.Units ?? 0)
                - (record.Tree(currency, SumTreeKind.Reductions)?.Sums.Units ?? 0);
            checks.Demand(
                ProofCheck.Totals,
                own.Sum(line => line.Receipts) == receipts.Leaves && own.Aggregate(default(TokenCounts), (sum, line) => sum + line.Counts) == receipts.Tokens
                && own.Aggregate(Amount.Zero(currency), (sum, line) => sum + line.Gross).Units == units,
                $"The revenue in {currency} is not what the receipts and adjustments come to.");
        }
        if (!leaves.HasErased)
        {
            var shown = lines.GroupBy(line => KindOf(line.Group)).ToDictionary(
                group => group.Key, group => (group.Sum(line => line.Receipts), group.Aggregate(Amount.Zero(group.First().Group.Currency), (sum, line) => sum + line.Gross)));
            foreach (var (kind, sums) in leaves.Revenue.Where(revenue => !revenue.Key.Currency.IsTest))
                checks.Demand(
                    ProofCheck.Totals, shown.Remove(kind, out var found) && found == sums,
                    $"The revenue of {kind.Model} under agreement {kind.AgreementVersion} is not what its receipts and adjustments come to.");
            checks.Demand(
                ProofCheck.Totals, shown.Values.All(rest => rest.Item1 == 0 && rest.Item2.Sign == 0), "There is revenue that no receipt or adjustment is of.");
        }
    }

    /// <summary>What of a line's group its receipts say themselves.</summary>
    internal static RevenueGroup KindOf(RevenueGroup group) => group with { Territory = null, IsOwnUse = false, HostId = null };

    /// <summary>Takes deductions and collections off the revenue again, and runs the agreements again.</summary>
    private static void Rerun(PeriodRecord record, ImmutableArray<IReadOnlyList<byte[]>> lists, ProofChecks checks)
    {
        var lines = Read(PeriodListName.Gross, ProofItems.Default.NetLine);
        var deductions = Read(PeriodListName.Deductions, ProofItems.Default.Deduction);
        var agreements = Read(PeriodListName.Agreements, ProofItems.Default.AgreementItem).ToDictionary(item => item.Version, item => item.ToAgreement());
        var carried = Read(PeriodListName.Carried, ProofItems.Default.CarriedItem);
        var totals = Read(PeriodListName.Totals, ProofItems.Default.PartyTotal);
        var developers = new Dictionary<RevenueGroup, string?>();
        foreach (var line in lines)
            developers[line.Line.Group] = line.DeveloperId;
        var revenue = lines.Where(line => line.Line.Receipts > 0 || line.Line.Gross.Sign != 0).Select(line => line.Line).ToList();
        var net = NetLine.Allocate(
            record.Period, revenue, deductions, Read(PeriodListName.Collections, ProofItems.Default.CollectedRevenue),
            group => developers.GetValueOrDefault(group),
            model => lines.FirstOrDefault(line => line.Line.Group.Model == model && line.Line.Receipts == 0)?.Line.Group.AgreementVersion);
        checks.Demand(
            ProofCheck.Totals,
            net.Select(Encode).SequenceEqual(lines.Select(Encode), StringComparer.Ordinal), "Deductions and collections, taken off again, leave other revenue.");
        checks.Demand(
            ProofCheck.Split, lines.All(line => agreements.ContainsKey(line.Line.Group.AgreementVersion)), "An agreement that shares revenue is missing.");
        var history = new ShareHistory();
        foreach (var item in carried)
        {
            if (item is { Key: { } key, Month: { } month, Carry: { } carry })
                history.Add(key, month, carry);
        }
        var input = new SettlementInput(
            lines, deductions, agreements, carried.Where(item => item.InForce is not null).Select(item => item.InForce!.Value).ToHashSet(), history);
        var settlement = Settlement.Of(
            record.Period, PeriodStatus.Closed, input, totals.ToDictionary(total => (total.PartyId, total.Currency), total => total.CarryIn));
        checks.Demand(
            ProofCheck.Split,
            Same(PeriodLists.Splits(settlement), lists[(int)PeriodListName.Splits]) && Same(PeriodLists.Totals(settlement), lists[(int)PeriodListName.Totals]),
            "The agreements, run again, give other shares than were signed.");

        IReadOnlyList<T> Read<T>(PeriodListName name, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
            [.. lists[(int)name].Select(item => ProofItems.Read(item, type))];

        static string Encode(NetLine line) => JsonSerializer.Serialize(line, ProofItems.Default.NetLine);

        static bool Same(IReadOnlyList<byte[]> left, IReadOnlyList<byte[]> right) =>
            left.Count == right.Count && left.Zip(right).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));
    }

    private static ImmutableArray<IReadOnlyList<byte[]>> ReadLists(string folder, PeriodRecord record, ProofChecks checks)
    {
        var json = ProofFormat.ParseObject(ReadBounded(Path.Combine(folder, AuditBundle.ListsFile)), "bundle's lists", int.MaxValue);
        var lists = ImmutableArray.CreateBuilder<IReadOnlyList<byte[]>>();
        foreach (var name in Enum.GetValues<PeriodListName>())
        {
            var items = json.Field(AuditBundle.NameOf(name), JsonValueKind.Array).EnumerateArray()
                .Select(entry => (Item: entry.BytesField("item"), Salt: entry.BytesField("salt"))).ToList();
            ProofChecks.All.Demand(
                ProofCheck.Format, items.All(entry => entry.Salt.Length == SumLeaf.SaltBytes), $"A salt has {SumLeaf.SaltBytes} bytes.");
            var commitment = new PeriodList(
                items.Count, MerkleTree.Root([.. items.Select(entry => CommittedList.Leaf(entry.Salt, entry.Item))]));
            checks.Demand(ProofCheck.List, commitment == record[name], $"The list '{AuditBundle.NameOf(name)}' is not what was signed.");
            lists.Add([.. items.Select(entry => entry.Item)]);
        }
        return lists.ToImmutable();
    }

    private static List<Receipt> ReadBetween(string path)
    {
        var receipts = new List<Receipt>();
        using var stream = File.OpenRead(path);
        while (stream.Position < stream.Length)
            receipts.Add(ProofFormat.ReadReceipt(LeafReading.ReadBytes(stream)));
        return receipts;
    }

    private static byte[] ReadBounded(string path) => new FileInfo(path).Length <= int.MaxValue
        ? File.ReadAllBytes(path)
        : throw new ProofException(ProofCheck.Format, $"{path} is too long.");
}

/// <summary>The leaves of a bundle as they are read, in the memory of what each receipt's chain and sums need.</summary>
internal sealed class LeafReading
{
    private readonly SumTrees _trees = new();
    private readonly Dictionary<RevenueGroup, (long Receipts, Amount Gross)> _revenue = [];

    public IReadOnlyList<(Currency Currency, SumTreeKind Kind, IReadOnlyList<SumChunk> Chunks)> Trees { get; private set; } = [];

    /// <summary>Where each opened receipt stands in its key's series.</summary>
    public List<ReceiptLink> Receipts { get; } = [];

    /// <summary>Every receipt's hash by its id; zero where it can't be opened.</summary>
    public Dictionary<string, Digest> Hashes { get; } = new(StringComparer.Ordinal);

    public bool HasErased { get; private set; }

    /// <summary>What receipts and adjustments come to by what they say themselves.</summary>
    public IReadOnlyDictionary<RevenueGroup, (long Receipts, Amount Gross)> Revenue => _revenue;

    public static LeafReading Of(string path, ProofChecks checks)
    {
        var reading = new LeafReading();
        using var stream = File.OpenRead(path);
        using var buffered = new BufferedStream(stream, 1 << 16);
        for (int kind; (kind = buffered.ReadByte()) >= 0;)
            reading.Add(kind, buffered, checks);
        reading.Trees = reading._trees.Complete();
        return reading;
    }

    public static byte[] ReadBytes(Stream stream)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(ReadExactly(stream, sizeof(int)));
        ProofChecks.All.Demand(ProofCheck.Format, length is >= 0 and <= AuditBundle.MostItemBytes, "The bundle holds an item that is too long.");
        return ReadExactly(stream, length);
    }

    private void Add(int kind, Stream stream, ProofChecks checks)
    {
        switch (kind)
        {
            case AuditBundle.Receipt:
                AddReceipt(ReadExactly(stream, SumLeaf.SaltBytes), ReadBytes(stream), checks);
                break;
            case AuditBundle.Adjustment:
                AddAdjustment(ReadExactly(stream, SumLeaf.SaltBytes), ReadBytes(stream), checks);
                break;
            case AuditBundle.Erased:
                AddErased(stream, checks);
                break;
            default:
                throw new ProofException(ProofCheck.Format, "The bundle's leaves hold what is none.");
        }
    }

    private void AddReceipt(byte[] salt, byte[] canonical, ProofChecks checks)
    {
        var receipt = ProofFormat.ReadReceipt(canonical);
        _trees.Add(receipt.Currency, SumTreeKind.Receipts, SumLeaf.Of(receipt, SumLeaf.Commit(salt, canonical)), checks);
        var hash = Digest.Of(canonical);
        Receipts.Add(new(receipt.KeyId, receipt.MeterId ?? "", receipt.KeyNumber, receipt.PreviousHash, hash));
        Hashes[receipt.Id] = hash;
        AddRevenue(
            new(receipt.Currency, receipt.Model, receipt.AppId, receipt.AgreementVersion, receipt.Period, receipt.Adapter?.Name), 1, receipt.Charge);
    }

    private void AddAdjustment(byte[] salt, byte[] item, ProofChecks checks)
    {
        var adjustment = ProofItems.Read(item, ProofItems.Default.Adjustment);
        _trees.Add(
            adjustment.Currency, AdjustmentItem.KindOf(adjustment), AdjustmentItem.Leaf(adjustment, SumLeaf.Commit(salt, item)), checks);
        foreach (var part in adjustment.Parts)
            AddRevenue(
                new(
                    adjustment.Currency, part.Share.Model, part.Share.AppId, part.Share.AgreementVersion, adjustment.ServicePeriod,
                    part.Share.Adapter),
                0, part.Amount);
    }

    private void AddErased(Stream stream, ProofChecks checks)
    {
        HasErased = true;
        _ = Currency.TryParse(Encoding.Latin1.GetString(ReadExactly(stream, 3)), out var currency);
        var kind = ReadExactly(stream, 1)[0];
        var sums = Sums.Read(ReadExactly(stream, Sums.Size));
        var commitment = Digest.FromBytes(ReadExactly(stream, Digest.Size));
        var id = Encoding.Latin1.GetString(ReadExactly(stream, ReadExactly(stream, 1)[0]));
        ProofChecks.All.Demand(
            ProofCheck.Format, currency is not null && kind <= (byte)SumTreeKind.Reductions && SumLeaf.IsId(id), "The bundle's leaves hold what is none.");
        _trees.Add(currency!, (SumTreeKind)kind, new(id, sums, commitment), checks);
        Hashes[id] = default;
    }

    private void AddRevenue(RevenueGroup group, long receipts, Amount gross)
    {
        var (count, sum) = _revenue.GetValueOrDefault(group, (0, Amount.Zero(group.Currency)));
        _revenue[group] = (count + receipts, sum + gross);
    }

    private static byte[] ReadExactly(Stream stream, int count)
    {
        var bytes = new byte[count];
        return stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false) == count
            ? bytes
            : throw new ProofException(ProofCheck.Format, "The bundle's leaves are cut off.");
    }
}

/// <summary>Where a receipt stands in its key's series.</summary>
internal readonly record struct ReceiptLink(string KeyId, string MeterId, long Number, Digest Previous, Digest Hash);

/// <summary>Checks that keys' receipts are numbered without a gap and chained, from where the last close left them to where this one did.</summary>
internal static class KeySeries
{
    /// <param name="tails">Where series end, and began after the close before.</param>
    /// <param name="receipts">The period's receipts.</param>
    /// <param name="between">Receipts of other months that stand between them.</param>
    /// <param name="hasErased">Whether some receipts can't be opened, so that gaps prove nothing.</param>
    /// <param name="checks">The checks made.</param>
    public static void Demand(
        IReadOnlyList<KeyTail> tails, IReadOnlyList<ReceiptLink> receipts, IReadOnlyList<Receipt> between, bool hasErased, ProofChecks checks)
    {
        var links = receipts.Concat(between.Select(receipt => new ReceiptLink(
                receipt.KeyId, receipt.MeterId ?? "", receipt.KeyNumber, receipt.PreviousHash, receipt.Hash)))
            .GroupBy(link => (link.KeyId, link.MeterId)).ToDictionary(series => series.Key, series => series.OrderBy(link => link.Number).ToList());
        foreach (var tail in tails)
        {
            links.Remove((tail.KeyId, tail.MeterId), out var series);
            if (hasErased)
                continue;
            var (number, hash) = (tail.BeforeNumber, tail.BeforeHash);
            foreach (var link in (series ?? []).Where(link => link.Number > tail.BeforeNumber))
            {
                checks.Demand(
                    ProofCheck.KeyNumbers, link.Number == number + 1 && link.Previous == hash,
                    $"{tail.KeyId} goes from receipt {number} to {link.Number}: one is missing, or does not follow the other.");
                (number, hash) = (link.Number, link.Hash);
            }
            checks.Demand(
                ProofCheck.KeyTails, number == tail.Number && hash == tail.Hash,
                $"{tail.KeyId} ends with receipt {number} here, and the close committed to {tail.Number}.");
        }
        checks.Demand(ProofCheck.KeyTails, hasErased || links.Count == 0, "There are receipts of a key that the close committed to no end of.");
    }
}
