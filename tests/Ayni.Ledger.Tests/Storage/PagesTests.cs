using System.Globalization;
using Ayni.Tests;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>Every list that grows, read page by page while it grows.</summary>
public sealed class PagesTests
{
    private const int First = 250, Later = 5, Page = 100;

    private static readonly Dictionary<string, Growing> Lists = new()
    {
        ["parties"] = new(
            (ledger, i) => ledger.Books.CreatePartyAsync($"party {i}", Role.Licensor),
            (books, after, limit) => Ids(books.ListParties(null, after, limit), party => party.Id)),
        ["customers"] = new(CustomerAsync, (books, after, limit) => Ids(books.ListCustomers(null, after, limit), customer => customer.Id)),
        ["accounts"] = new(CustomerAsync, (books, after, limit) => Ids(books.Accounts(after, limit), account => account.CustomerId)),
        ["apps of a developer"] = new(
            (ledger, i) => ledger.Books.CreateAppAsync($"app {i}", ledger.Developer.Id),
            (books, after, limit) => Ids(books.ListApps(books.ListParties()[2].Id, after, limit), app => app.Id)),
        ["keys of a party"] = new(
            (ledger, i) => ledger.Books.IssueKeyAsync(KeyRole.Party, $"key {i}", ledger.Host.Id),
            (books, after, limit) => Ids(books.ListKeys(books.ListParties()[0].Id, after, limit), key => key.Id)),
        ["keys to sign with"] = new(
            async (ledger, i) =>
            {
                if (i > 0)
                    await ledger.Books.RevokePartyKeyAsync(ledger.Host.Id);
                await ledger.Books.RegisterPartyKeyAsync(ledger.Host.Id, SignatureTests.NewKey().ForNotes(ledger.Host.Id).ToString());
            },
            (books, after, limit) => Ids(books.ListPartyKeys(books.ListParties()[0].Id, after, limit), key => key.Id), InTurn: true),
        ["subscriptions"] = new(
            async (ledger, i) =>
            {
                if (i == 0)
                    await SetPlanAsync(ledger);
                await ledger.Books.StartSubscriptionAsync(await CustomerAsync(ledger), "premium");
            },
            (books, after, limit) => Ids(books.ListSubscriptions(after, limit), subscription => subscription.Id)),
        ["credits"] = new(
            async (ledger, i) => await ledger.Books.BuyCreditAsync(await CustomerAsync(ledger), Eur("1"), Model),
            (books, after, limit) => Ids(books.ListCredits(after, limit), credit => credit.Id)),
        ["payments"] = new(
            async (ledger, i) => await ledger.Books.RecordPaymentAsync(await CustomerAsync(ledger), Eur("1"), $"bank {i}", new(2026, 11, 5)),
            (books, after, limit) => Ids(books.ListPayments(null, after, limit), payment => payment.Id)),
        ["proposals"] = new(
            (ledger, i) => Assert.ThrowsAsync<ApprovalNeededException>(() => ledger.Books.As("key_maker").SetPriceAsync(
                $"model {i}", Currency.Parse("EUR"), Eur("1"), Eur("1"))),
            (books, after, limit) => Ids(books.ListProposals(after, limit), proposal => proposal.Id),
            ledger => ledger.Books.AskForFourEyesAsync(true)),
        ["limits"] = new(
            async (ledger, i) => await ledger.Books.SetLimitsAsync(new(await CustomerAsync(ledger), RequestsPerMinute: 5)),
            (books, after, limit) => Ids(books.ListLimits(null, after, limit), limits => limits.SubjectId), IsByName: true),
        ["meters"] = new(
            async (ledger, i) => await ledger.Books.AllowMeterAsync(
                ledger.Books.ListKeys().First(key => key.Role == KeyRole.Meter).Id, (await ledger.KeyAsync()).Id),
            (books, after, limit) => Ids(books.ListMeteredKeys(after, limit), key => $"{key.MeterId}/{key.KeyId}"),
            ledger => ledger.Books.IssueKeyAsync(KeyRole.Meter, "meter"), IsByName: true),
        ["webhooks"] = new(
            (ledger, i) => ledger.Books.CreateWebhookAsync(null, $"https://example.com/{i}"),
            (books, after, limit) => Ids(books.ListWebhooks(after, limit), webhook => webhook.Id)),
        ["prices"] = new(
            (ledger, i) => ledger.Books.SetPriceAsync($"model {i % 7}", Currency.Parse("EUR"), Eur("1"), Eur("1")),
            (books, after, limit) => Ids(books.ListPrices(Number(after), limit), price => Text(price.Version)), IsByName: true),
        ["rates"] = new(
            (ledger, i) => ledger.Books.SetRateAsync(Currency.Parse("EUR"), Amount.Parse("1.1", Currency.Parse("USD")), "a bank"),
            (books, after, limit) => Ids(books.ListRates(Number(after), limit), rate => Text(rate.Version))),
        ["attestations"] = new(
            (ledger, i) => ledger.Books.AttestAsync("subject", true, $"statement {i}"),
            (books, after, limit) => Ids(books.ListAttestations(Number(after), limit), attestation => Text(attestation.Number))),
        ["agreements"] = new(
            (ledger, i) => ledger.Books.SetAgreementAsync($"model {i}", [Share.Of(ledger.Host.Id, Share.Whole)], null, HeldAcceptances.OfAll("a contract")),
            (books, after, limit) => Ids(books.ListAgreements(Number(after), limit), agreement => Text(agreement.Version))),
        ["agreements' documents"] = new(
            (ledger, i) => ledger.Books.SetAgreementAsync($"model {i}", [Share.Of(ledger.Host.Id, Share.Whole)]),
            (books, after, limit) => Ids(books.ListAgreementDocuments(Number(after), limit), document => Text(document.Id))),
        ["entities"] = new(
            (ledger, i) => ledger.Books.SetEntityAsync(new($"E{i}", 1, $"Entity {i}", "A street", "DE", null, [], 30)),
            (books, after, limit) => Ids(books.ListEntities(after, limit), entity => entity.Subject), IsByName: true),
        ["write-offs"] = new(
            async (ledger, i) =>
            {
                if (i % 2 == 0)
                    await ledger.Books.WriteOffAsync(ledger.Books.ListInvoices(InvoiceKind.Invoice)[0].Number, "lost");
                else
                    await ledger.Books.ReverseWriteOffAsync(ledger.Books.ListWriteOffs()[^1].Id, "found");
            },
            (books, after, limit) => Ids(books.ListWriteOffs(after, limit), writeOff => writeOff.Id), BillAsync, InTurn: true),
        ["invoices"] = new(
            async (ledger, i) => await ledger.Books.CreditInvoiceAsync(
                ledger.Books.ListInvoices(InvoiceKind.Invoice)[0].Number, [(0, Eur("0.01"))], $"reason {i}"),
            (books, after, limit) => Ids(books.ListInvoices(InvoiceKind.CreditNote, after: after, limit: limit), invoice => invoice.Number), BillAsync),
        ["notices"] = new(
            null, (books, after, limit) => Ids(books.ListNotices(Number(after), limit), notice => Text(notice.Number)),
            Rows: i => [("notices (number, subject, to_name, language, title, body, created)", $"{i + 1}, 'x', 'x', 'en', 'x', 'x', 0")]),
        ["objections"] = new(
            null, (books, after, limit) => Ids(books.ListObjections(TestLedger.Period, "x", after, limit), objection => objection.Id),
            Rows: i =>
            [
                ("objections (id, subject, reference, period, raised_by, raised)", $"'obj_{Mixed(i)}', 'Receipt', 'x', '2026-11', 'x', 0"),
                ("objection_steps (objection, number, state, recorded, author, says)", $"'obj_{Mixed(i)}', 1, 'Raised', 0, 'x', 'x'"),
            ]),
        ["deliveries"] = new(
            null, (books, after, limit) => Ids(books.ListDeliveries(after, limit), delivery => $"{delivery.EventId}/{delivery.WebhookId}"),
            ledger => ledger.Books.CreateWebhookAsync(null, "https://example.com"), IsNewestFirst: true,
            Rows: i =>
            [
                ("webhook_events (id, type, subject, created, body)", $"'evt_{Mixed(i)}', 'period.closed', 'x', 0, 'x'"),
                ("webhook_deliveries (event, webhook, attempts)", $"'evt_{Mixed(i)}', (SELECT max(id) FROM webhooks), 0"),
            ]),
    };

