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

    public Forger() => Certificate = KeyCertificate.Create(LogKey.Name, _log, _signing.PublicBytes, Noon);

    public PublicKey LogKey => _log.ForNotes("example.com/forged");

    public KeyCertificate Certificate { get; }

    /// <summary>A receipt of 10 units unless said otherwise.</summary>
    public static Receipt Receipt(string id, string customer = "cus_a", string key = "key_a", long number = 1, long units = 10, Receipt? previous = null) => new()
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
        AppId = null,
        CustomerId = customer,
        Counts = new(10, 0, 0),
        Outcome = Outcome.Completed,
        PriceVersion = 1,
        AgreementVersion = 1,
        Charge = new(units, Euro),
    };

    /// <summary>A receipt in a signed batch of its own.</summary>
    public ReceiptProof Sign(Receipt receipt, PeriodProof? period = null)
    {
        var canonical = ReceiptFormat.Encode(receipt);
        var batch = new Batch(LogKey.Name, 1, Noon, Noon.AddHours(1), 1, MerkleTree.Leaf(Digest.Of(canonical))).Encode();
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

    /// <summary>A record of a month with one tree and whatever lists.</summary>
    public PeriodRecord Record(SumNode root, params (PeriodListName Name, PeriodList List)[] lists) => new(
        LogKey.Name, TestLedger.Period, new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero), Digest.Zero,
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
        var record = Record(root, (PeriodListName.KeyTails, tails.Commitment)).Encode();
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

    public Checkpoint Checkpoint(long size, Digest root) => Ledger.Checkpoint.Sign(LogKey, size, root, _log);

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
    public void WriteBundle(
        string folder, IReadOnlyList<Receipt> receipts, IReadOnlyList<KeyTail> tails, Action<Dictionary<PeriodListName, List<byte[]>>>? change = null,
        Action<Dictionary<PeriodListName, List<byte[]>>>? tamper = null)
    {
        Directory.CreateDirectory(folder);
        var unordered = new ProofChecks(ProofCheck.Order);
        var trees = new SumTrees();
        using (var writer = new BinaryWriter(File.Create(Path.Combine(folder, AuditBundle.LeavesFile))))
        {
            foreach (var receipt in receipts)
            {
                var canonical = ReceiptFormat.Encode(receipt);
                var salt = RandomNumberGenerator.GetBytes(16);
                trees.Add(Euro, SumTreeKind.Receipts, SumLeaf.Of(receipt, SumLeaf.Commit(salt, canonical)), unordered);
                AuditBundle.WriteOpened(writer, AuditBundle.Receipt, salt, canonical);
            }
        }
        File.WriteAllBytes(Path.Combine(folder, AuditBundle.BetweenFile), []);
        var lists = Lists(receipts, tails);
        change?.Invoke(lists);
        var committed = lists.ToDictionary(list => list.Key, list => new CommittedList(list.Value, new byte[32], TestLedger.Period, list.Key));
        var record = Record(
            SumTreeBuilder.Root(trees.Complete()[0].Chunks), [.. committed.Select(list => (list.Key, list.Value.Commitment))]).Encode();
        tamper?.Invoke(lists);
        File.WriteAllText(
            Path.Combine(folder, AuditBundle.RecordFile),
            $$"""
            {"version":1,"record":"{{Convert.ToBase64String(record)}}","signature":"{{Convert.ToBase64String(_signing.Sign(record))}}",
            "certificate":"{{Convert.ToBase64String(Certificate.Encode())}}"}
            """);
        var json = lists.Select(list => $"\"{AuditBundle.NameOf(list.Key)}\":[" + string.Join(',', list.Value.Select((item, i) =>
            $$"""{"item":"{{Convert.ToBase64String(item)}}","salt":"{{Convert.ToBase64String(committed[list.Key].Opened(i).Salt)}}"}""")) + "]");
        File.WriteAllText(Path.Combine(folder, AuditBundle.ListsFile), "{" + string.Join(',', json) + "}");
    }

    /// <summary>The parties' terms: 30 % to the owner, 70 % to the host.</summary>
    public static Agreement Terms(int ownersParts = 300_000) => new(
        1, null, [new(Role.Licensor, "pty_owner", ownersParts), new(Role.Host, "pty_host", Share.Whole - ownersParts)], null, Noon);

    /// <summary>Lists that add up, with a payment provider's fee of so many units.</summary>
    public static Dictionary<PeriodListName, List<byte[]>> Lists(IReadOnlyList<Receipt> receipts, IReadOnlyList<KeyTail> tails, long fee = 3)
    {
        var deduction = new Deduction(DeductionType.PaymentFee, "report 1", TestLedger.Period, TestLedger.Period, null, null, new(fee, Euro));
        var line = new RevenueLine(
            new(Euro, "llama", null, 1, TestLedger.Period), receipts.Count, receipts.Aggregate(default(TokenCounts), (sum, receipt) => sum + receipt.Counts),
            receipts.Aggregate(Amount.Zero(Euro), (sum, receipt) => sum + receipt.Charge));
        var net = NetLine.Allocate(TestLedger.Period, [line], [deduction], [], _ => null, _ => 1);
        var settlement = Settlement.Of(
            TestLedger.Period, PeriodStatus.Closed,
            new(net, [deduction], new Dictionary<long, Agreement> { [1] = Terms() }, ImmutableHashSet<long>.Empty, new()),
            new Dictionary<(string, Currency), Amount>());
        return new()
        {
            [PeriodListName.KeyTails] = [.. tails.Select(tail => tail.Encode())],
            [PeriodListName.Gross] = [.. net.Select(item => JsonSerializer.SerializeToUtf8Bytes(item, ProofItems.Default.NetLine))],
            [PeriodListName.Deductions] = [JsonSerializer.SerializeToUtf8Bytes(deduction, ProofItems.Default.Deduction)],
            [PeriodListName.Splits] = [.. PeriodLists.Splits(settlement)],
            [PeriodListName.Totals] = [.. PeriodLists.Totals(settlement)],
            [PeriodListName.Agreements] = [AgreementItem.Of(Terms()).Encode()],
            [PeriodListName.Statements] = [],
            [PeriodListName.Collections] = [],
            [PeriodListName.Carried] = [],
        };
    }
}
