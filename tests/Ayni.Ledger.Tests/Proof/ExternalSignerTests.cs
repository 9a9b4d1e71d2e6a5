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
    public async Task A_ledgers_receipts_are_signed_by_it_and_unsigned_while_it_fails()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 1, 1, 1);
        var state = await ledger.Books.ReplaceSigningKeyAsync(revokes: false, Command("good"));
        var receipt = await ledger.UseAsync(key, 1, 1, 1);
        var verification = ReceiptVerifier.Verify(SignedReceiptTests.Json(ledger.Books, receipt.Id), ledger.Books.LogKey);
        Assert.NotEmpty(verification.Proven);
        Assert.Equal(state.Id, ledger.Books.ListSigningKeys().Single(signing => signing.Retired is null).Id);

        // The same key, whose card was drawn.
        var file = ReceiptSigner.SigningKeyPath(ledger.Folder);
        File.WriteAllText(file, File.ReadAllText(file).Replace("signer good", "signer failing", StringComparison.Ordinal));
        await ledger.ReopenAsync();
        var charged = await ledger.UseAsync(key, 1, 1, 1);
        Assert.False(ledger.Books.FindSignedReceipt(charged.Id)!.IsSigned);
        Assert.Contains(
            "the card is not in its slot", (await Assert.ThrowsAsync<SignerException>(() => ledger.Books.PublishLogAsync())).Message,
            StringComparison.Ordinal);
        await ledger.Books.PublishLogAsync();
        // What a month commits to is never left unsigned: the close waits for the signer.
        ledger.Clock.Now = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);
        await Assert.ThrowsAsync<SignerException>(() => ledger.Books.ClosePeriodAsync(TestLedger.Period));
        File.WriteAllText(file, File.ReadAllText(file).Replace("signer failing", "signer good", StringComparison.Ordinal));
        await ledger.ReopenAsync();
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        Assert.NotEmpty(ledger.Books.ProveStatement(TestLedger.Period, ledger.Host.Id));
    }

    [Fact]
    public async Task One_that_fails_is_not_asked_at_each_commit()
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
        for (var i = 0; i < 5; i++)
            Assert.False(await IsSignedAsync());
        Assert.Single(File.ReadAllLines(asked));
        // Back in its slot, it is asked when the minute is over; it is twice as long after a second failure.
        ledger.Clock.Now += TimeSpan.FromMinutes(1);
        Assert.False(await IsSignedAsync());
        File.Delete(drawn);
        ledger.Clock.Now += TimeSpan.FromMinutes(1);
        Assert.False(await IsSignedAsync());
        Assert.Equal(2, File.ReadAllLines(asked).Length);
        ledger.Clock.Now += TimeSpan.FromMinutes(1);
        Assert.True(await IsSignedAsync());
        Assert.True(await IsSignedAsync());

        async Task<bool> IsSignedAsync() => ledger.Books.FindSignedReceipt((await ledger.UseAsync(key, 1, 1, 1)).Id)!.IsSigned;
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
        var after = await PostAsync("certified");
        Assert.True(ledger.Books.FindSignedReceipt(after.Id)!.IsSigned);
        await ledger.Books.PublishLogAsync();
        Verify(after);

        // Stolen: what it signs from here on is refused.
        await ledger.Books.RevokeSigningKeyAsync(state.Id);
        await ledger.Books.PublishLogAsync();
        Verify(after);
        Assert.False(ledger.Books.FindSignedReceipt((await PostAsync("revoked")).Id)!.IsSigned);
        await TestLedger.RefusedAsync(Refusal.UnknownKey, () => ledger.Books.RevokeSigningKeyAsync("sig_nothing"));

        Task<Receipt> PostAsync(string request) => second.PostAsync(
            new(Assert.IsType<Admission>(second.Admit(key, TestLedger.Model)), request, Digest.Zero, new(1, 1, 1), Outcome.Completed));

        void Verify(Receipt receipt) => ProofVerifier.Verify(
            SignedReceiptTests.Json(ledger.Books, receipt.Id), ledger.Books.LogKey, LogReader.Of(ledger.Books.LogFolderPath!), [],
            ledger.Clock.Now);
    }
}
