using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>A ledger for months worked out by hand: one generated token costs a cent, so that any amount can be charged.</summary>
internal sealed class GoldenLedger(TestLedger ledger) : IAsyncDisposable
{
    private static readonly DateTimeOffset FirstOfNovember = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    public TestLedger Ledger { get; } = ledger;

    public Books Books => Ledger.Books;

    public Period Period { get; private set; } = TestLedger.Period;

    public static async Task<GoldenLedger> CreateAsync()
    {
        var ledger = await WithPartiesAsync();
        ledger.Clock.Now = FirstOfNovember;
        await ledger.SetPriceAsync("EUR", "0", "0", "10000");
        return new(ledger);
    }

    /// <summary>Enters a document, and has every party accept it.</summary>
    public async Task<long> AgreeAsync(string document, Func<string, byte[]>? readManifest = null)
    {
        var entered = await Books.EnterAgreementAsync("terms.yaml", document, readManifest);
        foreach (var partyId in entered.Missing)
            entered = await Books.AcceptAgreementAsync(entered.Id, partyId, "a letter");
        return entered.Version!.Value;
    }

    /// <summary>Charges an amount of whole cents, in requests of at most a billion tokens.</summary>
    public async Task ChargeAsync(ApiKey key, string amount)
    {
        for (var cents = (long)(Eur(amount).Units / 10_000_000_000); cents > 0; cents -= TokenCounts.Largest)
            await Ledger.UseAsync(key, 0, 0, Math.Min(cents, TokenCounts.Largest));
    }

    public Task DeductAsync(DeductionType type, string amount, string? model = null, string? appId = null) =>
        Books.RecordDeductionAsync(type, $"{type}-{amount}-{Period}", Period, Eur(amount), model, appId);

    /// <summary>Closes the month and goes on with the next. Estimate, close and replay agree, and the journal balances.</summary>
    public async Task<PeriodSettlement> CloseAsync()
    {
        Ledger.Clock.Now = Period.End;
        var estimate = Books.Settle(Period);
        var final = await Books.ClosePeriodAsync(Period);
        Assert.Equal(estimate.Totals.ToArray(), final.Totals.ToArray());
        Assert.Empty(Books.Audit());
        Period = Period.Next;
        return final;
    }

    /// <summary>A party's share of the month closed last, step by step, as <c>kind detail amount</c>.</summary>
    public string[] StepsOf(Party party, string? share) =>
    [
        .. Books.Statement(Last, party.Id).Shares.Single(one => one.Share == share).Steps
            .Select(step => string.Join(' ', new[] { step.Kind.Name(), step.Detail, step.Amount.Format() }.OfType<string>())),
    ];

    /// <summary>What a party earned in the month closed last.</summary>
    public string Earned(Party party) =>
        Books.Settle(Last).Totals.SingleOrDefault(total => total.PartyId == party.Id)?.Earned.Format() ?? "0.00";

    public ValueTask DisposeAsync() => Ledger.DisposeAsync();

    private Period Last => Period.Month == 1 ? new(Period.Year - 1, 12) : new(Period.Year, Period.Month - 1);
}
