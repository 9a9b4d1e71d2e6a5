using Ayni.Tests;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class AdmissionTests
{
    [Fact]
    public async Task The_instant_of_admission_decides_price_agreement_and_period()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync(ofApp: true);
        ledger.Clock.Now = new DateTimeOffset(2026, 12, 1, 2, 0, 0, TimeSpan.FromHours(3)).AddTicks(7);
        var usage = ledger.Usage(key, 1_000_000, 0, 0);
        await ledger.SetPriceAsync("EUR", "9", "9", "9");
        await ledger.Books.AgreeAsync(null, [Share.Of(Role.Host, 1_000_000)]);
        ledger.Clock.Now += TimeSpan.FromDays(3);
        var receipt = await ledger.Books.PostAsync(usage);
        Assert.Equal(new(2026, 11), receipt.Period);
        Assert.Equal(new DateTimeOffset(2026, 11, 30, 23, 0, 0, TimeSpan.Zero), receipt.AdmittedAt);
        Assert.Equal((1, 1), (receipt.PriceVersion, receipt.AgreementVersion));
        Assert.Equal(Eur("0.5"), receipt.Charge);
        Assert.Equal(ledger.App.Id, receipt.AppId);
    }

    [Fact]
    public async Task Refusals_are_named()
    {
        await using var ledger = await WithPartiesAsync();
        var (euroKey, yenKey, revoked) = (await ledger.KeyAsync(), await ledger.KeyAsync("JPY"), await ledger.KeyAsync());
        await ledger.Books.RevokeKeyAsync(revoked.Id);
        Assert.Equal(AdmissionRefusalReason.KeyRevoked, Refused(revoked).Reason);
        Assert.Equal(AdmissionRefusalReason.ModelNotPriced, Refused(euroKey).Reason);
        await ledger.SetPriceAsync("EUR", "1", "1", "1");
        Assert.Equal(AdmissionRefusalReason.ModelWithoutAgreement, Refused(euroKey).Reason);
        await ledger.Books.AgreeAsync(Model, [Share.Of(Role.Host, 1_000_000)]);
        Assert.Equal(AdmissionRefusalReason.CurrencyMismatch, Refused(yenKey).Reason);
        ledger.Admit(euroKey);

        AdmissionRefusal Refused(ApiKey key) => Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, Model));
    }

    [Fact]
    public async Task A_customer_who_owes_its_limit_is_refused_until_the_limit_is_raised()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync(limit: Eur("1"));
        await ledger.UseAsync(key, 1_999_999, 0, 0);
        await ledger.UseAsync(key, 1, 0, 0);
        var refusal = Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, Model));
        Assert.Equal(AdmissionRefusalReason.InsufficientQuota, refusal.Reason);
        Assert.Equal((Eur("1"), Eur("1")), (refusal.Owed!.Value, refusal.Limit!.Value));
        Assert.Equal(Eur("1"), ledger.Books.UnpaidCharges(key.CustomerId));
        await ledger.Books.SetSpendingLimitAsync(key.CustomerId, Eur("1.01"));
        ledger.Admit(key);
        await ledger.Books.SetSpendingLimitAsync(key.CustomerId, null);
        ledger.Admit(key);
    }

    [Fact]
    public async Task Terms_that_are_kept_give_way_to_what_another_host_changes_and_to_time()
    {
        await using var ledger = await ReadyAsync();
        await using var other = Books.Open(ledger.Path, ledger.Clock, folder: ledger.Folder);
        var key = await ledger.KeyAsync(ofApp: true);
        var soon = ledger.Clock.Now.AddMinutes(1);
        Assert.Equal((1, 1), Versions());
        await other.SetPriceAsync(Model, Currency.Parse("EUR"), Eur("2"), Eur("2"), soon);
        Assert.Equal((1, 1), Versions());
        ledger.Clock.Now = soon.AddMicroseconds(-1);
        Assert.Equal((1, 1), Versions());
        ledger.Clock.Now = soon;
        Assert.Equal((2, 1), Versions());
        await other.AgreeAsync(null, [Share.Of(Role.Host, 1_000_000)]);
        Assert.Equal((2, 2), Versions());
        await other.SetLimitsAsync(new(key.Id, RequestsPerMinute: 5));
        Assert.Equal(key.Id, Assert.Single(ledger.Admit(key).LimitedSubjects));
        await other.SetLimitsAsync(new(key.Id));
        Assert.Empty(ledger.Admit(key).LimitedSubjects);
        await other.SetSpendingLimitAsync(key.CustomerId, Eur("0"));
        Assert.Equal(AdmissionRefusalReason.InsufficientQuota, Refused());
        await other.SetSpendingLimitAsync(key.CustomerId, null);
        ledger.Clock.Now = new(2026, 11, 30, 23, 59, 59, TimeSpan.Zero);
        Assert.Equal(new(2026, 11), ledger.Admit(key).Period);
        ledger.Clock.Now += TimeSpan.FromSeconds(1);
        Assert.Equal((new(2026, 12), ledger.Clock.Now), (ledger.Admit(key).Period, ledger.Admit(key).AdmittedAt));
        await other.RevokeAppAsync(ledger.App.Id);
        Assert.Equal(AdmissionRefusalReason.KeyRevoked, Refused());

        (long, long) Versions() => (ledger.Admit(key).Price.Version, ledger.Admit(key).AgreementVersion);
        AdmissionRefusalReason Refused() => Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, Model)).Reason;
    }
}
