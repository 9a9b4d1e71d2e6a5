using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Ledger.Tests;

public sealed class CalendarTextTests
{
    [Theory]
    [InlineData("UTC", "2026-12-01T00:00:00Z", "2026-12-01T23:59:59.999999Z")]
    [InlineData("America/Lima", "2026-12-01T05:00:00Z", "2026-12-02T04:59:59.999999Z")]
    [InlineData("Africa/Nairobi", "2026-11-30T21:00:00Z", "2026-12-01T20:59:59.999999Z")]
    public void A_day_begins_and_ends_in_the_ledgers_zone(string id, string start, string end)
    {
        var zone = LedgerZone.Find(id);
        Assert.True(zone.TryParseStart("2026-12-01", out var first));
        Assert.True(zone.TryParseEnd("2026-12-01", out var last));
        Assert.Equal((Instant(start), Instant(end)), (first, last));
        Assert.True(zone.TryParseStart("2026-12-01T08:00:00+03:00", out var instant));
        Assert.Equal(Instant("2026-12-01T05:00:00Z"), instant);
        Assert.Equal(Instant(start), PricePlan.Parse("p", $$"""{"model":"m","currency":"EUR","input":1,"output":1,"from":"2026-12-01"}""", zone).From);
    }

    [Theory]
    [InlineData("0001-01-01")]
    [InlineData("1969-12-31")]
    [InlineData("3000-01-01")]
    [InlineData("9999-12-31")]
    [InlineData("2026-02-29")]
    [InlineData("2026-12-01T08:00:00")]
    [InlineData("2026-12-01T08:00")]
    [InlineData("9999-12-31T23:59:59-14:00")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    [InlineData("١٤٤٨-٠٦-٠١")]
    [InlineData("1 Dec 2026")]
    [InlineData("")]
    [InlineData(null)]
    public void Any_other_text_is_refused(string? text)
    {
        Assert.False(CalendarText.TryParseDay(text, out _));
        Assert.False(CalendarText.TryParseInstant(text, out _));
        Assert.False(LedgerZone.Find("America/Lima").TryParseStart(text, out _));
        Assert.False(LedgerZone.Find("Pacific/Kiritimati").TryParseEnd(text, out _));
    }

    [Fact]
    public void Whatever_stands_there_is_read_or_refused() => Prop.ForAll(
        Gen.Elements("2026", "0001", "9999", "-", "12", "02", "31", "T", "08", ":", "00", "Z", "+14:00", "-14:00", ".5", " ", "\u0660").ListOf()
            .Select(parts => string.Concat(parts)).ToArbitrary(),
        text =>
        {
            var zone = LedgerZone.Find("Pacific/Kiritimati");
            return !zone.TryParseEnd(text, out var end) || zone.TryParseStart(text, out var start) && start <= end;
        }).QuickCheckThrowOnFailure();

    private static DateTimeOffset Instant(string text) =>
        DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
