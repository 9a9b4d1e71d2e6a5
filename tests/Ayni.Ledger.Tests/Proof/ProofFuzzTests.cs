using System.Text;
using System.Text.Json;

namespace Ayni.Ledger.Tests;

/// <summary>Whatever bytes a parser is given, it says no in one way, soon and without much memory, or says them back.</summary>
public sealed class ProofFuzzTests
{
    private const int Rounds = 3000;

    public static TheoryData<string> Parsers => [.. Samples().Select(sample => sample.Name)];

    [Theory]
    [MemberData(nameof(Parsers))]
    public void Mutated_and_random_bytes_are_read_or_refused(string name)
    {
        var (_, valid, parse) = Samples().Single(sample => sample.Name == name);
        parse(valid);
        var random = new Random(20261127);
        for (var i = 0; i < Rounds; i++)
        {
            var bytes = Mutate(valid, random);
            try
            {
                parse(bytes);
            }
            catch (ProofException)
            {
            }
        }
    }

    [Fact]
    public void Whatever_lists_a_host_signs_are_run_again_or_refused()
    {
        var (forger, random) = (new Forger(), new Random(7));
        var folder = Directory.CreateTempSubdirectory("ayni-fuzz-").FullName;
        try
        {
            var receipt = Forger.Receipt("rcp_1", app: "app_poems");
            for (var i = 0; i < 400; i++)
            {
                forger.WriteBundle(folder, [receipt], [new("key_a", "", 0, Digest.Zero, 1, receipt.Hash)], lists => Change(lists, random));
                try
                {
                    AuditVerifier.Verify(folder, forger.LogKey, null, ProofChecks.All);
                }
                catch (ProofException)
                {
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Change(Dictionary<PeriodListName, List<byte[]>> lists, Random random)
    {
        var filled = lists.Values.Where(list => list.Count > 0).ToList();
        var list = filled[random.Next(filled.Count)];
        var at = random.Next(list.Count);
        var text = Encoding.Latin1.GetString(list[at]);
        var digits = text.Select((letter, place) => (letter, place)).Where(item => char.IsAsciiDigit(item.letter)).Select(item => item.place).ToArray();
        switch (random.Next(5))
        {
            case 0:
                list.Insert(random.Next(list.Count + 1), list[at]);
                break;
            case 1:
                list.RemoveAt(at);
                break;
            case 2:
                list.Add(filled[random.Next(filled.Count)][0]);
                break;
            case 3:
                list[at] = Encoding.Latin1.GetBytes(
                    random.Next(2) == 0 ? text.Replace("EUR", "USD", StringComparison.Ordinal)
                        : text.Replace("pty_", "pty_x", StringComparison.Ordinal).Replace("UTC", "Mars/Base", StringComparison.Ordinal));
                break;
            case 4 when digits.Length > 0:
                var place = digits[random.Next(digits.Length)];
                list[at] = Encoding.Latin1.GetBytes(text.Remove(place, 1).Insert(place, new string((char)('0' + random.Next(10)), random.Next(1, 30))));
                break;
        }
    }

    private static byte[] Mutate(byte[] valid, Random random)
    {
        var bytes = new List<byte>(valid);
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(6))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                case 3 when at < bytes.Count:
                    bytes.RemoveAt(at);
                    break;
                case 4:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    bytes.InsertRange(at, Enumerable.Repeat((byte)255, random.Next(1, 9)));
                    break;
            }
        }
        return [.. bytes];
    }

    private static List<(string Name, byte[] Valid, Action<byte[]> Parse)> Samples()
    {
        var forger = new Forger();
        var receipt = Forger.Receipt("rcp_1");
        List<SumLeaf> leaves = [SumLeaf.Of(receipt, SumLeaf.Commit(new byte[16], ReceiptFormat.Encode(receipt))), .. SumTreeTests.Leaves(4)];
        var root = MerkleTree.Root<SumNode>(leaves.Select(leaf => leaf.ToNode(ProofChecks.All)).ToArray(), SumNode.Join);
        var path = SumTreeTests.PathOf(leaves, 0);
        var period = forger.Prove(receipt, new byte[16], path, root);
        byte[][] entries = [Forger.BatchesEntry(forger.Sign(receipt)), new LogEntry.Model("llama", Digest.Zero).Encode(),
            new LogEntry.ClosedPeriod(TestLedger.Period, Digest.Of(period.Record)).Encode()];
        var signed = forger.Logged(forger.Sign(receipt, period), entries, 0);
        var checkpoint = forger.Checkpoint(2, Digest.Of("root"u8)).Cosign(
            new SigningKey(new byte[32]).ForCosignatures("witness.example"), new SigningKey(new byte[32]).Sign, Forger.Noon);
        var log = forger.Log(entries);
        var statement = new StatementProof(
            period.Record, period.Signature, period.Certificate, null, period.Tail with { Item = Statement() }, [period.Tail]).Encode();
        var agreement = new AgreementNote(
            forger.LogKey.Name, 7, "agreement: \"bard\"\ncollector: \"pty_a\"\nshares:\n- name: \"r\"\n  payee: \"pty_b\"\n  rate: 20%\n").Text;
        var refund = new DeductionNote(
            forger.LogKey.Name,
            new(DeductionType.Refund, "talk 7", TestLedger.Period, TestLedger.Period, "llama", null, Amount.Parse("12.5", Forger.Euro)), "cus_a").Text;
        var pem = new string(System.Security.Cryptography.PemEncoding.Write(
            "PRIVATE KEY", [.. Convert.FromHexString("302e020100300506032b657004220420"), .. new byte[32]]));
        var objection = new Objection(
            "obj_1", ObjectionSubject.Deduction, "report 1", TestLedger.Period, "pty_a",
            [new(1, ObjectionState.Raised, Forger.Noon, "pty_a", "too much", null)]);
        var absence = new AbsenceStatement(
            "rcp_0", new(Forger.Euro, null, new(leaves[0], path)), period.Record, period.Signature, period.Certificate, null).Encode();
        var record = BundleFiles(forger, out var leavesFile, out var listsFile, out var betweenFile);
        var facts = PeriodFacts.Read([new(Zone: "UTC"), new(App: "app_poems", Developer: "pty_maker")]);
        return
        [
            ("leaves.bin", leavesFile, bytes => BundleLeaves.Of(new MemoryStream(bytes), facts, ProofChecks.All)),
            ("between.bin", betweenFile, bytes => AuditVerifier.ReadBetween(new MemoryStream(bytes))),
            // Lists that the record does not commit to are read to the end as well, each item as what it should be.
            ("lists.json", listsFile, bytes => new SettlementVerifier(
                record, AuditVerifier.ReadLists(bytes, record, new(ProofCheck.List)), ProofChecks.All).Demand(
                BundleLeaves.Of(new MemoryStream(leavesFile), facts, ProofChecks.All))),
            ("log entry of an erasure", LogEntry.Erasure.Of("cus_a").Encode(), bytes => Same(bytes, LogEntry.Decode(bytes).Encode())),
            // What is read must be said back to the byte, or two texts would prove the same.
            ("sum proof", SumBytes(), bytes => Same(bytes, SumProof.Decode(bytes).Encode())),
            ("absence proof", new AbsenceProof(Forger.Euro, new(leaves[2], path), null).Encode(), bytes => Same(bytes, AbsenceProof.Decode(bytes).Encode())),
            ("batch", signed.Batch, bytes => Same(bytes, Batch.Decode(bytes).Encode())),
            ("key certificate", signed.Certificate, bytes => Same(bytes, KeyCertificate.Decode(bytes).Encode())),
            ("key certificate of the first version", forger.Certify(null), bytes => Same(bytes, KeyCertificate.Decode(bytes).Encode())),
            ("period record", period.Record, bytes => Same(bytes, PeriodRecord.Decode(bytes).Encode())),
            ("key tail", period.Tail.Item, bytes => Same(bytes, KeyTail.Decode(bytes).Encode())),
            ("log entry of batches", entries[0], bytes => Same(bytes, LogEntry.Decode(bytes).Encode())),
            ("log entry of a model", entries[1], bytes => Same(bytes, LogEntry.Decode(bytes).Encode())),
            ("log entry of a key", new LogEntry.Key(forger.Certificate).Encode(), bytes => Same(bytes, LogEntry.Decode(bytes).Encode())),
            ("log entry of a party's key", new LogEntry.PartyKey("pty_a", new byte[32], new byte[64]).Encode(), bytes =>
                Same(bytes, LogEntry.Decode(bytes).Encode())),
            ("log entry of an objection", objection.EntryOf(objection.Steps[0]).Encode(), bytes => Same(bytes, LogEntry.Decode(bytes).Encode())),
            ("objection", objection.Encode(), bytes => ProofItems.Read(bytes, ProofItems.Default.Objection)),
            ("party's key", PartySigner.Endorse(forger.LogKey, new(new byte[32])), bytes => PartyKeyNote.Parse(Encoding.UTF8.GetString(bytes))),
            ("agreement to sign", Encoding.UTF8.GetBytes(agreement), bytes => PartySigner.Describe(bytes)),
            ("signed agreement", PartySigner.Sign(Encoding.UTF8.GetBytes(agreement), "pty_a", new(new byte[32])), bytes =>
                AgreementNote.Parse(AgreementNote.ReadNote(bytes).Text).ReadTerms()),
            ("deduction to sign", Encoding.UTF8.GetBytes(refund), bytes => PartySigner.DescribeDeduction(bytes)),
            ("signed deduction", PartySigner.SignDeduction(Encoding.UTF8.GetBytes(refund), "cus_a", new(new byte[32])), bytes =>
                DeductionNote.Parse(SignedNote.Parse(bytes).Text)),
            ("signing key's file", Encoding.UTF8.GetBytes(pem), bytes => SigningKey.Parse("a.key", Encoding.UTF8.GetString(bytes))),
            ("external signer's file", Encoding.UTF8.GetBytes($"ayni/signer/v1\n{Convert.ToBase64String(new byte[32])}\nsign with it\n"), bytes =>
                SigningKey.Parse("a.key", Encoding.UTF8.GetString(bytes))),
            ("canary", Encoding.UTF8.GetBytes(new Canary(Forger.Noon, "llama", 10, 0, JsonSerializer.Serialize(Forger.View(signed))).ToLine()), bytes =>
                Canary.Parse(Encoding.UTF8.GetString(bytes)).Check(forger.LogKey, log, [], Forger.Noon)),
            ("signed note", checkpoint.Encode(), bytes => Same(bytes, SignedNote.Parse(bytes).Encode())),
            ("checkpoint", checkpoint.Encode(), bytes => Same(bytes, Checkpoint.Parse(bytes).Encode())),
            ("log proof", Encoding.UTF8.GetBytes(signed.Log!.Entry.Proof.ToString()), bytes => LogProof.Parse(Encoding.UTF8.GetString(bytes))),
            ("verifier key", Encoding.UTF8.GetBytes(forger.LogKey.ToString()), bytes => PublicKey.Parse(Encoding.UTF8.GetString(bytes))),
            ("tile", Digest.Of("a"u8).ToBytes(), bytes => LogReader.ParseTile(bytes, 1)),
            ("bundle of entries", [0, 2, 7, 8, 0, 0], bytes => LogReader.ParseBundle(bytes, 2)),
            ("tile's name", "tile/1/x001/000.p/17"u8.ToArray(), bytes =>
            {
                var text = Encoding.UTF8.GetString(bytes);
                if (TilePath.TryParse(text, out var tile))
                    Assert.Equal(text, tile.ToString());
            }),
            ("receipt", JsonSerializer.SerializeToUtf8Bytes(Forger.View(signed)), bytes => ProofVerifier.Verify(bytes, null, null, [], default)),
            ("receipt with its log", JsonSerializer.SerializeToUtf8Bytes(Forger.View(signed)), bytes =>
                ProofVerifier.Verify(bytes, forger.LogKey, log, [], Forger.Noon)),
            ("statement", statement, bytes => ReadStatement(bytes)),
            ("absence", absence, bytes => ProofVerifier.Verify(bytes, null, null, [], default)),
            ("list item", AgreementItem.Of(Forger.Terms()).Encode(), bytes => ProofItems.Read(bytes, ProofItems.Default.AgreementItem)),
        ];

        byte[] SumBytes() => new SumProof(Forger.Euro, SumTreeKind.Receipts, new byte[16], path).Encode();
    }

    /// <summary>A bundle's files of an open and an erased receipt, with one of each between.</summary>
    private static PeriodRecord BundleFiles(Forger forger, out byte[] leaves, out byte[] lists, out byte[] between)
    {
        var folder = Directory.CreateTempSubdirectory("ayni-fuzz-").FullName;
        try
        {
            var (open, erased) = (Forger.Receipt("rcp_1", app: "app_poems"), Forger.Receipt("rcp_2", "cus_b", "key_b"));
            KeyTail[] tails = [new("key_a", "", 0, Digest.Zero, 1, open.Hash), new("key_b", "", 0, Digest.Zero, 1, erased.Hash)];
            var record = forger.WriteBundle(
                folder, [open, erased], tails, erased: receipt => receipt.Id == "rcp_2" ? "cus_b" : null, between: [Forger.Receipt("rcp_3")]);
            leaves = File.ReadAllBytes(Path.Combine(folder, AuditBundle.LeavesFile));
            lists = File.ReadAllBytes(Path.Combine(folder, AuditBundle.ListsFile));
            using var bytes = new MemoryStream();
            using (var writer = new BinaryWriter(bytes))
            {
                writer.Write(AuditBundle.Erased);
                ReceiptLink.Of(erased, erased.Hash).WriteTo(writer);
            }
            between = [.. File.ReadAllBytes(Path.Combine(folder, AuditBundle.BetweenFile)), .. bytes.ToArray()];
            return PeriodRecord.Decode(record);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The statement is not in the forger's record, so that its reading ends in a refusal at the latest.</summary>
    private static void ReadStatement(byte[] bytes)
    {
        var view = ProofFormat.ParseObject(bytes, "statement");
        StatementProof.Parse(view);
        Assert.Throws<ProofException>(() => ProofVerifier.Verify(view, null, null, ProofChecks.All));
    }

    private static byte[] Statement() =>
        """{"period":"2026-11","status":"final","party_id":"p","party_name":"P","lines":[],"shares":[],"totals":[]}"""u8.ToArray();

    private static void Same(byte[] given, byte[] written) => Assert.Equal(given, written);
}