    public static TheoryData<string> Names => [.. Lists.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Pages_have_everything_once_while_the_list_grows(string name)
    {
        var list = Lists[name];
        await using var ledger = await ReadyAsync();
        await list.Before(ledger);
        var there = list.Read(ledger.Books, "", int.MaxValue).ToHashSet();
        await AddAsync(0, First);
        var whole = list.Read(ledger.Books, "", int.MaxValue);
        Assert.Equal(First, whole.Except(there).Count());
        var read = new List<string>();
        for (var pages = 0; ; pages++)
        {
            var page = list.Read(ledger.Books, read.Count == 0 ? "" : read[^1], Page);
            read.AddRange(page);
            if (page.Count < Page)
                break;
            if (pages < 2)
                await AddAsync(First + pages * Later, Later);
        }
        Assert.Equal(read.Count, read.Distinct().Count());
        Assert.Equal(whole, read.Where(whole.Contains));
        if (list is { IsByName: false, IsNewestFirst: false })
            Assert.Equal(list.Read(ledger.Books, "", int.MaxValue), read);

        async Task AddAsync(int first, int count)
        {
            if (list.Rows is { } rows)
            {
                foreach (var table in Enumerable.Range(first, count).SelectMany(rows).GroupBy(row => row.Columns, row => $"({row.Values})"))
                    ledger.Sql($"INSERT INTO {table.Key} VALUES {string.Join(", ", table)}");
            }
            else if (!list.InTurn)
            {
                // One after the other decides what is not there yet, the others go together.
                await list.Add!(ledger, first);
                await Task.WhenAll(Enumerable.Range(first + 1, count - 1).Select(i => list.Add(ledger, i)));
            }
            else
            {
                for (var i = first; i < first + count; i++)
                    await list.Add!(ledger, i);
            }
        }
    }

    [Fact]
    public async Task Adjustments_come_in_the_same_pages_before_the_close_and_after()
    {
        await using var ledger = await WithPartiesAsync();
        await ledger.Books.AgreeAsync(null, [Share.Of(ledger.Host.Id, Share.Whole)]);
        await SetPlanAsync(ledger);
        await Task.WhenAll(Enumerable.Range(0, First).Select(async i => await ledger.Books.StartSubscriptionAsync(await CustomerAsync(ledger), "premium")));
        var estimated = Read();
        Assert.Equal(First, estimated.Distinct().Count());
        await ledger.Books.StartSubscriptionAsync(await CustomerAsync(ledger), "premium");
        ledger.Clock.Now = TestLedger.Period.End;
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        var posted = Read();
        Assert.Equal(First + 1, posted.Distinct().Count());
        Assert.Equal(estimated, posted.Where(estimated.Contains));
        foreach (var after in (string[])["x", "a/b/c/d/e", $"{estimated[0]}x"])
            Assert.Equal(Refusal.InvalidPage, Assert.Throws<LedgerRefusedException>(() => ledger.Books.ListAdjustments(TestLedger.Period, after, 1)).Refusal);

        List<string> Read()
        {
            var read = new List<string>();
            for (IReadOnlyList<Adjustment>? page = null; page is null or { Count: Page };)
            {
                page = ledger.Books.ListAdjustments(TestLedger.Period, read.Count == 0 ? "" : read[^1], Page);
                read.AddRange(page.Select(adjustment => adjustment.Key));
            }
            return read;
        }
    }

    [Fact]
    public async Task What_a_close_posts_comes_in_the_same_pages_before_it_and_after()
    {
        await using var ledger = await ReadyAsync();
        await ledger.Books.SetRateAsync(Currency.Parse("EUR"), Amount.Parse("1.1", Currency.Parse("USD")), "a bank");
        await Task.WhenAll(Enumerable.Range(0, 25).Select(async i =>
        {
            var key = await ledger.KeyAsync(i % 2 == 0 ? "EUR" : "USD");
            if (i % 2 == 0)
                await ledger.Books.BuyCreditAsync(key.CustomerId!, Eur("5"), Model);
            await ledger.UseAsync(key, 1_000_000, 0, 0);
        }));
        var (uses, conversions) = (Uses(), Conversions());
        ledger.Clock.Now = TestLedger.Period.End;
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        Assert.Equal((13, 12), (uses.Distinct().Count(), conversions.Distinct().Count()));
        Assert.Equal(uses, Uses());
        Assert.Equal(conversions, Conversions());

        List<string> Uses() => Read(after => Ids(ledger.Books.ListCreditUses(TestLedger.Period, after, 4), use => use.CreditId));
        List<string> Conversions() => Read(after => Ids(
            ledger.Books.ListConversions(TestLedger.Period, after, 4), conversion => $"{conversion.CustomerId}/{conversion.Owed.Currency}"));
        static List<string> Read(Func<string, List<string>> page)
        {
            var read = new List<string>();
            while (page(read.Count == 0 ? "" : read[^1]) is { Count: > 0 } next)
                read.AddRange(next);
            return read;
        }
    }

    [Fact]
    public async Task A_list_does_not_go_on_after_what_is_not_in_it()
    {
        await using var ledger = await ReadyAsync();
        foreach (var read in (Action[])[
            () => ledger.Books.ListCustomers(null, "cus_nobody", 1), () => ledger.Books.ListCredits("crd_none", 1),
            () => ledger.Books.ListDeliveries("evt_none", 1), () => ledger.Books.ListDeliveries("evt_none/whk_none", 1),
            () => ledger.Books.ListMeteredKeys("key_none", 1), () => ledger.Books.ListPrices(99, 1), () => ledger.Books.ListPayouts(null, "'; --", 1)])
            Assert.Equal(Refusal.InvalidPage, Assert.Throws<LedgerRefusedException>(read).Refusal);
    }

    [Fact]
    public async Task What_nothing_is_called_by_is_not_found_or_refused_and_no_fault_of_the_database()
    {
        await using var ledger = await ReadyAsync();
        foreach (var read in (Func<object?>[])[
            () => ledger.Books.FindCustomer("\0"), () => ledger.Books.FindInvoice("a\0"), () => ledger.Books.FindReceipt("\0b"),
            () => ledger.Books.ListCredits("\0", 1).Count == 0 ? null : "", () => ledger.Books.ReturnCreditAsync("\0", "x", "\0").GetAwaiter().GetResult()])
        {
            try
            {
                Assert.Null(read());
            }
            catch (LedgerRefusedException refused)
            {
                Assert.Contains(refused.Refusal, new[] { Refusal.InvalidText, Refusal.InvalidPage, Refusal.UnknownCredit });
            }
        }
        Assert.NotEmpty(ledger.Books.ListParties());
    }

    private static async Task SetPlanAsync(TestLedger ledger)
    {
        var (plan, from) = PricePlan.Parse("plan", "{name: premium, model: llama, currency: EUR, input: 1, output: 3, fee: 20}", LedgerZone.Utc);
        await ledger.Books.SetPriceAsync(plan, from);
    }

    private static async Task<string> CustomerAsync(TestLedger ledger, int i = 0) =>
        (await ledger.Books.CreateCustomerAsync($"customer {i}", Currency.Parse("EUR"))).Id;

    /// <summary>An invoice of 10.</summary>
    private static async Task BillAsync(TestLedger ledger)
    {
        var key = await ledger.KeyAsync();
        await InvoiceTests.BillAsync(ledger, key.CustomerId);
        await ledger.UseAsync(key, 20_000_000, 0, 0);
        await InvoiceTests.IssueAsync(ledger);
    }

    /// <summary>Ids come in no order.</summary>
    private static string Mixed(int i) => Text(i * 7919 % 1000);

    private static List<string> Ids<T>(IReadOnlyList<T> page, Func<T, string> id) => [.. page.Select(id)];

    private static long Number(string after) => after.Length == 0 ? 0 : long.Parse(after, CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A list, what adds to it, and how a page of it is read.</summary>
    /// <param name="Add">Adds one.</param>
    /// <param name="Read">Reads a page's ids.</param>
    /// <param name="Prepare">What has to be there first.</param>
    /// <param name="IsByName">Whether it is in an order of names, so that what is added may come before what was read.</param>
    /// <param name="IsNewestFirst">Whether what is added comes first.</param>
    /// <param name="InTurn">Whether one is added after the other.</param>
    /// <param name="Rows">The rows of one, where it is added behind the ledger's back.</param>
    private sealed record Growing(
        Func<TestLedger, int, Task>? Add, Func<Books, string, int, List<string>> Read, Func<TestLedger, Task>? Prepare = null, bool IsByName = false,
        bool IsNewestFirst = false, bool InTurn = false, Func<int, (string Columns, string Values)[]>? Rows = null)
    {
        public Task Before(TestLedger ledger) => Prepare?.Invoke(ledger) ?? Task.CompletedTask;
    }
}
