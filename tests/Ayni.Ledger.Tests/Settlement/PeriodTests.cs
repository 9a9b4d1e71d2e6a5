namespace Ayni.Ledger.Tests;

public sealed class PeriodTests
{
    [Theory]
    [InlineData("2026-11", 2026, 11)]
    [InlineData("1970-01", 1970, 1)]
    [InlineData("2999-12", 2999, 12)]
    public void Months_are_read_and_written(string text, int year, int month)
    {
        Assert.Equal(new(year, month), Period.Parse(text));
        Assert.Equal(text, new Period(year, month).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-1")]
    [InlineData("2026-13")]
    [InlineData("2026-00")]
    [InlineData("2026/11")]
    [InlineData("26-11")]
    [InlineData(" 2026-11")]
    [InlineData("2026-11-01")]
    [InlineData("1448-06")]
    [InlineData("1969-12")]
    [InlineData("3000-01")]
    [InlineData("9998-12")]
    [InlineData("٢٠٢٦-١١")]
    [InlineData("+026-11")]
    public void Any_other_text_is_refused(string text) => Assert.Throws<PeriodFormatException>(() => Period.Parse(text));

    [Fact]
    public void A_month_ends_where_the_next_begins_in_UTC()
    {
        var december = new Period(2026, 12);
        Assert.Equal(new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero), december.End);
        Assert.Equal(december, Period.Of(december.Start));
        Assert.Equal(december, Period.Of(december.End.AddTicks(-1)));
        Assert.Equal(december.Next, Period.Of(december.End));
        // 01:00 on the first of December in Madrid is still November in UTC.
        Assert.Equal(new(2026, 11), Period.Of(new DateTimeOffset(2026, 12, 1, 0, 30, 0, TimeSpan.FromHours(1))));
        Assert.True(new Period(2026, 12) < new Period(2027, 1) && new Period(2026, 12) > new Period(2026, 11));
    }

    [Theory]
    [MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void November_2026_is_2026_11_in_every_culture(string culture) => Cultures.Run(culture, () =>
    {
        Assert.Equal("2026-11", Period.Of(TestLedger.November).ToString());
        Assert.Equal(new(2026, 11), Period.Parse("2026-11"));
    });
}
