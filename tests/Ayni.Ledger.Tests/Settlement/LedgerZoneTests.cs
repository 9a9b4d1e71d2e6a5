using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class LedgerZoneTests
{
    [Theory]
    [InlineData("UTC")]
    [InlineData("Africa/Nairobi")]
    [InlineData("Europe/Madrid")]
    [InlineData("America/Lima")]
    [InlineData("Asia/Beirut")]
    [InlineData("America/Havana")]
    [InlineData("Africa/Cairo")]
    [InlineData("America/Nuuk")]
    [InlineData("Asia/Kathmandu")]
    [InlineData("Pacific/Kiritimati")]
    [InlineData("Australia/Lord_Howe")]
    public void Days_follow_one_another_without_gap_or_overlap(string id)
    {
        var zone = LedgerZone.Find(id);
        for (var day = new DateOnly(2024, 1, 1); day < new DateOnly(2028, 1, 1); day = day.AddDays(1))
        {
            var start = zone.StartOf(day);
            Assert.Equal(TimeSpan.Zero, start.Offset);
            Assert.Equal((day, day.AddDays(-1)), (zone.DayOf(start), zone.DayOf(start.AddTicks(-1))));
            Assert.InRange(zone.StartOf(day.AddDays(1)) - start, TimeSpan.FromHours(22), TimeSpan.FromHours(26));
            for (var hour = 0; hour < 22; hour += 3)
                Assert.Equal(day, zone.DayOf(start.AddHours(hour)));
        }
    }

    [Fact]
    public void A_midnight_that_comes_twice_begins_one_day()
    {
        // Havana sets its clocks back from 01:00 to 00:00 on Sunday the first of November 2026.
        var havana = LedgerZone.Find("America/Havana");
        var november = new Period(2026, 11);
        Assert.Equal(new DateTimeOffset(2026, 11, 1, 4, 0, 0, TimeSpan.Zero), havana.StartOf(november));
        Assert.Equal(november, havana.PeriodOf(new(2026, 11, 1, 4, 30, 0, TimeSpan.Zero)));
        Assert.Equal(november, havana.PeriodOf(new(2026, 11, 1, 5, 30, 0, TimeSpan.Zero)));
        Assert.Equal(new(2026, 10), havana.PeriodOf(new(2026, 11, 1, 3, 59, 59, TimeSpan.Zero)));
    }

    [Fact]
    public void A_midnight_that_never_comes_is_the_instant_of_the_change()
    {
        // Beirut sets its clocks forward from 00:00 to 01:00 on Sunday the 29th of March 2026.
        var day = new DateOnly(2026, 3, 29);
        Assert.Equal(new DateTimeOffset(2026, 3, 28, 22, 0, 0, TimeSpan.Zero), LedgerZone.Find("Asia/Beirut").StartOf(day));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Mars/Olympus")]
    [InlineData("CET")]
    [InlineData("W. Europe Standard Time")]
    [InlineData("../etc/passwd")]
    public void Other_names_are_refused(string id) =>
        Assert.Equal(Refusal.UnknownZone, Assert.Throws<LedgerRefusedException>(() => LedgerZone.Find(id)).Refusal);

    [Fact]
    public async Task The_zone_decides_the_month_of_receipts_and_when_it_can_be_closed()
    {
        await using var ledger = await ReadyAsync();
        await ledger.Books.SetZoneAsync("Africa/Nairobi");
        await ledger.ReopenAsync();
        Assert.Equal("Africa/Nairobi", ledger.Books.Zone.Id);
        var key = await ledger.KeyAsync();
        ledger.Clock.Now = new(2026, 11, 30, 20, 59, 59, TimeSpan.Zero);
        Assert.Equal(new(2026, 11), (await ledger.UseAsync(key, 1, 0, 0)).Period);
        await RefusedAsync(Refusal.PeriodNotEnded, () => ledger.Books.ClosePeriodAsync(new(2026, 11)));
        ledger.Clock.Now = new(2026, 11, 30, 21, 0, 0, TimeSpan.Zero);
        Assert.Equal(new(2026, 12), (await ledger.UseAsync(key, 1, 0, 0)).Period);
        await ledger.Books.ClosePeriodAsync(new(2026, 11));
        await RefusedAsync(Refusal.ZoneInUse, () => ledger.Books.SetZoneAsync("UTC"));
        Assert.Single(ledger.Books.ListReceipts(new(Period: new(2026, 11))).Receipts);
        Assert.Empty(ledger.Books.Audit());
    }
}
