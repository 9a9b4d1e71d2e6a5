using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Training.Tests;

public sealed class SourceSharesTests
{
    [Theory]
    [InlineData("1.000000", "1.000000", "1.000000", "0.333333333334 0.333333333333 0.333333333333")]
    [InlineData("2.000000", "1.000000", "0.500000", "0.571428571429 0.285714285714 0.142857142857")]
    [InlineData("0.000001", "1000.000000", "0.000001", "0.000000001000 0.999999998000 0.000000001000")]
    public void Shares_are_of_tokens_times_weights(string first, string second, string third, string expected) =>
        Assert.Equal(expected, string.Join(' ', SourceShares.Of([(7, first), (7, second), (7, third)])));

    [Fact]
    public void Shares_add_up_to_one_whatever_the_tokens_and_weights() => Prop.ForAll(
        Gen.Choose(1, 40).SelectMany(count =>
            (from tokens in ArbMap.Default.GeneratorFor<long>()
             from weight in Gen.Choose(1, 1_000_000_000)
             select ((tokens & ((1L << 53) - 1)) + 1, ExactDecimal.Write(weight, 6))).ArrayOf(count)).ToArbitrary(),
        sources => SourceShares.Of(sources).Sum(share => decimal.Parse(share, CultureInfo.InvariantCulture)) == 1m).QuickCheckThrowOnFailure();

    [Fact]
    public void A_number_has_one_text() => Prop.ForAll<NonNegativeInt>(units =>
        ExactDecimal.Read(ExactDecimal.Write(units.Get, 6), 6) == units.Get
        && ExactDecimal.Read("0" + ExactDecimal.Write(units.Get, 6), 6) is null
        && ExactDecimal.Read(ExactDecimal.Write(units.Get, 6) + "0", 6) is null).QuickCheckThrowOnFailure();
}
