using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class WebhookTests
{
    private static readonly TimeSpan FiveMinutes = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task What_happens_is_told_to_whom_it_concerns()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        await InvoiceTests.BillAsync(ledger, key.CustomerId);
        await ledger.Books.SetBankDetailsAsync("AYNI", "Ayni GmbH", PayoutTests.German);
        await ledger.Books.SetBankDetailsAsync(ledger.Host.Id, "Hostess", PayoutTests.German);
        var everything = await EndpointAsync(null);
        var host = await EndpointAsync(ledger.Host.Id);
        var licensor = await EndpointAsync(ledger.Licensor.Id);
        var customer = await EndpointAsync(key.CustomerId);
        await ledger.UseAsync(key, 20_000_000, 0, 0);
        await InvoiceTests.IssueAsync(ledger);
        await ledger.Books.IssueInvoicesAsync(TestLedger.Period);
        var day = new DateOnly(2026, 12, 1);
        var payout = (await ledger.Books.OrderPayoutsAsync(Currency.Parse("EUR"), day)).Payouts[0];
        await ledger.Books.MarkPayoutPaidAsync(payout.Id, "b1", day);
        await ledger.Books.MarkPayoutPaidAsync(payout.Id, "b1", day);
        await ledger.Books.ReturnPayoutAsync(payout.Id, "b2", day, "closed");
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);

        var due = await ledger.Books.TakeDeliveriesAsync(100);
        Assert.Equal(
            ["invoice.issued", "invoice.issued", "invoice.issued", "payout.paid", "payout.returned", "period.closed"], Told(everything));
        Assert.Equal(["invoice.issued", "payout.paid", "payout.returned", "period.closed"], Told(host));
        Assert.Equal(["invoice.issued", "period.closed"], Told(licensor));
        Assert.Equal(["invoice.issued"], Told(customer));
        var told = JsonDocument.Parse(due.Single(one => one.WebhookId == host && one.Body.Contains("payout.paid", StringComparison.Ordinal)).Body);
        Assert.Equal(payout.Id, told.RootElement.GetProperty("data").GetProperty("id").GetString());
        Assert.DoesNotContain(due, delivery => delivery.Body.Contains(PayoutTests.German.Text, StringComparison.Ordinal));

        async Task<string> EndpointAsync(string? subject) =>
            (await ledger.Books.CreateWebhookAsync(subject, "https://example.com/hook")).Webhook.Id;
        IEnumerable<string> Told(string webhook) => due.Where(one => one.WebhookId == webhook)
            .Select(one => JsonDocument.Parse(one.Body).RootElement.GetProperty("type").GetString()!).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_change_of_bank_details_is_told_to_the_old_contact()
    {
        await using var ledger = await PayoutTests.BilledAsync();
        var contact = (await ledger.Books.CreateWebhookAsync(ledger.Host.Id, "https://example.com/hook")).Webhook.Id;
        var maker = ledger.Books.As(await PayoutTests.OperatorAsync(ledger));
        var waiting = await Assert.ThrowsAsync<ApprovalNeededException>(
            () => maker.SetBankDetailsAsync(ledger.Host.Id, "Thief", PayoutTests.Spanish));
        Assert.Empty(await ledger.Books.TakeDeliveriesAsync(10));
        await ledger.Books.DecideProposalAsync(waiting.Proposal.Id, approve: true);
        var changed = await maker.SetBankDetailsAsync(ledger.Host.Id, "Thief", PayoutTests.Spanish);
        var notice = Assert.Single(await ledger.Books.TakeDeliveriesAsync(10));
        Assert.Equal(contact, notice.WebhookId);
        var data = JsonDocument.Parse(notice.Body).RootElement.GetProperty("data");
        Assert.Equal("1332", data.GetProperty("account_ending").GetString());
        Assert.Equal(changed.HeldUntil, data.GetProperty("held_until").GetDateTimeOffset());
    }

    [Fact]
    public async Task What_was_not_taken_is_tried_again_ten_times_and_taken_by_one_at_a_time()
    {
        await using var ledger = await ReadyAsync();
        await ledger.Books.CreateWebhookAsync(null, "https://example.com/hook");
        ledger.Clock.Now = TestLedger.Period.End;
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        var waits = new List<TimeSpan>();
        for (var attempt = 1; ; attempt++)
        {
            var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ledger.Books.TakeDeliveriesAsync(10)));
            var due = Assert.Single(taken.SelectMany(one => one));
            await ledger.ReopenAsync();
            await ledger.Books.NoteDeliveryAsync(due, delivered: false, "500");
            var state = Assert.Single(ledger.Books.ListDeliveries());
            Assert.Equal((attempt, "500"), (state.Attempts, state.LastResult));
            if (state.NextAttempt is not { } next)
                break;
            waits.Add(next - ledger.Clock.Now);
            ledger.Clock.Now = next.AddMicroseconds(-1);
            Assert.Empty(await ledger.Books.TakeDeliveriesAsync(10));
            ledger.Clock.Now = next;
        }
        Assert.Equal(9, waits.Count);
        Assert.Equal(waits.Order(), waits);
        ledger.Clock.Now = ledger.Clock.Now.AddDays(30);
        Assert.Empty(await ledger.Books.TakeDeliveriesAsync(10));
    }

    [Fact]
    public async Task Whoever_takes_a_delivery_and_dies_leaves_it_to_the_next()
    {
        await using var ledger = await ReadyAsync();
        await ledger.Books.CreateWebhookAsync(null, "https://example.com/hook");
        ledger.Clock.Now = TestLedger.Period.End;
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        var first = Assert.Single(await ledger.Books.TakeDeliveriesAsync(10));
        Assert.Empty(await ledger.Books.TakeDeliveriesAsync(10));
        ledger.Clock.Now = ledger.Clock.Now.AddMinutes(1);
        var second = Assert.Single(await ledger.Books.TakeDeliveriesAsync(10));
        Assert.Equal(first.EventId, second.EventId);
        await ledger.Books.NoteDeliveryAsync(second, delivered: true, "200");
        Assert.NotNull(Assert.Single(ledger.Books.ListDeliveries()).Delivered);
    }

    [Fact]
    public async Task A_revoked_endpoint_is_sent_nothing_more()
    {
        await using var ledger = await ReadyAsync();
        var webhook = (await ledger.Books.CreateWebhookAsync(null, "https://example.com/hook")).Webhook;
        ledger.Clock.Now = TestLedger.Period.End;
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        Assert.NotNull((await ledger.Books.RevokeWebhookAsync(webhook.Id)).Revoked);
        Assert.Empty(await ledger.Books.TakeDeliveriesAsync(10));
        await RefusedAsync(Refusal.UnknownWebhook, () => ledger.Books.RevokeWebhookAsync("whk_0"));
    }

    [Theory]
    [InlineData("example.com")]
    [InlineData("ftp://example.com/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://user:secret@example.com/")]
    [InlineData("")]
    public async Task An_address_that_nothing_can_be_sent_to_is_refused(string url)
    {
        await using var ledger = await WithPartiesAsync();
        await RefusedAsync(Refusal.InvalidUrl, () => ledger.Books.CreateWebhookAsync(null, url));
        await RefusedAsync(Refusal.UnknownParty, () => ledger.Books.CreateWebhookAsync("pty_0", "https://example.com/"));
    }

    /// <summary>The mac as another program computes it: printf '%s' '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec_test</summary>
    [Fact]
    public void A_signature_is_what_openssl_computes()
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        const string Known = "t=1700000000,v1=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789";
        Assert.Equal(Known, WebhookSignature.Sign("whsec_test", "{\"a\":1}", at));
        Assert.True(WebhookSignature.Verify("whsec_test", "{\"a\":1}", Known, at + FiveMinutes, FiveMinutes));
        Assert.False(WebhookSignature.Verify("whsec_test", "{\"a\":1}", Known, at + FiveMinutes + TimeSpan.FromSeconds(1), FiveMinutes));
        Assert.False(WebhookSignature.Verify("whsec_test", "{\"a\":1}", Known, at - FiveMinutes - TimeSpan.FromSeconds(1), FiveMinutes));
        Assert.False(WebhookSignature.Verify("whsec_other", "{\"a\":1}", Known, at, FiveMinutes));
        Assert.False(WebhookSignature.Verify("whsec_test", "{\"a\":2}", Known, at, FiveMinutes));
        Assert.False(WebhookSignature.Verify("whsec_test", "{\"a\":1}", Known.Replace("t=17", "t=18", StringComparison.Ordinal), at, FiveMinutes));
    }

    [Fact]
    public void Any_header_is_a_signature_or_not() => Prop.ForAll(
        Gen.Elements("t=", "1700000000", ",", "v1=", "ab", "=", "\0", "é", "-1", "99999999999999999999").ListOf().Select(parts => string.Concat(parts))
            .ToArbitrary(),
        header => !WebhookSignature.Verify("whsec_test", "{}", header, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), FiveMinutes))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
}
