using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;

namespace Ayni.Ledger.Tests;

/// <summary>A dishonest host: it has the log's key and a signing key, and signs whatever it likes.</summary>
internal sealed class Forger
{
    public static readonly Currency Euro = Currency.Parse("EUR");
    public static readonly DateTimeOffset Noon = new(2026, 11, 5, 12, 0, 0, TimeSpan.Zero);

    private readonly SigningKey _log = new(RandomNumberGenerator.GetBytes(32));
    private readonly SigningKey _signing = new(RandomNumberGenerator.GetBytes(32));

    public Forger() => Certificate = KeyCertificate.Create(
        LogKey.Name, _log.Sign, new("host.example", SigningHost.StandardPromise), _signing.PublicBytes, Noon);

    public PublicKey LogKey => _log.ForNotes("example.com/forged");

    public KeyCertificate Certificate { get; }

    /// <summary>The certificate of the signing key, for a host or as the first version was.</summary>
    public byte[] Certify(SigningHost? host) => KeyCertificate.Create(LogKey.Name, _log.Sign, host, _signing.PublicBytes, Noon).Encode();

    /// <summary>A receipt of 10 units unless said otherwise.</summary>
    public static Receipt Receipt(
        string id, string customer = "cus_a", string key = "key_a", long number = 1, long units = 10, Receipt? previous = null, string? app = null) => new()
        {
            Id = id,
            RequestId = "req_" + id,
            KeyId = key,
            KeyNumber = number,
            PreviousHash = previous?.Hash ?? (number == 1 ? Digest.Zero : Digest.Of("some"u8)),
            AdmittedAt = Noon,
            Period = TestLedger.Period,
            MeterId = null,
            Model = "llama",
            ModelDigest = Digest.Of("model"u8),
            Adapter = null,
            AppId = app,
            CustomerId = customer,
            Counts = new(10, 0, 0),
            Outcome = Outcome.Completed,
            PriceVersion = 1,
            AgreementVersion = 1,
            Charge = new(units, Euro),
        };

    /// <summary>A receipt in a signed batch of its own.</summary>
    public ReceiptProof Sign(Receipt receipt, PeriodProof? period = null, DateTimeOffset? sealedAt = null, DateTimeOffset? loggedBy = null)
    {
        var canonical = ReceiptFormat.Encode(receipt);
        var batch = new Batch(LogKey.Name, 1, sealedAt ?? Noon, loggedBy ?? Noon.AddHours(1), 1, MerkleTree.Leaf(Digest.Of(canonical))).Encode();
        return new()
        {
            Canonical = canonical,
            Batch = batch,
            Index = 0,
            Path = [],
            Signature = _signing.Sign(batch),
            Certificate = Certificate.Encode(),
            Period = period,
        };
    }

