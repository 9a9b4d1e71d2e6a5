using System.Text;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class UsageRecorderTests
{
    [Fact]
    public async Task What_a_meter_tells_is_recorded_once_in_a_series_of_its_own_at_the_terms_of_its_time()
    {
        await using var ledger = await ReadyAsync();
        var (key, meter) = await WithMeterAsync(ledger);
        var second = await ledger.Books.IssueKeyAsync(KeyRole.Meter, "other");
        await ledger.Books.AllowMeterAsync(second.Key.Id, key.Id);
        await ledger.UseAsync(key, 1, 1, 1);
        var before = ledger.Clock.Now;
        ledger.Clock.Now += TimeSpan.FromDays(1);
        await ledger.SetPriceAsync("EUR", "9", "9", "9");
        var events = Enumerable.Range(0, 250).Select(i => Event(key, $"e{i}", before.AddSeconds(i)) with { Counts = new(i, 0, 1) }).ToArray();
        var recorded = await ledger.Books.RecordAsync(meter, events);
        var again = await ledger.Books.RecordAsync(meter, events);
        Assert.All(recorded, used => Assert.True(used.IsNew));
        Assert.All(again, used => Assert.False(used.IsNew));
        Assert.Equal(recorded.Select(used => used.Receipt), again.Select(used => used.Receipt));
        Assert.All(recorded, used => Assert.Equal((1L, UsageSource.Meter, meter), (used.Receipt!.PriceVersion, used.Receipt.Source, used.Receipt.MeterId!)));
        PostingTests.AssertChain(ledger.Books.ListReceipts(new(KeyId: key.Id, MeterId: meter, Limit: 1000)).Receipts, 250);

        Assert.Equal(1, Assert.Single(await ledger.Books.RecordAsync(second.Key.Id, [events[0]])).Receipt!.KeyNumber);
        Assert.Equal(2, (await ledger.UseAsync(key, 1, 1, 1)).KeyNumber);
        Assert.Empty(ledger.Books.Audit());
        await ledger.ReopenAsync();
        Assert.False(Assert.Single(await ledger.Books.RecordAsync(meter, [events[7]])).IsNew);
    }

    [Fact]
    public async Task It_may_pass_a_limit_and_then_blocks_the_next_request()
    {
        await using var ledger = await ReadyAsync();
        var (key, meter) = await WithMeterAsync(ledger, Eur("0.001"));
        await ledger.Books.SetLimitsAsync(new(key.Id, PerDay: Eur("1")));
        ledger.Admit(key);
        await ledger.Books.RecordAsync(meter, [Event(key, "a", ledger.Clock.Now) with { Counts = new(4_000_000, 0, 0) }]);
        Assert.Equal(Eur("2"), ledger.Books.UnpaidCharges(key.CustomerId));
        Assert.Equal(AdmissionRefusalReason.InsufficientQuota, Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, Model)).Reason);
        await ledger.Books.SetSpendingLimitAsync(key.CustomerId, null);
        // The day's limit knows of it, too.
        var lease = await ledger.Books.BeginHostAsync("a");
        var refusal = Assert.IsType<AdmissionRefusal>(await ledger.Books.ReserveAsync(ledger.Admit(key), "r", new(1, 1, 1), lease));
        Assert.Equal((Eur("2"), Eur("0")), (refusal.Owed!.Value, refusal.Left!.Value));
    }

    [Fact]
    public async Task Each_event_is_refused_by_itself_and_by_name()
    {
        await using var ledger = await ReadyAsync(new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero));
        var (key, meter) = await WithMeterAsync(ledger);
        var other = await ledger.KeyAsync();
        var revoked = await ledger.KeyAsync();
        await ledger.Books.AllowMeterAsync(meter, revoked.Id);
        await ledger.Books.RevokeKeyAsync(revoked.Id);
        ledger.Clock.Now += TimeSpan.FromDays(36);
        var now = ledger.Clock.Now;
        var fine = Event(key, "fine", now);
        (UsageEvent Event, Refusal? Refusal)[] cases =
        [
            (fine, null),
            (fine, null),
            (fine with { Counts = new(2, 2, 2) }, Refusal.RequestIdReused),
            (fine with { At = now.AddSeconds(-1) }, Refusal.RequestIdReused),
            (Event(key, "old", now.AddDays(-35)), null),
            (Event(key, "older", now.AddDays(-35).AddTicks(-10)), Refusal.UsageTooOld),
            (Event(key, "ahead", now.AddMinutes(5)), null),
            (Event(key, "farther", now.AddMinutes(5).AddTicks(10)), Refusal.UsageInTheFuture),
            (Event(key, "negative", now) with { Counts = new(-1, 0, 0) }, Refusal.InvalidUsage),
            (Event(key, "absurd", now) with { Counts = new(0, 0, 1_000_000_001) }, Refusal.InvalidUsage),
            (Event(key, "", now), Refusal.InvalidText),
            (Event(key, new('x', 129), now), Refusal.InvalidText),
            (Event(other, "other", now), Refusal.MeterNotAllowed),
            (Event(key, "meter", now) with { KeyId = meter }, Refusal.MeterNotAllowed),
            (Event(revoked, "revoked", now), Refusal.UsageNotAdmitted),
            (Event(key, "model", now) with { Model = "nobody's" }, Refusal.UsageNotAdmitted),
            (Event(key, "last", now), null),
        ];
        var recorded = await ledger.Books.RecordAsync(meter, [.. cases.Select(test => test.Event)]);
        Assert.Equal(cases.Select(test => test.Refusal), recorded.Select(used => used.Refused?.Refusal));
        // What is told again needs neither its age nor leave.
        ledger.Clock.Now += TimeSpan.FromDays(40);
        await ledger.Books.DisallowMeterAsync(meter, key.Id);
        Assert.Equal(recorded[0].Receipt, Assert.Single(await ledger.Books.RecordAsync(meter, [fine])).Receipt);
        Assert.Equal(4, ledger.Books.ListReceipts(new(KeyId: key.Id, MeterId: meter)).Receipts.Count);
        await ledger.Books.RevokeKeyAsync(meter);
        Assert.Equal(Refusal.UnknownKey, Assert.Single(await ledger.Books.RecordAsync(meter, [fine])).Refused!.Refusal);
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task Late_usage_of_a_closed_month_counts_in_the_open_one_at_its_own_price()
    {
        await using var ledger = await ReadyAsync();
        var (key, meter) = await WithMeterAsync(ledger);
        var then = ledger.Clock.Now;
        await ledger.UseAsync(key, 1, 1, 1);
        ledger.Clock.Now = new(2026, 12, 2, 0, 0, 0, TimeSpan.Zero);
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        await ledger.SetPriceAsync("EUR", "9", "9", "9");
        var receipt = Assert.Single(await ledger.Books.RecordAsync(meter, [Event(key, "late", then)])).Receipt!;
        Assert.Equal((TestLedger.Period, 1L), (receipt.Period, receipt.PriceVersion));
        Assert.Contains(receipt, ledger.Books.ListReceipts(new(Period: TestLedger.Period.Next)).Receipts);
    }

    [Fact]
    public async Task Only_a_meter_gets_leave_and_only_for_a_customers_key()
    {
        await using var ledger = await ReadyAsync();
        var (key, meter) = await WithMeterAsync(ledger);
        var auditor = (await ledger.Books.IssueKeyAsync(KeyRole.Auditor, "a")).Key.Id;
        await RefusedAsync(Refusal.UnknownKey, () => ledger.Books.AllowMeterAsync(auditor, key.Id));
        await RefusedAsync(Refusal.UnknownKey, () => ledger.Books.AllowMeterAsync(key.Id, key.Id));
        await RefusedAsync(Refusal.UnknownKey, () => ledger.Books.AllowMeterAsync(meter, meter));
        await ledger.Books.AllowMeterAsync(meter, key.Id);
        Assert.Equal([new(meter, key.Id)], ledger.Books.ListMeteredKeys());
    }

    [Fact]
    public void An_event_is_read_from_JSON()
    {
        var digest = Digest.Of("m"u8);
        var used = Read(
            $$$"""{"id":"a","key":"key_1","model":"llama","at":"2026-11-27T10:30:00.25+01:00","prompt":1,"cached":2,"generated":3,"rejected":4,"outcome":"cancelled","model_digest":"{{{digest}}}","adapter":{"name":"poems","digest":"{{{digest}}}"}}""");
        Assert.Equal(
            new("a", "key_1", "llama", new(2026, 11, 27, 9, 30, 0, 250, TimeSpan.Zero), new(1, 2, 3, 4), digest, new("poems", digest), Outcome.Cancelled),
            used);
        Assert.Equal(new(0, 0, 0), Read("""{"id":"a","key":"k","model":"m","at":"2026-11-27T09:30:00Z"}""").Counts);
    }

    [Theory]
    [InlineData("[]", "")]
    [InlineData("{", "")]
    [InlineData("""{"id":"a","key":"k","model":"m"}""", "at")]
    [InlineData("""{"id":"a","key":"k","model":"m","at":"2026-11-27T09:30:00"}""", "at")]
    [InlineData("""{"id":"a","key":"k","model":"m","at":"27/11/2026"}""", "at")]
    [InlineData("""{"id":"a","key":"k","model":"m","at":1}""", "at")]
    [InlineData("""{"id":"a","key":"k","model":"m","at":"9999-12-31T23:59:59Z"}""", "at")]
    [InlineData("""{"id":"a","id":"b","key":"k","model":"m","at":"2026-11-27T09:30:00Z"}""", "id")]
    [InlineData("""{"id":7,"key":"k","model":"m","at":"2026-11-27T09:30:00Z"}""", "id")]
    [InlineData("""{"id":"a","key":"k","model":"m","at":"2026-11-27T09:30:00Z","prompt":-1}""", "prompt")]
    [InlineData("""{"id":"a","key":"k","model":"m","at":"2026-11-27T09:30:00Z","generated":1e300}""", "generated")]
    [InlineData("""{"id":"a","key":"k","model":"m","at":"2026-11-27T09:30:00Z","cached":1.5}""", "cached")]
    [InlineData("""{"id":"a","key":"k","model":"m","at":"2026-11-27T09:30:00Z","tokens":1}""", "tokens")]
    [InlineData("""{"id":"a","key":"k","model":"m","at":"2026-11-27T09:30:00Z","outcome":"won"}""", "outcome")]
    [InlineData("""{"id":"a","key":"k","model":"m","at":"2026-11-27T09:30:00Z","model_digest":"12"}""", "model_digest")]
    [InlineData("""{"id":"a","key":"k","model":"m","at":"2026-11-27T09:30:00Z","adapter":{"name":"x"}}""", "adapter.digest")]
    public void What_is_no_event_names_its_field(string json, string field) =>
        Assert.Equal(field, Assert.Throws<UsageEventException>(() => Read(json)).Field);

    [Fact]
    public void Damaged_JSON_is_an_event_or_a_named_error()
    {
        var original = Encoding.UTF8.GetBytes(
            $$$"""{"id":"aü","key":"key_1","model":"llama","at":"2026-11-27T10:30:00Z","prompt":12,"adapter":{"name":"p\u0041","digest":"{{{Digest.Zero}}}"}}""");
        var random = new Random(20261127);
        var refused = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = original[..(round % 4 == 0 ? random.Next(original.Length) : original.Length)];
            for (var flips = random.Next(1, 4); flips > 0 && bytes.Length > 0; flips--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                UsageEventReader.ReadLine(bytes);
            }
            catch (UsageEventException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 10_000, 19_999);
        Assert.Throws<UsageEventException>(() => UsageEventReader.ReadLine(new byte[UsageEventReader.LongestLine + 1]));
        Assert.Throws<UsageEventException>(() => Read(new string('[', 10_000)));
    }

    private static UsageEvent Read(string json) => UsageEventReader.ReadLine(Encoding.UTF8.GetBytes(json));

    internal static UsageEvent Event(ApiKey key, string id, DateTimeOffset at) => new(id, key.Id, Model, at, new(1, 1, 1));

    private static async Task<(ApiKey Key, string MeterId)> WithMeterAsync(TestLedger ledger, Amount? limit = null)
    {
        var key = await ledger.KeyAsync(limit: limit);
        var meter = (await ledger.Books.IssueKeyAsync(KeyRole.Meter, "engine")).Key.Id;
        await ledger.Books.AllowMeterAsync(meter, key.Id);
        return (key, meter);
    }
}
