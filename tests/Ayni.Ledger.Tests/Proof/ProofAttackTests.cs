using System.Text.Json;

namespace Ayni.Ledger.Tests;

/// <summary>
/// What a dishonest host, customer or thief may try. Each is refused with all checks, and each succeeds once the check named beside it is
/// left out, so that no check is there in vain. <c>docs/proof.md</c> lists them; <c>tests/mutate-proofs</c> runs them.
/// </summary>
public sealed class ProofAttackTests : IDisposable
{
    private static readonly byte[] Salt = new byte[16];

    private readonly Forger _forger = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("ayni-attack-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("sums bound without both values", ProofCheck.BoundSums)]
    [InlineData("negative leaf", ProofCheck.Range)]
    [InlineData("overflow", ProofCheck.Overflow)]
    [InlineData("two customers one leaf", ProofCheck.Commitment)]
    [InlineData("second preimage", ProofCheck.DomainSeparation)]
    [InlineData("split view", ProofCheck.SingleView)]
    [InlineData("omitted receipt in the middle", ProofCheck.KeyNumbers)]
    [InlineData("omitted receipt at the tail", ProofCheck.KeyTails)]
    [InlineData("reordered receipts", ProofCheck.Order)]
    [InlineData("duplicated receipt", ProofCheck.Order)]
    [InlineData("absence between leaves that are no neighbours", ProofCheck.Neighbours)]
    [InlineData("altered deduction", ProofCheck.List)]
    [InlineData("altered split", ProofCheck.Split)]
    [InlineData("deduction left out", ProofCheck.Totals)]
    [InlineData("deduction other than its customer signed", ProofCheck.Evidence)]
    [InlineData("guarantee dropped", ProofCheck.Split)]
    [InlineData("developer's share dropped", ProofCheck.Totals)]
    [InlineData("agreement left out", ProofCheck.Agreements)]
    [InlineData("receipt hidden as an erased customer's", ProofCheck.Erasure)]
    [InlineData("receipt hidden as of another customer, erased", ProofCheck.Erasure)]
    [InlineData("customer hidden as erased", ProofCheck.Erasure)]
    [InlineData("omitted receipt among erased ones", ProofCheck.KeyNumbers)]
    [InlineData("receipt between two months in neither", ProofCheck.Continuity)]
    [InlineData("receipt said to count in another month", ProofCheck.Continuity)]
    [InlineData("what was carried forgotten", ProofCheck.Continuity)]
    [InlineData("unilateral agreement change", ProofCheck.Acceptance)]
    [InlineData("retroactive agreement without an old party", ProofCheck.Acceptance)]
    [InlineData("agreement other than in the log", ProofCheck.Inclusion)]
    [InlineData("flipped bit", ProofCheck.Signature)]
    [InlineData("altered view", ProofCheck.View)]
    [InlineData("key without certificate", ProofCheck.Certificate)]
    [InlineData("rolled-back log", ProofCheck.Growth)]
    [InlineData("stolen revoked key", ProofCheck.Revocation)]
    [InlineData("receipt of another batch", ProofCheck.Path)]
    [InlineData("promise put off", ProofCheck.Promise)]
    [InlineData("receipt counted before its month", ProofCheck.Continuity)]
    [InlineData("receipt shown as counted before its month", ProofCheck.Continuity)]
    [InlineData("two ends of one key", ProofCheck.KeyTails)]
    [InlineData("statement with two totals in a currency", ProofCheck.Totals)]
    [InlineData("log with two records of a month", ProofCheck.SingleView)]
    [InlineData("log with two agreements of a number", ProofCheck.SingleView)]
    [InlineData("log with two batches of a number", ProofCheck.SingleView)]
    [InlineData("batch signed in the future", ProofCheck.Promise)]
    public void Is_refused_and_succeeds_without_its_check(string attack, ProofCheck check)
    {
        Assert.Throws<ProofException>(() => Attack(attack, ProofChecks.All));
        // All checks but this one are made: it alone stands in the way.
        Attack(attack, new(check));
    }

    private void Attack(string attack, ProofChecks checks)
    {
        switch (attack)
        {
            case "sums bound without both values":
                BindOnlyTotals(checks);
                break;
            case "negative leaf":
                // A leaf of -5 beside the receipt makes ten into five.
                Sibling(new(1, default, -5), checks);
                break;
            case "overflow":
                // Ten prompt tokens and so many that the sum wraps around come to five.
                Sibling(new(1, new((1L << 56) - 5, 0, 0), 0), checks);
                break;
            case "two customers one leaf":
                ShareOneLeaf(checks);
                break;
            case "second preimage":
                PassNodesForEntries(checks);
                break;
            case "split view":
                _forger.View(checks, Entry(1), Entry(2)).DemandContains(_forger.Checkpoint(2, Digest.Of("another history"u8)), checks);
                break;
            case "omitted receipt in the middle":
                Audit(checks, chain => [chain[0], chain[2]], KeepEnd);
                break;
            case "omitted receipt at the tail":
                Audit(checks, chain => [chain[0], chain[1]], KeepEnd);
                break;
            case "reordered receipts":
                Audit(checks, chain => [chain[1], chain[0], chain[2]], KeepEnd);
                break;
            case "duplicated receipt":
                Audit(checks, chain => [chain[0], chain[1], chain[1], chain[2]], KeepEnd, unchecks: ProofCheck.KeyNumbers);
                break;
            case "absence between leaves that are no neighbours":
                HideALeaf(checks);
                break;
            case "altered deduction":
                // The host signs a fee of 3 and shows the auditor one of 30, with all other lists made to fit.
                Audit(checks, chain => chain, KeepEnd, tamper: (lists, receipts, tails) =>
                {
                    foreach (var (name, items) in Forger.Lists(receipts, tails, fee: 30))
                        lists[name] = items;
                });
                break;
            case "altered split":
                Audit(checks, chain => chain, KeepEnd, change: lists => lists[PeriodListName.Splits].Reverse());
                break;
            case "deduction left out":
                Audit(checks, chain => chain, KeepEnd, change: lists => lists[PeriodListName.Deductions].Clear());
                break;
            case "guarantee dropped":
                // The host keeps the agreement that guarantees the owner an amount, and says that it was not in force.
                var guarantee = new AgreementItem(
                    1, null, [], null, Forger.Noon, 1,
                    "agreement: \"bard\"\ncollector: \"pty_host\"\ncurrency: EUR\nshares:\n- name: \"royalty\"\n  payee: \"pty_owner\"\n"
                        + "  rate: 20%\n  guarantee: {amount: \"5\"}\n",
                    [new("pty_host", null, null), new("pty_owner", null, null)]);
                Audit(checks, chain => chain, KeepEnd, write: (folder, receipts, tails) => _forger.WriteBundle(
                    folder, receipts, tails, lists => Replace(lists, Forger.Lists(receipts, tails, agreement: guarantee))));
                break;
            case "developer's share dropped":
                // The host signs that the app is the maker's, and shares the app's revenue as if it were nobody's.
                var shared = AgreementItem.Of(new(
                    1, null, [new(Role.Host, "pty_host", 800_000), new(Role.Developer, null, 200_000)], "pty_host", Forger.Noon));
                Audit(checks, _ => [Forger.Receipt("rcp_1", app: "app_poems")], _ => KeepEnd([Forger.Receipt("rcp_1", app: "app_poems")]),
                    write: (folder, receipts, tails) => _forger.WriteBundle(
                        folder, receipts, tails,
                        lists => Replace(lists, Forger.Lists(receipts, tails, agreement: shared, paysDeveloper: false))));
                break;
            case "agreement left out":
                Audit(checks, chain => chain, KeepEnd, log: record => _forger.View(
                    checks, new LogEntry.AgreementVersion(1, Digest.Of(AgreementItem.Of(Forger.Terms()).Encode())).Encode(),
                    new LogEntry.AgreementVersion(2, Digest.Of("a guarantee"u8)).Encode(), record));
                break;
            case "receipt hidden as an erased customer's":
                Audit(checks, chain => chain, KeepEnd, write: (folder, receipts, tails) => _forger.WriteBundle(
                    folder, receipts, tails, erased: receipt => receipt.Id == "rcp_2" ? "cus_a" : null));
                break;
            case "receipt hidden as of another customer, erased":
                Audit(checks, chain => chain, KeepEnd, write: (folder, receipts, tails) => _forger.WriteBundle(
                    folder, receipts, tails, erased: receipt => receipt.Id == "rcp_2" ? "cus_nobody" : null));
                break;
            case "customer hidden as erased":
                Audit(
                    checks, chain => chain, KeepEnd,
                    write: (folder, receipts, tails) => _forger.WriteBundle(folder, receipts, tails, erased: _ => "cus_a"),
                    log: record => _forger.View(
                        checks, new LogEntry.AgreementVersion(1, Digest.Of(AgreementItem.Of(Forger.Terms()).Encode())).Encode(),
                        LogEntry.Erasure.Of("cus_b").Encode(), record));
                break;
            case "omitted receipt among erased ones":
                Audit(
                    checks, chain => [chain[0], chain[2]], KeepEnd,
                    write: (folder, receipts, tails) => _forger.WriteBundle(folder, receipts, tails, erased: _ => "cus_a"));
                break;
            case "receipt between two months in neither":
                // November ends with receipt 1, and December goes on after receipt 2.
                AuditTwo(checks, [0], 1, [2], 2);
                break;
            case "receipt said to count in another month":
                AuditTwo(checks, [0, 2], 3, [], 3, between: [1]);
                break;
            case "what was carried forgotten":
                AuditTwo(checks, [0, 1], 2, [2], 2);
                break;
            case "deduction other than its customer signed":
                RefundMoreThanWasSigned(checks);
                break;
            case "unilateral agreement change":
                ChangeWhatWasSigned(checks);
                break;
            case "retroactive agreement without an old party":
                ReplaceWithoutTheOwner(checks);
                break;
            case "agreement other than in the log":
                var terms = AgreementItem.Of(Forger.Terms(ownersParts: 100_000)).Encode();
                var agreed = new LogEntry.AgreementVersion(1, Digest.Of(AgreementItem.Of(Forger.Terms()).Encode())).Encode();
                _forger.View(checks, agreed).DemandAgreement(1, Digest.Of(terms), checks);
                break;
            case "flipped bit":
                var signed = _forger.Sign(Forger.Receipt("rcp_1"));
                signed.Signature[7] ^= 1;
                ReceiptVerifier.Verify(Forger.View(signed), _forger.LogKey, null, checks);
                break;
            case "altered view":
                var json = Forger.View(_forger.Sign(Forger.Receipt("rcp_1"))).GetRawText().Replace("req_rcp_1", "req_rcp_2", StringComparison.Ordinal);
                ReceiptVerifier.Verify(ProofFormat.ParseObject(System.Text.Encoding.UTF8.GetBytes(json), "receipt"), _forger.LogKey, null, checks);
                break;
            case "key without certificate":
                ReceiptVerifier.Verify(Forger.View(new Forger().Sign(Forger.Receipt("rcp_1"))), _forger.LogKey, null, checks);
                break;
            case "rolled-back log":
                _forger.View(checks, Entry(1)).DemandContains(_forger.Checkpoint(2, Digest.Of("what was there"u8)), checks);
                break;
            case "stolen revoked key":
                UseAStolenKey(checks);
                break;
            case "receipt of another batch":
                var one = _forger.Sign(Forger.Receipt("rcp_1"));
                var other = _forger.Sign(Forger.Receipt("rcp_2"));
                ReceiptVerifier.Verify(
                    Forger.View(one with { Batch = other.Batch, Signature = other.Signature }), _forger.LogKey, null, checks);
                break;
            case "receipt counted before its month":
                Audit(checks, chain => [chain[0], OfNextMonth(chain)], chain => KeepEnd([chain[0], OfNextMonth(chain)]));
                break;
            case "receipt shown as counted before its month":
                var early = Forger.Receipt("rcp_1") with { AdmittedAt = Forger.Noon.AddMonths(1), Period = TestLedger.Period.Next };
                ReceiptVerifier.Verify(
                    Forger.View(_forger.Sign(early, _forger.Prove(early, Salt, new(0, 1, []), NodeOf(early, checks)))), _forger.LogKey, null, checks);
                break;
            case "two ends of one key":
                // The auditor's, and one further on to show to whoever holds the receipt that was left out.
                var third = Digest.Of("the third"u8);
                Audit(checks, chain => chain[..2], chain => KeepEnd([.. chain.Take(2)]), write: (folder, receipts, tails) => _forger.WriteBundle(
                    folder, receipts, [.. tails, new("key_a", "", 3, third, 3, third)],
                    previous: _forger.WriteBundle(Path.Combine(folder, "before"), [Forger.Receipt("rcp_0", key: "key_b")], [])));
                break;
            case "statement with two totals in a currency":
                VerifyStatement(
                    """
                    {"period":"2026-11","status":"final","party_id":"p","party_name":"P","lines":[],"shares":[],"totals":[
                    {"currency":"EUR","carry_in":"0","earned":"0","payable":"0","carry_out":"0"},
                    {"currency":"EUR","carry_in":"5","earned":"0","payable":"5","carry_out":"0"}]}
                    """, checks);
                break;
            case "log with two records of a month":
                _forger.View(
                    checks, new LogEntry.ClosedPeriod(TestLedger.Period, Digest.Of("one"u8)).Encode(),
                    new LogEntry.ClosedPeriod(TestLedger.Period, Digest.Of("another"u8)).Encode());
                break;
            case "log with two agreements of a number":
                _forger.View(
                    checks, new LogEntry.AgreementVersion(1, Digest.Of("one"u8)).Encode(), new LogEntry.AgreementVersion(1, Digest.Of("another"u8)).Encode());
                break;
            case "log with two batches of a number":
                _forger.View(
                    checks, new LogEntry.Batches(1, 1, Digest.Of("one"u8)).Encode(), new LogEntry.Batches(1, 1, Digest.Of("another"u8)).Encode());
                break;
            case "promise put off":
                Promise(checks, Forger.Noon.AddHours(-2), Forger.Noon.AddYears(70));
                break;
            case "batch signed in the future":
                Promise(checks, Forger.Noon.AddYears(70), Forger.Noon.AddYears(70).AddHours(1));
                break;
            default:
                throw new ArgumentException(attack);
        }
    }

    private static Receipt OfNextMonth(IReadOnlyList<Receipt> chain) =>
        chain[1] with { AdmittedAt = Forger.Noon.AddMonths(1), Period = TestLedger.Period.Next };

    /// <summary>A statement that a month commits to, whatever it says.</summary>
    private void VerifyStatement(string statement, ProofChecks checks)
    {
        var list = new CommittedList([System.Text.Encoding.UTF8.GetBytes(statement)], new byte[32], TestLedger.Period, PeriodListName.Statements);
        var record = _forger.Record(NodeOf(Forger.Receipt("rcp_1"), checks), [(PeriodListName.Statements, list.Commitment)]).Encode();
        var proof = new StatementProof(record, _forger.SignWithSigningKey(record), _forger.Certificate.Encode(), null, list.Prove(0), []);
        StatementVerifier.Verify(ProofFormat.ParseObject(proof.Encode(), "statement"), _forger.LogKey, null, checks);
    }

    /// <summary>The log holds nothing of a receipt, and the host says that it need not yet.</summary>
    private void Promise(ProofChecks checks, DateTimeOffset sealedAt, DateTimeOffset loggedBy) => ReceiptVerifier.Verify(
        Forger.View(_forger.Sign(Forger.Receipt("rcp_1"), null, sealedAt, loggedBy)), _forger.LogKey,
        _forger.View(checks, new LogEntry.Model("llama", Digest.Zero).Encode()), checks);

    private static byte[] Entry(int number) => TransparencyLogTests.Entries(number)[^1];

    private static KeyTail KeepEnd(IReadOnlyList<Receipt> chain) => new("key_a", "", 0, Digest.Zero, chain[^1].KeyNumber, chain[^1].Hash);

    /// <summary>
    /// Where a node's hash binds its children's hashes and only the total of their sums, a host shows each of two customers of ten that the
    /// other one had none, and owes ten in all.
    /// </summary>
    private void BindOnlyTotals(ProofChecks checks)
    {
        var weak = new ProofChecks(ProofCheck.BoundSums);
        var (one, two) = (Forger.Receipt("rcp_1"), Forger.Receipt("rcp_2", "cus_b", "key_b"));
        var (first, second) = (NodeOf(one, weak), NodeOf(two, weak));
        var nothing = new Sums(1, default, 0);
        var root = SumNode.Join(first, second with { Sums = nothing }, weak);
        Counts(one, new(0, 2, [second with { Sums = nothing }]));
        Counts(two, new(1, 2, [first with { Sums = nothing }]));

        void Counts(Receipt receipt, SumPath path) => ReceiptVerifier.Verify(
            Forger.View(_forger.Sign(receipt, _forger.Prove(receipt, Salt, path, root))), _forger.LogKey, null, checks);
    }

    /// <summary>A receipt beside a leaf that no honest tree has.</summary>
    private void Sibling(Sums sums, ProofChecks checks)
    {
        var weak = new ProofChecks(ProofCheck.Range | ProofCheck.Overflow);
        var receipt = Forger.Receipt("rcp_1");
        var sibling = new SumNode(Digest.Of("a leaf"u8), sums);
        var root = SumNode.Join(NodeOf(receipt, weak), sibling, weak);
        ReceiptVerifier.Verify(
            Forger.View(_forger.Sign(receipt, _forger.Prove(receipt, Salt, new(0, 2, [sibling]), root))), _forger.LogKey, null, checks);
    }

    /// <summary>Two customers with the same usage are both shown the one leaf there is.</summary>
    private void ShareOneLeaf(ProofChecks checks)
    {
        var weak = new ProofChecks(ProofCheck.Commitment);
        foreach (var receipt in new[] { Forger.Receipt("rcp_1"), Forger.Receipt("rcp_2", "cus_b", "key_b") })
        {
            var root = NodeOf(Forger.Receipt("rcp_1"), weak);
            ReceiptVerifier.Verify(
                Forger.View(_forger.Sign(receipt, _forger.Prove(receipt, Salt, new(0, 1, []), root))), _forger.LogKey, null, checks);
        }
    }

    /// <summary>A log of four entries passes for one of two, whose "entries" are the nodes over them.</summary>
    private void PassNodesForEntries(ProofChecks checks)
    {
        var weak = new ProofChecks(ProofCheck.DomainSeparation);
        Digest[] leaves = [.. Enumerable.Range(1, 4).Select(number => MerkleTree.Leaf(Entry(number), weak))];
        var left = MerkleTree.Join(leaves[0], leaves[1], weak);
        var right = MerkleTree.Join(leaves[2], leaves[3], weak);
        var checkpoint = _forger.Checkpoint(2, MerkleTree.Join(left, right, weak));
        new LogProof(0, [right], checkpoint).Demand([.. leaves[0].ToBytes(), .. leaves[1].ToBytes()], _forger.LogKey, checks);
    }

    /// <summary>A leaf that is there is said to be absent, between the leaf before and the second one after.</summary>
    private static void HideALeaf(ProofChecks checks)
    {
        var leaves = SumTreeTests.Leaves(4);
        var builder = new SumTreeBuilder();
        leaves.ForEach(leaf => builder.Add(leaf));
        new AbsenceProof(
            Forger.Euro, new(leaves[0], SumTreeTests.PathOf(leaves, 0)), new(leaves[2], SumTreeTests.PathOf(leaves, 2)))
            .Demand(leaves[1].Id, SumTreeBuilder.Root(builder.Complete()), checks);
    }

    /// <summary>A thief signs a receipt with a key that the log has revoked, and even gets it into the log, later.</summary>
    private void UseAStolenKey(ProofChecks checks)
    {
        var proof = _forger.Sign(Forger.Receipt("rcp_1"));
        byte[][] entries = [new LogEntry.Revocation(_forger.Certificate.KeyId).Encode(), Forger.BatchesEntry(proof)];
        ReceiptVerifier.Verify(Forger.View(_forger.Logged(proof, entries, 1)), _forger.LogKey, _forger.View(checks, entries), checks);
    }

    /// <summary>The host keeps the owner's signature and puts another rate above it.</summary>
    private void ChangeWhatWasSigned(ProofChecks checks)
    {
        const string terms = "agreement: \"bard\"\ncollector: \"pty_host\"\nshares:\n- name: \"royalty\"\n"
            + "  payee: \"pty_owner\"\n  base: gross\n  rate: 20%\n";
        var owner = new SigningKey(Salt.Concat(Salt).ToArray());
        var signature = PartySigner.Sign(
            System.Text.Encoding.UTF8.GetBytes(new AgreementNote(_forger.LogKey.Name, 1, terms).Text), "pty_owner", owner);
        AcceptedItem[] accepted =
        [
            new("pty_host", null, null),
            new(
                "pty_owner", owner.ForNotes("pty_owner").ToString(),
                Convert.ToBase64String(SignedNote.Parse(signature).Signatures[0].Bytes)),
        ];
        var changed = new AgreementItem(
            1, null, [], null, Forger.Noon, 1, terms.Replace("20%", "2%", StringComparison.Ordinal), accepted);
        AgreementVerifier.Verify([changed], _forger.LogKey.Name, null, new(), checks);
    }

    /// <summary>The host keeps a customer's signature under a refund of 3 and enters one of 30.</summary>
    private void RefundMoreThanWasSigned(ProofChecks checks)
    {
        var customer = new SigningKey(Salt.Concat(Salt).ToArray());
        var refund = new Deduction(DeductionType.Refund, "talk 7", TestLedger.Period, TestLedger.Period, null, null, new(3, Forger.Euro));
        var text = new DeductionNote(_forger.LogKey.Name, refund, "cus_a").Text;
        var signature = SignedNote.Parse(PartySigner.SignDeduction(System.Text.Encoding.UTF8.GetBytes(text), "cus_a", customer)).Signatures[0];
        var raised = refund with
        {
            Amount = new(30, Forger.Euro),
            SignedBy = new("cus_a", customer.ForNotes("cus_a").ToString(), Convert.ToBase64String(signature.Bytes)),
        };
        DeductionNote.Verify(raised, _forger.LogKey.Name, TestLedger.Period, null, new(), checks);
    }

    /// <summary>The host has a version replace another that the owner earned by, and asks only itself.</summary>
    private void ReplaceWithoutTheOwner(ProofChecks checks)
    {
        const string Before = "agreement: \"bard\"\ncollector: \"pty_host\"\nsplit:\n  - payee: \"pty_owner\"\n    rate: 20%\n  - payee: \"pty_host\"\n    rate: 80%\n";
        const string After = "agreement: \"bard\"\ncollector: \"pty_host\"\nfrom: 2026-11\nretroactive: true\nreplaces: [\"1\"]\n"
            + "split:\n  - payee: \"pty_host\"\n    rate: 100%\n";
        AgreementItem[] items =
        [
            new(1, null, [], null, Forger.Noon, 1, Before, [new("pty_host", null, null), new("pty_owner", null, null)]),
            new(2, null, [], null, Forger.Noon, 2, After, [new("pty_host", null, null)]),
        ];
        AgreementVerifier.Verify(items, _forger.LogKey.Name, null, new(), checks);
    }

    /// <summary>An auditor runs a bundle again that a dishonest host has made of a chain of three receipts.</summary>
    private void Audit(
        ProofChecks checks, Func<Receipt[], Receipt[]> choose, Func<IReadOnlyList<Receipt>, KeyTail> end,
        Action<Dictionary<PeriodListName, List<byte[]>>>? change = null,
        Action<Dictionary<PeriodListName, List<byte[]>>, IReadOnlyList<Receipt>, IReadOnlyList<KeyTail>>? tamper = null, ProofCheck unchecks = default,
        Func<string, IReadOnlyList<Receipt>, IReadOnlyList<KeyTail>, byte[]>? write = null, Func<byte[], LogView>? log = null)
    {
        var first = Forger.Receipt("rcp_1");
        var second = Forger.Receipt("rcp_2", number: 2, previous: first);
        var third = Forger.Receipt("rcp_3", number: 3, previous: second);
        var folder = Directory.CreateDirectory(Path.Combine(_folder, Guid.NewGuid().ToString("N"))).FullName;
        var (receipts, tails) = (choose([first, second, third]), new[] { end([first, second, third]) });
        var record = write?.Invoke(folder, receipts, tails)
            ?? _forger.WriteBundle(folder, receipts, tails, change, tamper is null ? null : lists => tamper(lists, receipts, tails));
        // A receipt that is there twice is seen by its number, too.
        AuditVerifier.Verify(
            folder, _forger.LogKey, log?.Invoke(new LogEntry.ClosedPeriod(TestLedger.Period, Digest.Of(record)).Encode()),
            checks.Disabled == default ? checks : new(checks.Disabled | unchecks));
    }

    /// <summary>An auditor runs two months again that follow each other, of a chain of three receipts.</summary>
    private void AuditTwo(ProofChecks checks, int[] november, int end, int[] december, int begin, int[]? between = null)
    {
        var first = Forger.Receipt("rcp_1");
        var second = Forger.Receipt("rcp_2", number: 2, previous: first);
        var third = Forger.Receipt("rcp_3", number: 3, previous: second);
        Receipt[] chain = [first, second, december.Length == 0 ? third
            : third with { AdmittedAt = Forger.Noon.AddMonths(1), Period = TestLedger.Period.Next }];
        var (one, two) = (Path.Combine(_folder, Guid.NewGuid().ToString("N")), Path.Combine(_folder, Guid.NewGuid().ToString("N")));
        var record = _forger.WriteBundle(
            one, [.. november.Select(i => chain[i])], [new("key_a", "", 0, Digest.Zero, end, chain[end - 1].Hash)],
            between: [.. (between ?? []).Select(i => chain[i])]);
        var audited = AuditVerifier.Verify(one, _forger.LogKey, null, checks);
        if (december.Length == 0)
            return;
        _forger.WriteBundle(
            two, [.. december.Select(i => chain[i])], [new("key_a", "", begin, chain[begin - 1].Hash, 3, chain[2].Hash)], previous: record);
        AuditVerifier.Verify(two, _forger.LogKey, null, checks, audited);
    }

    private static void Replace(Dictionary<PeriodListName, List<byte[]>> lists, Dictionary<PeriodListName, List<byte[]>> others)
    {
        foreach (var (name, items) in others)
            lists[name] = items;
    }

    private static SumNode NodeOf(Receipt receipt, ProofChecks checks) =>
        SumLeaf.Of(receipt, SumLeaf.Commit(Salt, ReceiptFormat.Encode(receipt))).ToNode(checks);
}