    /// <summary>The JSON of a receipt's proof.</summary>
    public static JsonElement View(ReceiptProof proof)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
            proof.WriteTo(writer);
        return ProofFormat.ParseObject(bytes.ToArray(), "receipt");
    }

    /// <summary>A record of a month with one tree and whatever lists; it is the first, or follows another.</summary>
    public PeriodRecord Record(SumNode root, IEnumerable<(PeriodListName Name, PeriodList List)> lists, byte[]? previous = null) => new(
        LogKey.Name, MonthAfter(previous), MonthAfter(previous).Next.Start, previous is null ? Digest.Zero : Digest.Of(previous),
        [new(Euro, SumTreeKind.Receipts, root)],
        [
            .. Enum.GetValues<PeriodListName>().Select(name =>
                lists.FirstOrDefault(list => list.Name == name) is { List.Count: > 0 } found ? found.List : new PeriodList(0, MerkleTree.Empty)),
        ]);

    /// <summary>A month's proof of a receipt: some path to some root, and the end of its key's receipts.</summary>
    public PeriodProof Prove(Receipt receipt, byte[] salt, SumPath path, SumNode root, KeyTail? tail = null)
    {
        tail ??= new KeyTail(receipt.KeyId, "", 0, Digest.Zero, receipt.KeyNumber, receipt.Hash);
        var tails = new CommittedList([tail.Encode()], new byte[32], TestLedger.Period, PeriodListName.KeyTails);
        var record = Record(root, [(PeriodListName.KeyTails, tails.Commitment)]).Encode();
        return new()
        {
            Record = record,
            Signature = _signing.Sign(record),
            Certificate = Certificate.Encode(),
            Sum = new SumProof(Euro, SumTreeKind.Receipts, salt, path).Encode(),
            Tail = tails.Prove(0),
        };
    }

    public byte[] SignWithSigningKey(byte[] message) => _signing.Sign(message);

    public Checkpoint Checkpoint(long size, Digest root) => Receipts.Checkpoint.Sign(LogKey, size, root, _log.Sign);

    /// <summary>A log of some entries, in memory.</summary>
    public LogReader Log(params byte[][] entries)
    {
        Digest[] leaves = [.. entries.Select(entry => MerkleTree.Leaf(entry))];
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            [LogReader.CheckpointName] = Checkpoint(entries.Length, MerkleTree.Root(leaves)).Encode(),
        };
        var bundle = entries.SelectMany(entry => (byte[])[(byte)(entry.Length >> 8), (byte)entry.Length, .. entry]).ToArray();
        files[new TilePath(null, 0, entries.Length).ToString()] = bundle;
        files[new TilePath(0, 0, entries.Length).ToString()] = ProofFormat.Bytes(leaves);
        return new(name => files.GetValueOrDefault(name));
    }

    /// <summary>The view of such a log.</summary>
    public LogView View(ProofChecks checks, params byte[][] entries) => LogView.Read(Log(entries), LogKey, [], Noon, checks);

    /// <summary>A receipt whose batch a log's entry holds, which stands at some place among others.</summary>
    public ReceiptProof Logged(ReceiptProof proof, byte[][] entries, int place)
    {
        Digest[] leaves = [.. entries.Select(entry => MerkleTree.Leaf(entry))];
        var checkpoint = Checkpoint(entries.Length, MerkleTree.Root(leaves));
        var logProof = new LogProof(place, [.. MerkleTree.Path<Digest>(leaves, place, MerkleTree.Join)], checkpoint);
        return proof with { Log = new(new(entries[place], logProof), 0, []) };
    }

    public static byte[] BatchesEntry(ReceiptProof proof) =>
        new LogEntry.Batches(1, 1, MerkleTree.Leaf(Digest.Of(proof.Batch))).Encode();

    /// <summary>Writes a bundle of receipts as they come, signed, whose lists add up.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="receipts">The leaves in their order.</param>
    /// <param name="tails">Where keys end.</param>
    /// <param name="change">Changes lists before they are committed to.</param>
    /// <param name="tamper">Changes lists after they were.</param>
    /// <param name="erased">Of which customer it says that some receipts are which can't be opened, as it says; null where they are
    /// open.</param>
    /// <param name="between">Receipts said to count in other months.</param>
    /// <param name="previous">The record before; null makes it the first.</param>
    /// <returns>The record.</returns>
    public byte[] WriteBundle(
        string folder, IReadOnlyList<Receipt> receipts, IReadOnlyList<KeyTail> tails, Action<Dictionary<PeriodListName, List<byte[]>>>? change = null,
        Action<Dictionary<PeriodListName, List<byte[]>>>? tamper = null, Func<Receipt, string?>? erased = null,
        IReadOnlyList<Receipt>? between = null, byte[]? previous = null)
    {
        Directory.CreateDirectory(folder);
        var month = MonthAfter(previous);
        var unordered = new ProofChecks(ProofCheck.Order);
        var trees = new SumTrees();
        using (var writer = new BinaryWriter(File.Create(Path.Combine(folder, AuditBundle.LeavesFile))))
        {
            foreach (var receipt in receipts)
            {
                var canonical = ReceiptFormat.Encode(receipt);
                var salt = RandomNumberGenerator.GetBytes(16);
                var commitment = SumLeaf.Commit(salt, canonical);
                trees.Add(Euro, SumTreeKind.Receipts, SumLeaf.Of(receipt, commitment), unordered);
                if (erased?.Invoke(receipt) is { } customer)
                    AuditBundle.WriteErased(writer, receipt with { CustomerId = customer }, receipt.Hash, commitment);
                else
                    AuditBundle.WriteOpened(writer, AuditBundle.Receipt, salt, canonical);
            }
        }
        using (var writer = new BinaryWriter(File.Create(Path.Combine(folder, AuditBundle.BetweenFile))))
        {
            foreach (var receipt in between ?? [])
            {
                writer.Write(AuditBundle.Receipt);
                AuditBundle.WriteBytes(writer, ReceiptFormat.Encode(receipt));
            }
        }
        var lists = Lists(receipts, tails, month: month);
        change?.Invoke(lists);
        var committed = lists.ToDictionary(list => list.Key, list => new CommittedList(list.Value, new byte[32], month, list.Key));
        var record = Record(
            SumTreeBuilder.Root(trees.Complete()[0].Chunks), committed.Select(list => (list.Key, list.Value.Commitment)), previous).Encode();
        tamper?.Invoke(lists);
        File.WriteAllText(
            Path.Combine(folder, AuditBundle.RecordFile),
            $$"""
            {"version":1,"record":"{{Convert.ToBase64String(record)}}","signature":"{{Convert.ToBase64String(_signing.Sign(record))}}",
            "certificate":"{{Convert.ToBase64String(Certificate.Encode())}}","later_agreements":[]{{(previous is null ? ""
                : $",\"previous\":\"{Convert.ToBase64String(previous)}\"")}}}
            """);
        var json = lists.Select(list => $"\"{AuditBundle.NameOf(list.Key)}\":[" + string.Join(',', list.Value.Select((item, i) =>
            $$"""{"item":"{{Convert.ToBase64String(item)}}","salt":"{{Convert.ToBase64String(committed[list.Key].Opened(i).Salt)}}"}""")) + "]");
        File.WriteAllText(Path.Combine(folder, AuditBundle.ListsFile), "{" + string.Join(',', json) + "}");
        return record;
    }

    private static Period MonthAfter(byte[]? previous) => previous is null ? TestLedger.Period : PeriodRecord.Decode(previous).Period.Next;

    /// <summary>The parties' terms: 30 % to the owner, 70 % to the host.</summary>
    public static Agreement Terms(int ownersParts = 300_000) => new(
        1, null, [new(Role.Licensor, "pty_owner", ownersParts), new(Role.Host, "pty_host", Share.Whole - ownersParts)], null, Noon);

    /// <summary>Lists that add up, with a payment provider's fee of so many units.</summary>
    /// <param name="receipts">The receipts.</param>
    /// <param name="tails">Where keys end.</param>
    /// <param name="fee">The fee.</param>
    /// <param name="month">The month.</param>
    /// <param name="agreement">The agreement; its own by default.</param>
    /// <param name="paysDeveloper">Whether the app's developer earns its share.</param>
    public static Dictionary<PeriodListName, List<byte[]>> Lists(
        IReadOnlyList<Receipt> receipts, IReadOnlyList<KeyTail> tails, long fee = 3, Period? month = null, AgreementItem? agreement = null,
        bool paysDeveloper = true)
    {
        var period = month ?? TestLedger.Period;
        agreement ??= AgreementItem.Of(Terms());
        var deduction = new Deduction(DeductionType.PaymentFee, "report 1", period, period, null, null, new(fee, Euro));
        var developers = new Dictionary<string, string> { ["app_poems"] = "pty_maker" };
        var lines = RevenueLine.Collect(each => receipts.ToList().ForEach(each), [], new(), developers);
        var net = NetLine.Allocate(
            period, lines, [deduction], [], group => paysDeveloper && group.AppId is { } app ? developers[app] : null, _ => 1);
        var settlement = Settlement.Of(
            period, PeriodStatus.Closed,
            new(net, [deduction], new Dictionary<long, Agreement> { [1] = agreement.ToAgreement() }, ImmutableHashSet<long>.Empty, new()),
            new Dictionary<(string, Currency), Amount>());
        return new()
        {
            [PeriodListName.KeyTails] = [.. tails.Select(tail => tail.Encode())],
            [PeriodListName.Gross] = [.. net.Select(item => JsonSerializer.SerializeToUtf8Bytes(item, ProofItems.Default.NetLine))],
            [PeriodListName.Deductions] = [JsonSerializer.SerializeToUtf8Bytes(deduction, ProofItems.Default.Deduction)],
            [PeriodListName.Splits] = [.. PeriodLists.Splits(settlement)],
            [PeriodListName.Totals] = [.. PeriodLists.Totals(settlement)],
            [PeriodListName.Agreements] = [agreement.Encode()],
            [PeriodListName.Statements] = [],
            [PeriodListName.Collections] = [],
            [PeriodListName.Carried] = [],
            [PeriodListName.Facts] =
            [
                .. new FactItem[] { new(Zone: "UTC"), new(App: "app_poems", Developer: "pty_maker") }
                    .Select(fact => JsonSerializer.SerializeToUtf8Bytes(fact, ProofItems.Default.FactItem)),
            ],
        };
    }
}
