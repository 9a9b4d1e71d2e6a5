using System.Collections.Immutable;
using System.Text.Json;

namespace Ayni.Ledger;

/// <summary>
/// Runs closed periods again from their bundles, elsewhere and without the ledger: trees from their leaves, keys' numbers, lists, sums, the
/// split from the agreements in force, and how one month goes on from the other.
/// </summary>
public static class AuditVerifier
{
    /// <summary>Verifies a bundle. Throws <see cref="ProofException"/> that names the check which fails.</summary>
    /// <param name="folder">The bundle.</param>
    /// <param name="logKey">The log's key, from somewhere trusted; null takes the certificate's word for whose log it is.</param>
    /// <param name="log">The log as it is now; null leaves open what only the log shows.</param>
    /// <param name="now">What time it is.</param>
    /// <param name="before">The month before, audited, which this one must go on from; null leaves open what was before.</param>
    public static AuditedPeriod Verify(string folder, PublicKey? logKey, LogReader? log, DateTimeOffset now, AuditedPeriod? before = null) =>
        Verify(folder, logKey, log is null ? null : LogView.Read(log, logKey, [], now, ProofChecks.All), ProofChecks.All, before);

    internal static AuditedPeriod Verify(string folder, PublicKey? logKey, LogView? log, ProofChecks checks, AuditedPeriod? before = null)
    {
        var head = ProofFormat.ParseObject(ReadBounded(Path.Combine(folder, AuditBundle.RecordFile)), "bundle", AuditBundle.MostItemBytes);
        ProofChecks.All.Demand(
            ProofCheck.Format, head.NumberField("version") == 1, "The bundle's version is not 1; use the newer program.");
        var (canonical, certificate) = (head.BytesField("record"), head.BytesField("certificate"));
        var logged = head.OptionalField("tlog_proof") is null ? null : LoggedEntry.Parse(head);
        var record = SignedRecord.Demand(canonical, head.BytesField("signature"), certificate, logged, logKey, checks);
        var previous = head.OptionalField("previous") is null ? null : head.BytesField("previous");
        checks.Demand(
            ProofCheck.Path, record.Previous == (previous is null ? Digest.Zero : Digest.Of(previous)),
            "The record before is not the one that this one follows.");
        var lists = ReadLists(ReadBounded(Path.Combine(folder, AuditBundle.ListsFile)), record, checks);
        try
        {
            var settlement = new SettlementVerifier(record, lists, checks);
            settlement.Facts.Revenue.AddReplacements(settlement.Agreements.Select(item => item.ToAgreement()));
            var leaves = BundleLeaves.Of(Path.Combine(folder, AuditBundle.LeavesFile), settlement.Facts, checks);
            DemandTrees(record, leaves.Trees, checks);
            checks.Demand(
                ProofCheck.Continuity, leaves.LatestMonth <= record.Period,
                $"A receipt is of {leaves.LatestMonth}, and {record.Period} can't count it yet.");
            IReadOnlyList<ReceiptBetween> between;
            using (var stream = new BufferedStream(File.OpenRead(Path.Combine(folder, AuditBundle.BetweenFile)), 1 << 16))
                between = ReadBetween(stream);
            IReadOnlyList<KeyTail> tails = [.. lists[(int)PeriodListName.KeyTails].Select(item => KeyTail.Decode(item))];
            KeySeries.Demand(tails, leaves.Receipts, between, checks);
            var result = new VerificationBuilder();
            foreach (var tree in record.Trees)
                result.Prove(
                    $"{record.Period} of {record.Origin} has {tree.Root.Sums.Leaves} {tree.Kind.ToString().ToLowerInvariant()} in {tree.Currency} "
                    + $"that come to {new Amount(tree.Root.Sums.Units, tree.Currency)}, none twice, and they are what was signed.");
            result.Prove("Keys' receipts are numbered without a gap and chained, up to the last number committed to.");
            ReportErased(leaves, between, log, result, checks);
            var settled = settlement.Demand(leaves);
            result.Prove(
                $"Until {record.End:u} ({settlement.Facts.Zone}): revenue follows from {(leaves.Erased.Count == 0 ? "" : "open ")}receipts, adjustments "
                + "and facts, deductions and collections are what was signed, and the agreements in force, run again, give the shares and sums that "
                + "were signed.");
            var end = PeriodEnd.Demand(
                record, Digest.Of(canonical), before?.End, tails, leaves, between, settlement.Carried, settled, result, checks);
            ReportFacts(settlement.Facts, result);
            AgreementVerifier.Verify(settlement.Agreements, record.Origin, log, result, checks);
            foreach (var deduction in settlement.Deductions)
                DeductionNote.Verify(deduction, record.Origin, record.Period, log, result, checks);
            DemandAllAgreements(record, settlement.Agreements, ReadLater(head), log, result, checks);
            if (logKey is null)
                result.LeaveOpen($"Who {record.Origin} is: give the log's key, from somewhere you trust, with --key.");
            ReportLog(record, log, canonical, certificate, logged, result, checks);
            ReportObjections(Path.Combine(folder, AuditBundle.ObjectionsFile), record.Period, log, result, checks);
            result.LeaveOpen("That evidence of deductions and collections is true, beyond what customers signed: that is outside the books.");
            ReceiptVerifier.AddLimits(result);
            return new(record, result.Build(), leaves, end);
        }
        catch (Exception error) when (error is OverflowException or CurrencyMismatchException)
        {
            throw new ProofException(ProofCheck.Format, "An amount in the bundle is too large, or in another currency than those it belongs to.");
        }
    }

