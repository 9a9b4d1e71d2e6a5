using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Ledger.Tests;

public sealed class TransparencyLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ayni-log-").FullName;
    private readonly SigningKey _key = new(new byte[32]);

    private PublicKey Name => _key.ForNotes("example.com/log");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Tiles_prove_every_entry_and_every_growth()
    {
        var folder = new LogFolder(_folder);
        var entries = Entries(70_000);
        Digest[] leaves = [.. entries.Select(entry => MerkleTree.Leaf(entry))];
        var seen = new List<Checkpoint>();
        foreach (var size in new[] { 1, 2, 255, 256, 257, 300, 65_535, 65_536, 65_537, 70_000 })
        {
            var checkpoint = folder.Publish(size, (from, to) => entries[(int)from..(int)to], Name, _key);
            Assert.Equal(MerkleTree.Root(leaves.AsSpan(0, size)), checkpoint.Root);
            checkpoint.Demand(Name, ProofChecks.All);
            seen.Add(checkpoint);
        }
        var reader = LogReader.Of(_folder);
        var now = reader.ReadCheckpoint()!;
        foreach (var index in new long[] { 0, 1, 255, 256, 65_535, 65_536, 69_999 })
            LogProof.Parse(new LogProof(index, reader.Inclusion(index, now.Size), now).ToString()).Demand(entries[(int)index], Name, ProofChecks.All);
        foreach (var old in seen)
            Assert.True(MerkleTree.IsConsistent(old.Size, old.Root, now.Size, now.Root, reader.Consistency(old.Size, now.Size)));
        Assert.Equal(entries[250..600], reader.Entries(250, 600, now.Size));
        // The tiles that the format's own example counts.
        Assert.Equal(273, Directory.GetFiles(Path.Combine(_folder, "tile", "0"), "*", SearchOption.AllDirectories).Count(file => new FileInfo(file).Length == 8192));
        Assert.True(File.Exists(Path.Combine(_folder, "tile", "0", "273.p", "112")));
        Assert.True(File.Exists(Path.Combine(_folder, "tile", "1", "001.p", "17")));
        Assert.True(File.Exists(Path.Combine(_folder, "tile", "2", "000.p", "1")));
    }

    [Fact]
    public void Growth_is_proven_between_any_two_sizes_and_from_no_other_tree() => Prop.ForAll(
        Gen.Choose(1, 600).ToArbitrary(), Gen.Choose(1, 600).ToArbitrary(), (one, two) =>
        {
            var (old, size) = (Math.Min(one, two), Math.Max(one, two));
            var leaves = MerkleTreeTests.Leaves(size);
            var reader = new LogReader(Tiles(leaves));
            var path = reader.Consistency(old, size);
            var (before, now) = (MerkleTree.Root(leaves.AsSpan(0, old)), MerkleTree.Root(leaves));
            var forged = Digest.Of("another"u8);
            return reader.Root(size, size) == now && MerkleTree.IsConsistent(old, before, size, now, path)
                && !MerkleTree.IsConsistent(old, forged, size, now, path) && !MerkleTree.IsConsistent(old, before, size, forged, path)
                && (old == size || !MerkleTree.IsConsistent(old + 1, before, size, now, path));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("tile/0/000", 0, 0, 256)]
    [InlineData("tile/3/x001/x234/067", 3, 1_234_067, 256)]
    [InlineData("tile/entries/x001/000.p/7", null, 1000, 7)]
    public void Tiles_are_named_as_C2SP_names_them(string text, int? level, long index, int width)
    {
        Assert.True(TilePath.TryParse(text, out var tile));
        Assert.Equal(new TilePath(level, index, width), tile);
        Assert.Equal(text, tile.ToString());
    }

    [Theory]
    [InlineData("tile/0/0")]
    [InlineData("tile/00/000")]
    [InlineData("tile/8/000")]
    [InlineData("tile/0/x000/001")]
    [InlineData("tile/0/001/002")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/07")]
    [InlineData("tile/0/..")]
    [InlineData("tile/0/../../log.key")]
    [InlineData("tile/0/000/")]
    [InlineData("checkpoint")]
    [InlineData("")]
    public void Nothing_else_is_a_tile(string text) => Assert.False(TilePath.TryParse(text, out _));

    [Fact]
    public async Task A_ledgers_log_holds_batches_months_agreements_models_and_keys_and_shows_where_each_receipt_is()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        await ledger.Books.RecordModelAsync("llama", Digest.Of("weights"u8));
        var receipts = new List<Receipt>();
        for (var i = 0; i < 5; i++)
        {
            receipts.Add(await ledger.UseAsync(key, 1, 1, 1));
            await ledger.Books.PublishLogAsync();
        }
        await PeriodProofTests.CloseAsync(ledger);
        var size = await ledger.Books.PublishLogAsync();
        Assert.Equal(size, await ledger.Books.PublishLogAsync());
        var reader = LogReader.Of(ledger.Books.LogFolderPath!);
        var kinds = reader.Entries(0, size, size).Select(entry => LogEntry.Decode(entry).Subject.Kind).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(["agreement", "batches", "key", "model", "period"], kinds);
        foreach (var receipt in receipts)
        {
            var verification = ProofVerifier.Verify(
                SignedReceiptTests.Json(ledger.Books, receipt.Id), ledger.Books.LogKey, LogReader.Of(ledger.Books.LogFolderPath!), [], ledger.Clock.Now);
            Assert.Contains(verification.Proven, sentence => sentence.Contains("not revoked", StringComparison.Ordinal));
            Assert.DoesNotContain(verification.NotProven, sentence => sentence.Contains("--log", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_promise_that_was_not_kept_is_evidence()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        await ledger.Books.PublishLogAsync();
        var receipt = await ledger.UseAsync(await ledger.KeyAsync(), 1, 1, 1);
        var json = SignedReceiptTests.Json(ledger.Books, receipt.Id);
        Verification Verify(DateTimeOffset now) =>
            ProofVerifier.Verify(json, ledger.Books.LogKey, LogReader.Of(ledger.Books.LogFolderPath!), [], now);
        Verify(ledger.Clock.Now + TimeSpan.FromMinutes(59));
        Assert.Equal(
            ProofCheck.Inclusion, Assert.Throws<ProofException>(() => Verify(ledger.Clock.Now + TimeSpan.FromMinutes(61))).Check);
    }

    [Fact]
    public async Task What_a_revoked_key_signed_is_believed_only_if_the_log_held_it_before()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        var before = await ledger.UseAsync(key, 1, 1, 1);
        var stolen = File.ReadAllBytes(ReceiptSigner.SigningKeyPath(ledger.Folder));
        var old = Assert.Single(ledger.Books.ListSigningKeys()).Id;
        var next = await ledger.Books.ReplaceSigningKeyAsync(revokes: true);
        var after = await ledger.UseAsync(key, 1, 1, 1);
        await ledger.Books.PublishLogAsync();
        var revoked = ledger.Books.ListSigningKeys().ToDictionary(state => state.Id, state => state.Revoked is not null);
        Assert.Equal((2, true, false), (revoked.Count, revoked[old], revoked[next.Id]));
        foreach (var receipt in new[] { before, after })
            ProofVerifier.Verify(
                SignedReceiptTests.Json(ledger.Books, receipt.Id), ledger.Books.LogKey, LogReader.Of(ledger.Books.LogFolderPath!), [], ledger.Clock.Now);
        Assert.Equal((old, next.Id), (SignerOf(ledger, before), SignerOf(ledger, after)));
        Assert.NotEqual(stolen, File.ReadAllBytes(ReceiptSigner.SigningKeyPath(ledger.Folder)));
    }

    [Fact]
    public async Task A_change_of_keys_that_ended_between_ledger_and_file_is_finished()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 1, 1, 1);
        var old = File.ReadAllBytes(ReceiptSigner.SigningKeyPath(ledger.Folder));
        var next = await ledger.Books.ReplaceSigningKeyAsync(revokes: false);
        // As if the process had ended before the file was put in its place.
        File.Move(ReceiptSigner.SigningKeyPath(ledger.Folder), ReceiptSigner.NextKeyPath(ledger.Folder));
        File.WriteAllBytes(ReceiptSigner.SigningKeyPath(ledger.Folder), old);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(ReceiptSigner.SigningKeyPath(ledger.Folder), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await ledger.ReopenAsync();
        var receipt = await ledger.UseAsync(key, 1, 1, 1);
        Assert.Equal(next.Id, SignerOf(ledger, receipt));
    }

    [Fact]
    public void A_ledger_older_than_its_log_or_another_one_publishes_nothing()
    {
        var folder = new LogFolder(_folder);
        var entries = Entries(300);
        folder.Publish(300, (from, to) => entries[(int)from..(int)to], Name, _key);
        Assert.Equal(
            ProofCheck.Growth,
            Assert.Throws<ProofException>(() => folder.Publish(299, (from, to) => entries[(int)from..(int)to], Name, _key)).Check);
        byte[][] others = [.. entries[..280], .. Entries(400)[281..]];
        Assert.Equal(
            ProofCheck.Growth,
            Assert.Throws<ProofException>(() => folder.Publish(301, (from, to) => others[(int)from..(int)to], Name, _key)).Check);
        Assert.Equal(300, folder.ReadCheckpoint()!.Size);
    }

    [Fact]
    public void A_wait_for_whoever_else_writes_is_given_up()
    {
        using var other = new FileStream(Path.Combine(_folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        using var end = new CancellationTokenSource();
        end.Cancel();
        Assert.Throws<OperationCanceledException>(
            () => new LogFolder(_folder).Publish(1, (from, to) => Entries(1)[(int)from..(int)to], Name, _key, end.Token));
    }

    private static string SignerOf(TestLedger ledger, Receipt receipt) =>
        KeyCertificate.Decode(ledger.Books.FindSignedReceipt(receipt.Id)!.Proof!.Certificate).KeyId;

    internal static byte[][] Entries(int count) =>
        [.. Enumerable.Range(0, count).Select(number => new LogEntry.Batches(number + 1, 1, Digest.Of([(byte)number, (byte)(number >> 8), (byte)(number >> 16)])).Encode())];

    /// <summary>A log's tiles over leaves' hashes, computed as the format says.</summary>
    private static Func<string, byte[]?> Tiles(Digest[] leaves) => name =>
    {
        if (!TilePath.TryParse(name, out var tile) || tile.Level is not { } level)
            return null;
        var span = 1 << (8 * level);
        var hashes = Enumerable.Range((int)tile.Index * 256, tile.Width).Select(i => MerkleTree.Root(leaves.AsSpan(i * span, span)));
        return ProofFormat.Bytes([.. hashes]);
    };
}
