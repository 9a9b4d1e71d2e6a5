using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class AmountSplitTests
{
    private static Gen<(Amount Amount, Weight[] Weights)> Splits =>
        from units in AmountTests.Units
        from parts in Gen.Choose(0, 1_000_000).NonEmptyListOf()
        from extra in Gen.Choose(1, 1_000_000)
        select (new Amount(units, Currency.Parse("EUR")), parts.Append(extra).Select((part, i) => new Weight($"p{i}", part)).ToArray());

    [Fact]
    public void The_parts_add_up_and_each_is_less_than_a_unit_from_exact() => Prop.ForAll(Splits.ToArbitrary(), split =>
    {
        var parts = split.Amount.Split(split.Weights);
        var total = split.Weights.Sum(weight => weight.Parts);
        return parts.Aggregate((sum, part) => sum + part) == split.Amount
            && parts.Zip(split.Weights).All(pair =>
                BigInteger.Abs((BigInteger)pair.First.Units * total - (BigInteger)split.Amount.Units * pair.Second.Parts) < total);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Nobody_gets_more_by_standing_elsewhere() => Prop.ForAll(Splits.ToArbitrary(), split =>
    {
        var forward = split.Amount.Split(split.Weights);
        var backward = split.Amount.Split([.. split.Weights.Reverse()]);
        return forward.SequenceEqual(backward.Reverse());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_largest_remainder_gets_the_unit_left_over_and_ties_go_by_id()
    {
        // 10 units over weights 1:1:1: 3 each, one left; all remainders are equal, so the first id gets it.
        Assert.Equal([3, 4, 3], Units("0.000000000010", new("b", 1), new("a", 1), new("c", 1)));
        // 10 units over 7:2:6 of 15: 4.67, 1.33, 4.00: the first has the largest remainder.
        Assert.Equal([5, 1, 4], Units("0.000000000010", new("a", 7), new("b", 2), new("c", 6)));
        // A debt is split like a credit.
        Assert.Equal([-5, -1, -4], Units("-0.000000000010", new("a", 7), new("b", 2), new("c", 6)));
        Assert.Equal([0, 10], Units("0.000000000010", new("a", 0), new("b", 5)));
    }

    [Fact]
    public void Weights_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Units("1"));
        Assert.Throws<ArgumentException>(() => Units("1", new Weight("a", 0)));
        Assert.Throws<ArgumentException>(() => Units("1", new("a", 2), new("b", -1)));
        Assert.Throws<ArgumentException>(() => Units("1", new("a", 1), new("a", 1)));
    }

    private static long[] Units(string amount, params Weight[] weights) => [.. Eur(amount).Split(weights).Select(part => (long)part.Units)];
}
