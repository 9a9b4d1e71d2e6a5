using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class PriceTests
{
    [Theory]
    [InlineData("1", 1_000_000, "1.00")]
    [InlineData("0.5", 3, "0.0000015")]
    [InlineData("0.000001", 1, "0.000000000001")]
    [InlineData("0.0000005", 1, "0.00")] // exactly half a unit: to even, 0
    [InlineData("0.0000015", 1, "0.000000000002")] // one and a half: to even, 2
    [InlineData("0.0000025", 1, "0.000000000002")] // two and a half: to even, 2
    [InlineData("0.000000500001", 1, "0.000000000001")]
    public void A_charge_is_rounded_once_half_to_even(string perMillion, long tokens, string expected) =>
        Assert.Equal(Eur(expected), Plan(Eur(perMillion), Eur("0"), Eur("0")).Charge(new(tokens, 0, 0)));

    [Fact]
    public void The_total_is_rounded_not_its_parts()
    {
        // 0.5 + 0.5 + 0.5 units make 1.5, which becomes 2; rounded one by one they would be 0.
        var half = Eur("0.0000005");
        Assert.Equal(Eur("0.000000000002"), Plan(half, half, half).Charge(new(1, 1, 1)));
    }

    [Fact]
    public void Rejected_speculative_tokens_are_free() =>
        Assert.Equal(Eur("0"), Plan(Eur("1"), Eur("1"), Eur("1")).Charge(new(0, 0, 0, 1_000_000)));

    [Fact]
    public void Any_charge_is_within_half_a_unit_of_exact()
    {
        var rate = from high in Gen.Choose(0, int.MaxValue) from low in Gen.Choose(0, int.MaxValue) select (Int128)high * low;
        var count = Gen.Choose(0, 1_000_000_000).Select(value => (long)value);
        var cases =
            from rates in rate.Three()
            from counts in count.Three()
            select (rates, counts);
        Prop.ForAll(cases.ToArbitrary(), input =>
        {
            var (a, b, c) = input.rates;
            var (x, y, z) = input.counts;
            var euro = Currency.Parse("EUR");
            var charge = Plan(new(a, euro), new(b, euro), new(c, euro)).Charge(new(x, y, z)).Units;
            var exact = (BigInteger)a * x + (BigInteger)b * y + (BigInteger)c * z;
            return BigInteger.Abs((BigInteger)charge * 1_000_000 - exact) * 2 <= 1_000_000;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task The_version_in_force_is_the_last_that_took_effect()
    {
        await using var ledger = Empty();
        var books = ledger.Books;
        var first = await books.SetPriceAsync(Model, Currency.Parse("EUR"), Eur("1"), Eur("2"));
        var later = await books.SetPriceAsync(Model, Currency.Parse("EUR"), Eur("3"), Eur("4"), November.AddDays(10));
        var between = await books.SetPriceAsync(Model, Currency.Parse("EUR"), Eur("5"), Eur("6"), November.AddDays(5));
        var corrected = await books.SetPriceAsync(Model, Currency.Parse("EUR"), Eur("7"), Eur("8"), November.AddDays(5));
        Assert.Equal(Eur("1"), first.CachedPerMillion);
        Assert.Null(books.FindPrice(Model, November.AddTicks(-10)));
        Assert.Equal(first, books.FindPrice(Model));
        Assert.Equal(first, books.FindPrice(Model, November.AddDays(5).AddTicks(-10)));
        Assert.Equal(corrected, books.FindPrice(Model, November.AddDays(5)));
        Assert.Equal(later, books.FindPrice(Model, November.AddDays(10)));
        Assert.Null(books.FindPrice("other"));
        Assert.Equal([first, later, between, corrected], books.ListPrices());
    }

    [Fact]
    public async Task Refusals_are_named()
    {
        await using var ledger = Empty();
        var euro = Currency.Parse("EUR");
        await RefusedAsync(
            Refusal.EffectiveInThePast, () => ledger.Books.SetPriceAsync(Model, euro, Eur("1"), Eur("1"), November.AddTicks(-10)));
        await RefusedAsync(Refusal.InvalidPrice, () => ledger.Books.SetPriceAsync(Model, euro, Eur("-1"), Eur("1")));
        await RefusedAsync(Refusal.InvalidPrice, () => ledger.Books.SetPriceAsync(Model, euro, Eur("1"), Eur("1000000000001")));
        await RefusedAsync(Refusal.InvalidPrice, () => ledger.Books.SetPriceAsync(Model, Currency.Parse("JPY"), Eur("1"), Eur("1")));
        await RefusedAsync(Refusal.InvalidText, () => ledger.Books.SetPriceAsync("", euro, Eur("1"), Eur("1")));
        Assert.Empty(ledger.Books.ListPrices());
    }

    private static Price Plan(Amount input, Amount cached, Amount output) => new(1, Model, input, cached, output, November);
}
