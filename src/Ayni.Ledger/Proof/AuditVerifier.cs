using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ayni.Ledger;

/// <summary>
/// Runs a closed period again from its bundle, elsewhere and without the ledger: trees from their leaves, keys' numbers, lists, sums, and the
/// split from the agreements.
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
        ProofChecks.All.Demand(
            ProofCheck.Format, head.NumberField("version") == 1, "The bundle's version is not 1; use the newer program.");
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
            var facts = new RevenueFacts();
            facts.AddReplacements(lists[(int)PeriodListName.Agreements]
                .Select(item => ProofItems.Read(item, ProofItems.Default.AgreementItem).ToAgreement()));
            var leaves = BundleLeaves.Of(Path.Combine(folder, AuditBundle.LeavesFile), facts, checks);
            DemandTrees(record, leaves.Trees, checks);
            var between = ReadBetween(Path.Combine(folder, AuditBundle.BetweenFile));
            KeySeries.Demand(
                [.. lists[(int)PeriodListName.KeyTails].Select(item => KeyTail.Decode(item))], leaves.Receipts, between, leaves.HasErased, checks);
            DemandGross(record, lists, leaves, checks);
            Rerun(record, lists, checks);
            var result = Report(record, lists, leaves, logKey, log, canonical, certificate, logged, checks);
            ReportObjections(Path.Combine(folder, AuditBundle.ObjectionsFile), record.Period, log, result, checks);
            ReceiptVerifier.AddLimits(result);
            return new(record, result.Build(), leaves.Hashes);
        }
        catch (OverflowException)
        {
            throw new ProofException(ProofCheck.Format, "An amount in the bundle is too large.");
        }
    }

    private static VerificationBuilder Report(
        PeriodRecord record, ImmutableArray<IReadOnlyList<byte[]>> lists, BundleLeaves leaves, PublicKey? logKey, LogView? log,
        byte[] canonical, byte[] certificate, LoggedEntry? logged, ProofChecks checks)
    {
        var result = new VerificationBuilder();
        foreach (var tree in record.Trees)
            result.Prove(
                $"{record.Period} of {record.Origin} has {tree.Root.Sums.Leaves} {tree.Kind.ToString().ToLowerInvariant()} in {tree.Currency} "
                + $"that come to {new Amount(tree.Root.Sums.Units, tree.Currency)}, none twice, and they are what was signed.");
        result.Prove("Keys' receipts are numbered without a gap and chained, up to the last number committed to.");
        result.Prove(
            "Revenue, deductions and collections are what was signed; run again, the agreements give the shares and sums that were signed.");
        AgreementVerifier.Verify(
            [.. lists[(int)PeriodListName.Agreements].Select(item => ProofItems.Read(item, ProofItems.Default.AgreementItem))],
            record.Origin, log, result, checks);
        foreach (var deduction in lists[(int)PeriodListName.Deductions])
        {
            DeductionNote.Verify(
                ProofItems.Read(deduction, ProofItems.Default.Deduction), record.Origin, record.Period, log, result, checks);
        }
        if (logKey is null)
            result.LeaveOpen($"Who {record.Origin} is: give the log's key, from somewhere you trust, with --key.");
        if (log is not null)
        {
            log.CheckPeriod(canonical, KeyCertificate.Decode(certificate).KeyId, logged, checks);
            result.Prove(
                $"The log, of {log.Checkpoint.Size} entries now, holds this record, and the key that signed it was not revoked before.");
        }
        else
        {
            result.LeaveOpen("That everybody sees the same record, and that its key was not revoked: give the log with --log.");
        }
        if (leaves.HasErased)
            result.LeaveOpen("What receipts of erased customers say beyond their sums: nobody can open them any more.");
        result.LeaveOpen("That evidence of deductions and collections is true, beyond what customers signed: that is outside the books.");
        result.LeaveOpen("What was carried in from the months before: audit their bundles, too.");
        return result;
    }

    /// <summary>Says which objections there are, and, with the log, demands that it holds what was said.</summary>
    private static void ReportObjections(string path, Period period, LogView? log, VerificationBuilder result, ProofChecks checks)
    {
        IEnumerable<JsonElement> items = File.Exists(path)
            ? ProofFormat.ParseObject(ReadBounded(path), "list of objections").Field("objections", JsonValueKind.Array).EnumerateArray()
            : [];
        var unseen = log?.ObjectionsTo(period).ToHashSet();
        foreach (var objection in items.Select(item => ProofItems.Read(
            System.Text.Encoding.UTF8.GetBytes(item.GetRawText()), ProofItems.Default.Objection)))
        {
            ProofChecks.All.Demand(
                ProofCheck.Format, objection.Period == period && !objection.Steps.IsDefaultOrEmpty,
                $"The objection {objection.Id} is not about {period}.");
            foreach (var step in objection.Steps)
                checks.Demand(
                    ProofCheck.Inclusion, unseen?.Remove(objection.EntryOf(step)) != false,
                    $"What {step.By} said about {objection.Id} is not what the log holds.");
            var correction = objection.Steps[^1].Correction is { } by ? $", by {by}" : "";
            var sentence = $"{objection.RaisedBy} objected to the {objection.Subject.ToString().ToLowerInvariant()} {objection.Reference}: "
                + $"{objection.State.ToString().ToLowerInvariant()}{correction} ({objection.Id}).";
            if (log is null)
                result.LeaveOpen("What the bundle says of an objection, without the log: " + sentence);
            else
                result.Prove(sentence);
        }
        if (log is null)
            result.LeaveOpen("That no objection was left out: give the log with --log.");
        else if (unseen!.Count > 0)
            result.LeaveOpen(
                $"What was said about {string.Join(", ", unseen.Select(step => step.Id).Distinct().Order(StringComparer.Ordinal))}: "
                + "the log holds it and the bundle does not; ask for the bundle again.");
    }

    private static void DemandTrees(
        PeriodRecord record, IReadOnlyList<(Currency Currency, SumTreeKind Kind, IReadOnlyList<SumChunk> Chunks)> trees, ProofChecks checks)
    {
        var roots = trees.Select(tree => new PeriodTree(tree.Currency, tree.Kind, SumTreeBuilder.Root(tree.Chunks))).ToArray();
        checks.Demand(ProofCheck.Path, roots.SequenceEqual(record.Trees), "The leaves do not give the trees that were signed.");
    }

    /// <summary>Demands that revenue by model, app and agreement adds up to the trees, and to the receipts of each.</summary>
    private static void DemandGross(
        PeriodRecord record, ImmutableArray<IReadOnlyList<byte[]>> lists, BundleLeaves leaves, ProofChecks checks)
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
                own.Sum(line => line.Receipts) == receipts.Leaves
                && own.Aggregate(default(TokenCounts), (sum, line) => sum + line.Counts) == receipts.Tokens
                && own.Aggregate(Amount.Zero(currency), (sum, line) => sum + line.Gross).Units == units,
                $"The revenue in {currency} is not what the receipts and adjustments come to.");
        }
        if (!leaves.HasErased)
        {
            var shown = lines.GroupBy(line => KindOf(line.Group)).ToDictionary(
                group => group.Key,
                group => (group.Sum(line => line.Receipts),
                    group.Aggregate(Amount.Zero(group.First().Group.Currency), (sum, line) => sum + line.Gross)));
            foreach (var (kind, sums) in leaves.Revenue.Where(revenue => !revenue.Key.Currency.IsTest))
                checks.Demand(
                    ProofCheck.Totals, shown.Remove(kind, out var found) && found == sums,
                    $"The revenue of {kind.Model} under agreement {kind.AgreementVersion} is not what its receipts and adjustments "
                    + "come to.");
            checks.Demand(
                ProofCheck.Totals, shown.Values.All(rest => rest.Item1 == 0 && rest.Item2.Sign == 0),
                "There is revenue that no receipt or adjustment is of.");
        }
    }

    /// <summary>What of a line's group its receipts say themselves.</summary>
    internal static RevenueGroup KindOf(RevenueGroup group) => group with { Territory = null, IsOwnUse = false, HostId = null };

    /// <summary>Takes deductions and collections off the revenue again, and runs the agreements again.</summary>
    private static void Rerun(PeriodRecord record, ImmutableArray<IReadOnlyList<byte[]>> lists, ProofChecks checks)
    {
        var lines = Read(PeriodListName.Gross, ProofItems.Default.NetLine);
        var deductions = Read(PeriodListName.Deductions, ProofItems.Default.Deduction);
        var agreements = Read(PeriodListName.Agreements, ProofItems.Default.AgreementItem)
            .ToDictionary(item => item.Version, item => item.ToAgreement());
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
            net.Select(Encode).SequenceEqual(lines.Select(Encode), StringComparer.Ordinal),
            "Deductions and collections, taken off again, leave other revenue.");
        checks.Demand(
            ProofCheck.Split, lines.All(line => agreements.ContainsKey(line.Line.Group.AgreementVersion)),
            "An agreement that shares revenue is missing.");
        var history = new ShareHistory();
        foreach (var item in carried)
        {
            if (item is { Key: { } key, Month: { } month, Carry: { } carry })
                history.Add(key, month, carry);
        }
        var input = new SettlementInput(
            lines, deductions, agreements, carried.Where(item => item.InForce is not null).Select(item => item.InForce!.Value).ToHashSet(),
            history);
        var settlement = Settlement.Of(
            record.Period, PeriodStatus.Closed, input, totals.ToDictionary(total => (total.PartyId, total.Currency), total => total.CarryIn));
        checks.Demand(
            ProofCheck.Split,
            Same(PeriodLists.Splits(settlement), lists[(int)PeriodListName.Splits])
            && Same(PeriodLists.Totals(settlement), lists[(int)PeriodListName.Totals]),
            "The agreements, run again, give other shares than were signed.");

        IReadOnlyList<T> Read<T>(PeriodListName name, JsonTypeInfo<T> type) =>
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
            receipts.Add(ProofFormat.ReadReceipt(BundleLeaves.ReadBytes(stream)));
        return receipts;
    }

    private static byte[] ReadBounded(string path) => new FileInfo(path).Length <= int.MaxValue
        ? File.ReadAllBytes(path)
        : throw new ProofException(ProofCheck.Format, $"{path} is too long.");
}