    private static void ReportLog(
        PeriodRecord record, LogView? log, byte[] canonical, byte[] certificate, LoggedEntry? logged, VerificationBuilder result, ProofChecks checks)
    {
        if (log is not null)
        {
            log.CheckPeriod(canonical, KeyCertificate.Decode(certificate).KeyId, logged, checks);
            result.Prove(
                $"The log, of {log.Checkpoint.Size} entries now, holds this record, and the key that signed it was not revoked before.");
        }
        else
        {
            result.LeaveOpen($"That everybody sees the same record of {record.Period}, and that its key was not revoked: give the log with --log.");
        }
    }

    /// <summary>Demands that whoever is said to be erased is wholly so and, with the log, that the log holds it.</summary>
    private static void ReportErased(
        BundleLeaves leaves, IReadOnlyList<ReceiptBetween> between, LogView? log, VerificationBuilder result, ProofChecks checks)
    {
        var erased = leaves.Erased.Values.Select(leaf => leaf.CustomerId)
            .Concat(between.Where(other => other.Receipt is null).Select(other => other.Link.CustomerId)).ToHashSet(StringComparer.Ordinal);
        if (erased.Count == 0)
            return;
        leaves.OpenCustomers.UnionWith(between.Select(other => other.Receipt?.CustomerId).OfType<string>());
        foreach (var customer in erased)
        {
            checks.Demand(ProofCheck.Erasure, !leaves.OpenCustomers.Contains(customer), $"{customer} is said to be erased, and some of its receipts are open.");
            checks.Demand(ProofCheck.Erasure, log?.HasErased(customer) != false, $"{customer} is said to be erased, and the log holds no erasure.");
        }
        if (log is not null)
            result.Prove($"The log holds that {erased.Count} customers were erased, whose items alone can't be opened.");
        else
            result.LeaveOpen($"That {erased.Count} customers were erased, whose items can't be opened: give the log with --log.");
        foreach (var group in leaves.Erased.Values.GroupBy(leaf => (leaf.Currency, leaf.Kind)))
            result.LeaveOpen(
                $"Of which models, apps and agreements {group.Count()} {group.Key.Kind.ToString().ToLowerInvariant()} of erased customers are, "
                + $"{new Amount(group.Aggregate((Int128)0, (sum, leaf) => checked(sum + leaf.Sums.Units)), group.Key.Currency)} in all: "
                + "nobody can open them any more.");
    }

    /// <summary>Says what the host alone answers for.</summary>
    private static void ReportFacts(PeriodFacts facts, VerificationBuilder result)
    {
        if (facts.Developers.Count > 0)
            result.LeaveOpen(
                "That apps are whose the host says they are: "
                + string.Join(", ", facts.Developers.Select(app => $"{app.Key} of {app.Value}")) + "; a developer looks for its own.");
        result.LeaveOpen("That customers are where and whose, and that meters report for the hosts, as the bundle's facts say: by the host's word.");
    }

    /// <summary>Demands that no version is left out that the log held when it took in the month.</summary>
    private static void DemandAllAgreements(
        PeriodRecord record, IReadOnlyList<AgreementItem> agreements, IReadOnlyList<AgreementItem> later, LogView? log,
        VerificationBuilder result, ProofChecks checks)
    {
        if (log is null)
        {
            result.LeaveOpen("That no agreement was left out: give the log with --log.");
            return;
        }
        var versions = agreements.Select(item => item.Version).ToHashSet();
        foreach (var version in log.AgreementsBefore(record.Period).Where(version => !versions.Contains(version)))
        {
            var left = later.FirstOrDefault(item => item.Version == version);
            checks.Demand(ProofCheck.Agreements, left?.EffectiveFrom >= record.End, $"The log holds agreement {version}, and the bundle leaves it out.");
            if (left is not null)
                log.DemandAgreement(version, Digest.Of(left.Encode()), checks);
        }
        result.Prove("No agreement is left out that the log held before this month's record.");
    }

    private static IReadOnlyList<AgreementItem> ReadLater(JsonElement head) =>
    [
        .. head.Field("later_agreements", JsonValueKind.Array).EnumerateArray().Select(item =>
            item.ValueKind == JsonValueKind.String && item.TryGetBytesFromBase64(out var bytes)
                ? ProofItems.Read(bytes, ProofItems.Default.AgreementItem)
                : throw new ProofException(ProofCheck.Format, "A later agreement is not in base64.")),
    ];

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

    /// <summary>Reads <c>lists.json</c>, of which each list is what the record commits to.</summary>
    internal static ImmutableArray<IReadOnlyList<byte[]>> ReadLists(byte[] bytes, PeriodRecord record, ProofChecks checks)
    {
        var json = ProofFormat.ParseObject(bytes, "bundle's lists", int.MaxValue);
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

    /// <summary>Reads <c>between.bin</c>.</summary>
    internal static IReadOnlyList<ReceiptBetween> ReadBetween(Stream stream)
    {
        var reader = new BundleStream(stream);
        var between = new List<ReceiptBetween>();
        while (reader.TryReadByte() is { } kind)
        {
            ProofChecks.All.Demand(
                ProofCheck.Format, kind is AuditBundle.Receipt or AuditBundle.Erased, "The receipts between the bundle's hold what is none.");
            if (kind == AuditBundle.Erased)
            {
                between.Add(new(ReceiptLink.Read(reader), null));
                continue;
            }
            var canonical = reader.ReadItem();
            var receipt = ProofFormat.ReadReceipt(canonical);
            between.Add(new(ReceiptLink.Of(receipt, Digest.Of(canonical)), receipt));
        }
        return between;
    }

    private static byte[] ReadBounded(string path) => new FileInfo(path).Length <= int.MaxValue
        ? File.ReadAllBytes(path)
        : throw new ProofException(ProofCheck.Format, $"{path} is too long.");
}
