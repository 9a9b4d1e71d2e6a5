using System.Text;

namespace Ayni.Ledger.Tests;

/// <summary>Keys that stay in a program of their own, and hosts whose keys are certified elsewhere.</summary>
public sealed class ExternalSignerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ayni-signer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Command(string name) => $"dotnet \"{Path.Combine(AppContext.BaseDirectory, "Ayni.Ledger.Tests.Writer.dll")}\" signer {name}";

    [Fact]
    public void It_signs_as_the_same_key_in_a_file_does()
    {
        var path = Path.Combine(_folder, "a.key");
        var made = SigningKey.Create(path, Command("good"));
        var inMemory = new SigningKey(new byte[32]);
        var read = SigningKey.Read(path);
        Assert.Equal(inMemory.PublicBytes, read.PublicBytes);
        var message = Encoding.UTF8.GetBytes(new string('m', 200_000));
        Assert.Equal(inMemory.Sign(message), read.Sign(message));
        Assert.Equal(made.ForNotes("a"), read.ForNotes("a"));
        Assert.Throws<IOException>(() => SigningKey.Create(path, Command("good")));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Theory]
    [InlineData("failing", "exit code 3: the card is not in its slot")]
    [InlineData("babbling", "not 64 bytes in base64")]
    [InlineData("wrong", "not its key's")]
    public void What_it_does_wrong_is_named(string name, string words)
    {
        var key = SigningKey.Create(Path.Combine(_folder, "a.key"), Command(name));
        Assert.Contains(words, Assert.Throws<SignerException>(() => key.Sign("message"u8)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_does_not_answer_is_ended()
    {
        var signer = new ExternalSigner(Command("deaf"), TimeSpan.FromSeconds(1));
        Assert.Contains("took more than 1 s", Assert.Throws<SignerException>(() => signer.Sign([1])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two\nlines")]
    [InlineData("no-such-program-anywhere")]
    public void What_is_no_signer_is_refused(string command)
    {
        Assert.Throws<SignerException>(() => SigningKey.Create(Path.Combine(_folder, "a.key"), command));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData("ayni/signer/v1\n")]
    [InlineData("ayni/signer/v1\nAAAA\ncommand\n")]
    [InlineData("ayni/signer/v1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n")]
    [InlineData("ayni/signer/v1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\na\nb\n")]
    public void A_file_that_names_no_signer_is_no_key(string text)
    {
        var path = Path.Combine(_folder, "a.key");
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Throws<ProofException>(() => SigningKey.Read(path));
    }

    [Fact]
    public async Task A_ledgers_receipts_are_signed_by_it_after_their_commit_and_later_where_it_fails()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 1, 1, 1);
        var state = await ledger.Books.ReplaceSigningKeyAsync(revokes: false, Command("good"));
        var receipt = await ledger.UseAsync(key, 1, 1, 1);
        Assert.False(IsSigned(ledger, receipt));
        await ledger.Books.SignReceiptsAsync();
        Verify(ledger, receipt);
        Assert.Equal(state.Id, ledger.Books.ListSigningKeys().Single(signing => signing.Retired is null).Id);

        // The same key, whose card was drawn.
        Swap(ledger, "good", "failing");
        await ledger.ReopenAsync();
        Receipt[] charged = [await ledger.UseAsync(key, 1, 1, 1), await ledger.UseAsync(key, 2, 1, 1)];
        Assert.Contains(
            "the card is not in its slot", (await Assert.ThrowsAsync<SignerException>(() => ledger.Books.SignReceiptsAsync())).Message,
            StringComparison.Ordinal);
        Assert.All(charged, late => Assert.False(IsSigned(ledger, late)));
        Assert.Equal(ledger.Clock.Now, ledger.Books.OldestUnsigned());
        await ledger.Books.PublishLogAsync();
        // What a month commits to is never left unsigned: the close waits for the signer.
        ledger.Clock.Now = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);
        await Assert.ThrowsAsync<SignerException>(() => ledger.Books.ClosePeriodAsync(TestLedger.Period));
        Swap(ledger, "failing", "good");
        await ledger.ReopenAsync();
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        await ledger.Books.PublishLogAsync();
        Assert.NotEmpty(ledger.Books.ProveStatement(TestLedger.Period, ledger.Host.Id));
        Assert.All(charged, late => Assert.DoesNotContain(
            Verify(ledger, late).Proven, sentence => sentence.Contains("broke its promise", StringComparison.Ordinal)));
        // Both of them under one signature.
        Assert.Single(charged.Select(late => Batch(ledger, late).Number).Distinct());
        Assert.Null(ledger.Books.OldestUnsigned());
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task One_that_fails_is_asked_less_and_less_often_and_then_signs_all()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 1, 1, 1);
        var (asked, drawn) = (Path.Combine(_folder, "asked"), Path.Combine(_folder, "drawn"));
        await ledger.Books.ReplaceSigningKeyAsync(
            revokes: false, OperatingSystem.IsWindows() ? $"echo a>>\"{asked}\" & if exist \"{drawn}\" (exit 3) else {Command("good")}"
                : $"echo a >> '{asked}'; test ! -e '{drawn}' && {Command("good")}");
        File.WriteAllText(drawn, "");
        File.Delete(asked);
        var receipts = new List<Receipt>();
        await Assert.ThrowsAsync<SignerException>(UseAndSignAsync);
        for (var i = 0; i < 5; i++)
            await UseAndSignAsync();
        Assert.Single(File.ReadAllLines(asked));
        // Back in its slot, it is asked when the minute is over; it is twice as long after a second failure.
        ledger.Clock.Now += TimeSpan.FromMinutes(1);
        await Assert.ThrowsAsync<SignerException>(UseAndSignAsync);
        File.Delete(drawn);
        ledger.Clock.Now += TimeSpan.FromMinutes(1);
        await UseAndSignAsync();
        Assert.Equal(2, File.ReadAllLines(asked).Length);
        Assert.All(receipts, receipt => Assert.False(IsSigned(ledger, receipt)));
        ledger.Clock.Now += TimeSpan.FromMinutes(1);
        await UseAndSignAsync();
        Assert.All(receipts, receipt => Verify(ledger, receipt));
        Assert.True(File.ReadAllLines(asked).Length < receipts.Count);

        async Task UseAndSignAsync()
        {
            receipts.Add(await ledger.UseAsync(key, 1, 1, 1));
            await ledger.Books.SignReceiptsAsync();
        }
    }

    [Fact]
    public async Task While_it_fails_the_log_holds_batches_before_the_promise_is_broken()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 1, 1, 1);
        await ledger.Books.ReplaceSigningKeyAsync(revokes: false, Command("good"));
        Swap(ledger, "good", "failing");
        await ledger.ReopenAsync();
        var receipt = await ledger.UseAsync(key, 1, 1, 1);
        await Assert.ThrowsAsync<SignerException>(() => ledger.Books.SignReceiptsAsync());
        var later = await ledger.UseAsync(key, 1, 1, 1);
        ledger.Clock.Now += TimeSpan.FromMinutes(30);
        await Assert.ThrowsAsync<SignerException>(() => ledger.Books.SignReceiptsAsync());
        await ledger.Books.PublishLogAsync();
        Swap(ledger, "failing", "good");
        await ledger.ReopenAsync();
        await ledger.Books.SignReceiptsAsync();
        // Signed without a new publication, and the log holds both already.
        foreach (var held in new[] { receipt, later })
            Assert.Contains(Verify(ledger, held).Proven, sentence => sentence.StartsWith("The log of", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_commit_waits_for_one_that_hangs()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 1, 1, 1);
        await ledger.Books.ReplaceSigningKeyAsync(revokes: false, Command("good"));
        Swap(ledger, "good", "deaf");
        await ledger.ReopenAsync();
        await ledger.UseAsync(key, 1, 1, 1);
        using var enough = new CancellationTokenSource();
        var signing = ledger.Books.SignReceiptsAsync(enough.Token);
        for (var i = 0; i < 20; i++)
            await ledger.UseAsync(key, 1, 1, 1);
        Assert.False(signing.IsCompleted);
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => signing);
    }

    [Fact]
    public async Task A_promise_that_was_broken_shows_in_the_receipt()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        await using var second = Books.Open(ledger.Path, ledger.Clock, folder: _folder);
        Receipt[] receipts = [await second.PostAsync(ledger.Usage(key, 1, 1, 1)), await second.PostAsync(ledger.Usage(key, 1, 1, 1))];
        ledger.Clock.Now += SigningHost.StandardPromise + TimeSpan.FromSeconds(1);
        await ledger.Books.SignReceiptsAsync();
        foreach (var receipt in receipts)
            Assert.Contains(Verify(ledger, receipt).Proven, sentence => sentence.StartsWith("The host broke its promise", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_other_hosts_sign_meanwhile_is_in_no_batch_twice()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        await using var second = Books.Open(ledger.Path, ledger.Clock, folder: _folder);
        var receipts = new List<Receipt>();
        for (var i = 0; i < 9; i++)
        {
            // Two without a key, then one that is signed at once.
            if (i % 3 == 2)
                receipts.Add(await ledger.UseAsync(key, i, 1, 1));
            else
                receipts.Add(await second.PostAsync(ledger.Usage(key, i, 1, 1)));
        }
        Assert.Equal(3, receipts.Count(receipt => IsSigned(ledger, receipt)));
        await second.SignReceiptsAsync();
        Assert.Equal(3, receipts.Count(receipt => IsSigned(ledger, receipt)));
        await Task.WhenAll(ledger.Books.SignReceiptsAsync(), ledger.Books.SignReceiptsAsync());
        await ledger.Books.PublishLogAsync();
        Assert.All(receipts, receipt => Verify(ledger, receipt));
        Assert.Equal(6, receipts.Select(receipt => Batch(ledger, receipt).Number).Distinct().Count());
    }

    [Fact]
    public async Task A_process_killed_between_commit_and_signature_leaves_receipts_that_the_next_one_signs()
    {
        await using var ledger = await TestLedger.ReadyAsync(DateTimeOffset.UtcNow.AddMinutes(-1));
        IssuedKey[] keys = [await ledger.IssueAsync(), await ledger.IssueAsync()];
        await ledger.UseAsync(keys[0].Key, 1, 1, 1);
        await ledger.Books.ReplaceSigningKeyAsync(revokes: false, Command("good"));
        Swap(ledger, "good", "deaf");
        await ledger.Books.DisposeAsync();
        var reported = new List<string>();
        for (var round = 0; round < 3; round++)
            reported.AddRange(await SeveralProcessesTests.KilledAsync(ledger, "signing", keys));
        Swap(ledger, "deaf", "good");
        await ledger.ReopenAsync();
        Assert.NotEmpty(reported);
        Assert.All(reported, id => Assert.False(ledger.Books.FindSignedReceipt(id)!.IsSigned));
        await ledger.Books.SignReceiptsAsync();
        await ledger.Books.PublishLogAsync();
        Assert.All(reported, id => Verify(ledger, ledger.Books.FindReceipt(id)!));
        Assert.Null(ledger.Books.OldestUnsigned());
    }

    private static bool IsSigned(TestLedger ledger, Receipt receipt) => ledger.Books.FindSignedReceipt(receipt.Id)!.IsSigned;

    private static Batch Batch(TestLedger ledger, Receipt receipt) =>
        Receipts.Batch.Decode(ledger.Books.FindSignedReceipt(receipt.Id)!.Proof!.Batch);

    private static Verification Verify(TestLedger ledger, Receipt receipt) =>
        ReceiptVerifier.Verify(SignedReceiptTests.Json(ledger.Books, receipt.Id), ledger.Books.LogKey);

    /// <summary>Has a host's signer be another one with the same key.</summary>
    private static void Swap(TestLedger ledger, string before, string after)
    {
        var file = ReceiptSigner.SigningKeyPath(ledger.Folder);
        File.WriteAllText(file, File.ReadAllText(file).Replace($"signer {before}", $"signer {after}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_logs_key_may_stay_in_it_too()
    {
        Books.PrepareLogKey(_folder, Command("good"));
        Assert.Throws<IOException>(() => Books.PrepareLogKey(_folder, Command("good")));
        await using var books = Books.Open(Path.Combine(_folder, "ledger.db"), new ManualClock(TestLedger.November));
        Assert.Equal(new SigningKey(new byte[32]).ForNotes(books.LogKey.Name), books.LogKey);
        await books.RecordModelAsync("llama", Digest.Zero);
        Assert.Equal(2, await books.PublishLogAsync());
        LogView.Read(LogReader.Of(books.LogFolderPath!), books.LogKey, [], default, ProofChecks.All);
    }

    [Fact]
    public async Task A_second_host_signs_with_a_key_of_its_own_once_it_is_certified_where_the_logs_key_is()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 1, 1, 1);
        await using var second = Books.Open(ledger.Path, ledger.Clock, folder: _folder);
        var before = await PostAsync("before");
        Assert.False(ledger.Books.FindSignedReceipt(before.Id)!.IsSigned);
        Assert.Empty(Directory.GetFiles(_folder));
        await Assert.ThrowsAsync<ProofException>(() => second.PublishLogAsync());

        var own = second.PrepareSigningKey("host2.example");
        Assert.Equal(own, second.PrepareSigningKey("host2.example"));
        await Assert.ThrowsAsync<ProofException>(() => second.CertifySigningKeyAsync(own));
        Assert.False(ledger.Books.FindSignedReceipt((await PostAsync("made")).Id)!.IsSigned);
        var state = await ledger.Books.CertifySigningKeyAsync(own);
        Assert.Equal(state, await ledger.Books.CertifySigningKeyAsync(own));
        Assert.Equal(("host2.example", 60L), (state.Host, state.PromiseMinutes));
        var after = await PostAsync("certified");
        Assert.True(ledger.Books.FindSignedReceipt(after.Id)!.IsSigned);
        await ledger.Books.PublishLogAsync();
        Verify(after);
        Assert.Contains(
            "by host2.example at", ExternalSignerTests.Verify(ledger, after).Proven[0], StringComparison.Ordinal);

        // Stolen: what it signs from here on is refused.
        await ledger.Books.RevokeSigningKeyAsync(state.Id);
        await ledger.Books.PublishLogAsync();
        Verify(after);
        var late = await PostAsync("revoked");
        Assert.False(IsSigned(ledger, late));
        // A host that can signs for the one that can't.
        await second.SignReceiptsAsync();
        Assert.False(IsSigned(ledger, late));
        await ledger.Books.SignReceiptsAsync();
        await ledger.Books.PublishLogAsync();
        Verify(late);
        Verify(before);
        await TestLedger.RefusedAsync(Refusal.UnknownKey, () => ledger.Books.RevokeSigningKeyAsync("sig_nothing"));

        Task<Receipt> PostAsync(string request) => second.PostAsync(
            new(Assert.IsType<Admission>(second.Admit(key, TestLedger.Model)), request, Digest.Zero, new(1, 1, 1), Outcome.Completed));

        void Verify(Receipt receipt) => ProofVerifier.Verify(
            SignedReceiptTests.Json(ledger.Books, receipt.Id), ledger.Books.LogKey, LogReader.Of(ledger.Books.LogFolderPath!), [],
            ledger.Clock.Now);
    }
}
