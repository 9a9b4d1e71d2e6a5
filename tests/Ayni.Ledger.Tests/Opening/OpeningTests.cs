using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>What accounts had come to before the ledger: entered once, balanced, and carried on from there.</summary>
public sealed class OpeningTests
{
    private static readonly Period October = new(2026, 10);

    [Fact]
    public async Task Balances_are_entered_once_and_carried_into_the_first_close()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var file = $"""
            reference,account,currency,amount
            old-1,customer:{key.CustomerId}:receivable,EUR,12.5
            old-2,party:{ledger.Licensor.Id}:carry,EUR,-0.006
            old-3,party:{ledger.Host.Id}:payable,EUR,-40
            """;
        var entries = await ledger.Books.EnterOpeningBalancesAsync(OpeningBalance.ReadCsv(new StringReader(file)));
        Assert.Equal(3, entries.Length);
        Assert.All(entries, entry => Assert.Equal((October, EntryKind.Opening), (entry.Period, entry.Kind)));
        Assert.Empty(await ledger.Books.EnterOpeningBalancesAsync(OpeningBalance.ReadCsv(new StringReader(file))));
        Assert.Equal(entries, ledger.Books.ListEntries(October).Entries);
        Assert.Equal(Eur("12.5"), ledger.Books.UnpaidCharges(key.CustomerId));
        Assert.Equal(Eur("27.506"), Assert.Single(ledger.Books.Balances(), balance => balance.Account == Account.Opening).Net);
        Assert.Empty(ledger.Books.Audit());

        // 0.01 of November's 0.05 are the licensor's 30 %: 0.015 earned and 0.006 carried in make two cents payable.
        await ledger.UseAsync(key, 100_000, 0, 0);
        ledger.Clock.Now = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);
        await ledger.Books.ClosePeriodAsync(October);
        var total = (await ledger.Books.ClosePeriodAsync(TestLedger.Period)).Totals.Single(total => total.PartyId == ledger.Licensor.Id);
        Assert.Equal((Eur("0.006"), Eur("0.015"), Eur("0.02"), Eur("0.001")), (total.CarryIn, total.Earned, total.Payable, total.CarryOut));
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task A_file_is_entered_as_a_whole_or_not_at_all()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var good = new OpeningBalance("a", Account.Receivable(key.CustomerId), Eur("1"));
        await RefusedAsync(Refusal.UnknownCustomer, () => EnterAsync(good, new("b", Account.Receivable("cus_nobody"), Eur("1"))));
        await RefusedAsync(Refusal.UnknownParty, () => EnterAsync(good, new("b", Account.Carry("pty_nobody"), Eur("1"))));
        await RefusedAsync(Refusal.InvalidOpening, () => EnterAsync(good, new("b", Account.Revenue(October, "llama"), Eur("-1"))));
        await RefusedAsync(Refusal.InvalidOpening, () => EnterAsync(good, new("b", Account.Receivable(key.CustomerId), Amount.Parse("1", Currency.Parse("USD")))));
        await RefusedAsync(Refusal.InvalidOpening, () => EnterAsync(good, new("b", Account.Bank, Eur("0"))));
        await RefusedAsync(Refusal.InvalidText, () => EnterAsync(good, new("", Account.Bank, Eur("1"))));
        await RefusedAsync(Refusal.InvalidOpening, () => ledger.Books.EnterOpeningBalancesAsync([good], TestLedger.Period));
        Assert.Empty(ledger.Books.ListEntries(October).Entries);
        await EnterAsync(good);
        await RefusedAsync(Refusal.OpeningReferenceReused, () => EnterAsync(good with { Amount = Eur("2") }));
        await ledger.Books.ClosePeriodAsync(October);
        await RefusedAsync(Refusal.InvalidOpening, () => EnterAsync(new OpeningBalance("late", Account.Bank, Eur("1"))));

        Task EnterAsync(params OpeningBalance[] balances) => ledger.Books.EnterOpeningBalancesAsync(balances);
    }

    [Theory]
    [InlineData("")]
    [InlineData("reference,account,amount,currency\n")]
    [InlineData("reference,account,currency,amount\na,bank,EUR\n")]
    [InlineData("reference,account,currency,amount\na,bank,eur,1\n")]
    [InlineData("reference,account,currency,amount\na,bank,EUR,1e3\n")]
    [InlineData("reference,account,currency,amount\na,bank,EUR,1\na,bank,EUR,1\n")]
    [InlineData("reference,account,currency,amount\n\"a,bank,EUR,1\n")]
    public void A_bad_file_is_refused_with_its_line(string file)
    {
        var error = Assert.Throws<CsvFormatException>(() => OpeningBalance.ReadCsv(new StringReader(file)));
        Assert.True(error.Line >= 1);
    }

    [Fact]
    public void No_file_breaks_the_reader()
    {
        var random = new Random(47);
        const string Valid = "reference,account,currency,amount\nold-1,bank,EUR,12.5\n\"old,2\",party:pty_1:carry,KWD,-0.001\n";
        for (var round = 0; round < 3000; round++)
        {
            var text = Valid.ToCharArray();
            for (var i = 0; i < 3; i++)
                text[random.Next(text.Length)] = (char)random.Next(round % 2 == 0 ? 128 : 0x10000);
            try
            {
                OpeningBalance.ReadCsv(new StringReader(new(text)));
            }
            catch (CsvFormatException)
            {
            }
        }
    }
}
