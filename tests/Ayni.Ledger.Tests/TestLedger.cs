using Ayni.Tests;

namespace Ayni.Ledger.Tests;

/// <summary>A ledger in a place of its own under a manual clock, with a host, a licensor, a developer and their app.</summary>
internal sealed class TestLedger : IAsyncDisposable
{
    public static readonly DateTimeOffset November = new(2026, 11, 5, 12, 0, 0, TimeSpan.Zero);
    public static readonly Period Period = new(2026, 11);
    public const string Model = "llama";

    private readonly TestPlace _place = new();
    private int _requests;

    private TestLedger() => Books = Books.Open(Path, Clock, folder: Folder);

    /// <summary>Where the ledger is: the path of a file, or a server's address.</summary>
    public string Path => _place.Address;

    /// <summary>The folder of its keys and of its log's files.</summary>
    public string Folder => _place.Folder;

    public ManualClock Clock { get; } = new(November);

    public Books Books { get; private set; }

    public Party Host { get; private set; } = null!;

    public Party Licensor { get; private set; } = null!;

    public Party Developer { get; private set; } = null!;

    public App App { get; private set; } = null!;

    /// <summary>A ledger without anybody.</summary>
    public static TestLedger Empty() => new();

    /// <summary>A ledger with parties and an app, but neither price nor agreement.</summary>
    public static async Task<TestLedger> WithPartiesAsync()
    {
        var ledger = new TestLedger();
        ledger.Host = await ledger.Books.CreatePartyAsync("Hostess", Role.Host);
        ledger.Licensor = await ledger.Books.CreatePartyAsync("Model owner", Role.Licensor);
        ledger.Developer = await ledger.Books.CreatePartyAsync("App maker", Role.Developer);
        ledger.App = await ledger.Books.CreateAppAsync("Poems", ledger.Developer.Id);
        return ledger;
    }

    /// <summary>
    /// A ledger ready for business: 0.50 in, 0.10 cached and 1.50 out per million, 30 % licensor, 50 % host, 20 % developer.
    /// </summary>
    public static async Task<TestLedger> ReadyAsync(DateTimeOffset? now = null)
    {
        var ledger = await WithPartiesAsync();
        ledger.Clock.Now = now ?? November;
        await ledger.SetPriceAsync("EUR", "0.50", "0.10", "1.50");
        await ledger.Books.AgreeAsync(
            null, [Share.Of(Role.Licensor, 300_000), Share.Of(Role.Host, 500_000), Share.Of(Role.Developer, 200_000)]);
        return ledger;
    }

    public Task<Price> SetPriceAsync(string currency, string input, string cached, string output)
    {
        var unit = Currency.Parse(currency);
        return Books.SetPriceAsync(
            Model, unit, Amount.Parse(input, unit), Amount.Parse(output, unit), cachedPerMillion: Amount.Parse(cached, unit));
    }

    public async Task<ApiKey> KeyAsync(string currency = "EUR", bool ofApp = false, Amount? limit = null) =>
        (await IssueAsync(currency, ofApp, limit)).Key;

    public async Task<IssuedKey> IssueAsync(string currency = "EUR", bool ofApp = false, Amount? limit = null)
    {
        var customer = await Books.CreateCustomerAsync("Customer", Currency.Parse(currency), limit);
        return await Books.IssueKeyAsync(customer.Id, "laptop", ofApp ? App.Id : null);
    }

    public Admission Admit(ApiKey key) => Assert.IsType<Admission>(Books.Admit(key, Model));

    public Usage Usage(ApiKey key, long prompt, long cached, long generated) => new(
        Admit(key), $"req-{Interlocked.Increment(ref _requests)}", Digest.Of("model"u8), new(prompt, cached, generated), Outcome.Completed);

    public Task<Receipt> UseAsync(ApiKey key, long prompt, long cached, long generated) =>
        Books.PostAsync(Usage(key, prompt, cached, generated));

    /// <summary>Closes the books and opens them again, as after a restart.</summary>
    public async Task ReopenAsync()
    {
        await Books.DisposeAsync();
        Books = Books.Open(Path, Clock, folder: Folder);
    }

    /// <summary>Runs SQL behind the ledger's back. Returns the first column of the first row.</summary>
    public object? Sql(string sql)
    {
        using var session = Database.At(Path).OpenWriter();
        return session.Scalar(sql);
    }

    /// <summary>Runs SQL that a table's triggers would refuse.</summary>
    public void Tamper(string table, string sql)
    {
        using var session = Database.At(Path).OpenWriter();
        TestPlace.WithoutTriggers(session, table, sql);
    }

    /// <summary>Another place, without a ledger.</summary>
    public string AnotherPlace() => _place.Another();

    public static Amount Eur(string text) => Amount.Parse(text, Currency.Parse("EUR"));

    public static async Task<LedgerRefusedException> RefusedAsync(Refusal refusal, Func<Task> act)
    {
        var error = await Assert.ThrowsAsync<LedgerRefusedException>(act);
        Assert.Equal(refusal, error.Refusal);
        return error;
    }

    public async ValueTask DisposeAsync()
    {
        await Books.DisposeAsync();
        _place.Dispose();
    }
}
