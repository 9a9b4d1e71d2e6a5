using System.Text.Json;
using Ayni.Ledger;

namespace Ayni.Host.Tests;

/// <summary>The ledger over HTTP: what an operator enters is there, what is refused has the ledger's own name for it.</summary>
public sealed class LedgerApiTests(LedgerFixture fixture) : IClassFixture<LedgerFixture>
{
    private readonly Books _books = fixture.Test.Books;

    [Fact]
    public async Task An_operator_sets_up_a_service()
    {
        var party = await PostAsync("/api/parties", """{"name":"Tambo","role":"adapter-author"}""");
        Assert.Equal(party.GetRawText(), (await GetAsync(KeyRole.Auditor, $"/api/parties/{Text(party, "id")}")).GetRawText());
        var developer = await PostAsync("/api/parties", """{"name":"Quipu","role":"developer"}""");
        var app = await PostAsync("/api/apps", $$"""{"name":"knots","developer_id":"{{Text(developer, "id")}}"}""");
        var customer = await PostAsync("/api/customers", """{"name":"Inti","currency":"USD","spending_limit":"0.5"}""");
        var id = Text(customer, "id");
        Assert.Equal("0.50", Text(customer, "spending_limit"));
        customer = await PostAsync($"/api/customers/{id}/limit", """{"spending_limit":"2.000000000001"}""");
        Assert.Equal("2.000000000001", Text(customer, "spending_limit"));
        customer = await PostAsync($"/api/customers/{id}/limit", """{"spending_limit":null}""");
        Assert.False(customer.TryGetProperty("spending_limit", out _));

        var issued = await PostAsync("/api/keys", $$"""{"role":"customer","holder_id":"{{id}}","app_id":"{{Text(app, "id")}}","label":"till"}""");
        using (var asked = await fixture.SendAsync(
            Text(issued, "text"), HttpMethod.Post, "/v1/completions", """{"model":"tiny","prompt":"a","max_tokens":1}"""))
            Assert.Equal(200, (int)asked.StatusCode);
        var usage = await GetAsync(KeyRole.Finance, $"/api/customers/{id}/usage");
        Assert.Equal(1, usage.GetProperty("models")[0].GetProperty("receipts").GetInt64());
        Assert.Equal(_books.UnpaidCharges(id!).Format(), Text(usage, "owed"));
        Assert.Equal(Text(usage, "owed"), Text(usage, "charge"));

        var price = await PostAsync(
            "/api/prices", """{"model":"next","currency":"EUR","input_per_million":"1","output_per_million":"2.5","effective_from":"2099-01-01"}""");
        Assert.Equal(("1.00", "2.50"), (Text(price, "cached_per_million"), Text(price, "output_per_million")));
        var agreement = await PostAsync(
            "/api/agreements", """{"model":"next","shares":[{"role":"host","parts_per_million":700000},{"role":"developer","parts_per_million":300000}]}""");
        Assert.False(agreement.TryGetProperty("version", out _));
        agreement = await PostAsync(
            $"/api/agreements/documents/{agreement.GetProperty("id")}/acceptances", """{"party":"host","evidence":"my own"}""");
        Assert.Equal(("my own", true), (Text(agreement.GetProperty("acceptances")[0], "evidence"), agreement.TryGetProperty("version", out _)));
        Assert.StartsWith("key_", Text(agreement.GetProperty("acceptances")[0], "recorded_by"), StringComparison.Ordinal);

        var key = issued.GetProperty("key").GetProperty("id").GetString();
        Assert.NotNull(Text(await PostAsync($"/api/keys/{key}/revoke", ""), "revoked"));
        using var refused = await fixture.SendAsync(Text(issued, "text"), HttpMethod.Get, "/v1/models");
        Assert.Equal(401, (int)refused.StatusCode);
        var actions = (await GetAsync(KeyRole.Auditor, $"/api/actions?subject={key}")).GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(["issue_key", "revoke_key"], actions.Select(action => Text(action, "action")));
        var actor = _books.ListKeys().Single(other => other.Role == KeyRole.Operator).Id;
        Assert.All(actions, action => Assert.Equal(actor, Text(action, "actor")));
        Assert.NotNull(Text(await PostAsync($"/api/apps/{Text(app, "id")}/revoke", ""), "revoked"));
        Assert.NotNull(Text(await PostAsync($"/api/customers/{id}/revoke", ""), "revoked"));
        Assert.NotNull(Text(await PostAsync($"/api/parties/{Text(party, "id")}/revoke", ""), "revoked"));
    }

    [Fact]
    public async Task What_is_disputed_is_answered()
    {
        var period = Period.Of(TimeProvider.System.GetUtcNow());
        var raised = await SendAsync(KeyRole.Customer, "/api/objections",
            $$"""{"subject":"receipt","reference":"{{fixture.One.Receipt}}","says":"I asked for less"}""");
        var id = Text(raised.Json, "id");
        Assert.Equal(("raised", fixture.One.Customer.Id), (Text(raised.Json, "state"), Text(raised.Json, "raised_by")));
        var others = $$"""{"subject":"receipt","reference":"{{fixture.Other.Receipt}}","says":"why"}""";
        Assert.Equal(404, (await SendAsync(KeyRole.Customer, "/api/objections", others)).Status);
        Assert.Equal(400, (await SendAsync(KeyRole.Party, "/api/objections", """{"subject":"weather","reference":"x","says":"y"}""")).Status);
        Assert.Equal(404, (await SendAsync(KeyRole.Party, $"/api/objections/{id}/reply", """{"says":"not mine"}""")).Status);
        var answered = await SendAsync(KeyRole.Operator, $"/api/objections/{id}/reply", """{"says":"three tokens"}""");
        Assert.Equal("answered", Text(answered.Json, "state"));
        var resolved = await SendAsync(KeyRole.Finance, $"/api/objections/{id}/resolve", """{"says":"as the receipt says"}""");
        Assert.Equal("resolved", Text(resolved.Json, "state"));
        Assert.Equal(409, (await SendAsync(KeyRole.Customer, $"/api/objections/{id}/reply", """{"says":"but"}""")).Status);
        var listed = (await GetAsync(KeyRole.Auditor, $"/api/objections?period={period}")).GetProperty("data");
        Assert.Contains(listed.EnumerateArray(), objection => Text(objection, "id") == id);
        Assert.DoesNotContain(
            (await GetAsync(KeyRole.Party, "/api/objections")).GetProperty("data").EnumerateArray(), objection => Text(objection, "id") == id);

        async Task<(int Status, JsonElement Json)> SendAsync(KeyRole role, string path, string body)
        {
            using var response = await fixture.SendAsync(role, path, body);
            return ((int)response.StatusCode, await response.JsonAsync());
        }
    }

    [Theory]
    [InlineData("/api/parties", """{"name":"","role":"host"}""", 400, "invalid_text")]
    [InlineData("/api/parties", """{"name":"x","role":"king"}""", 400, null)]
    [InlineData("/api/parties", """{"name":"x"}""", 400, "invalid_json")]
    [InlineData("/api/parties", """{"name":"x","role":"host","crown":1}""", 400, "invalid_json")]
    [InlineData("/api/parties", """{"name":"x","name":"y","role":"host"}""", 400, "invalid_json")]
    [InlineData("/api/parties", """{"name":null,"role":"host"}""", 400, "invalid_json")]
    [InlineData("/api/parties", """{"name":"\ud800","role":"host"}""", 400, "invalid_json")]
    [InlineData("/api/parties", "[]", 400, "invalid_json")]
    [InlineData("/api/parties", "null", 400, null)]
    [InlineData("/api/parties", "", 400, "invalid_json")]
    [InlineData("/api/parties?after=x", """{"name":"x","role":"host"}""", 400, "unknown_parameter")]
    [InlineData("/api/parties/pty_nobody/revoke", "", 404, "unknown_party")]
    [InlineData("/api/apps", """{"name":"x","developer_id":"pty_nobody"}""", 404, "unknown_party")]
    [InlineData("/api/customers", """{"name":"x","currency":"usd"}""", 400, null)]
    [InlineData("/api/customers", """{"name":"x","currency":"USD","spending_limit":"1e3"}""", 400, null)]
    [InlineData("/api/customers", """{"name":"x","currency":"USD","spending_limit":"-1"}""", 400, "invalid_spending_limit")]
    [InlineData("/api/customers", """{"name":"x","currency":"USD","spending_limit":5}""", 400, "invalid_json")]
    [InlineData("/api/keys", """{"role":"customer","label":"x"}""", 400, null)]
    [InlineData("/api/keys", """{"role":"party","label":"x"}""", 400, "invalid_key_role")]
    [InlineData("/api/keys", """{"role":"operator","label":"x","app_id":"app_x"}""", 400, null)]
    [InlineData("/api/prices", """{"model":"m","currency":"EUR","input_per_million":"1","output_per_million":"2","effective_from":"2020-01-01"}""", 409, "effective_in_the_past")]
    [InlineData("/api/prices", """{"model":"m","currency":"EUR","input_per_million":"1","output_per_million":"2","effective_from":"tomorrow"}""", 400, null)]
    [InlineData("/api/agreements", """{"shares":[{"role":"host","parts_per_million":1}]}""", 400, "invalid_shares")]
    [InlineData("/api/agreements", """{"shares":[{"role":"backer","parts_per_million":1000000}]}""", 409, "no_party_in_role")]
    public async Task What_is_refused_has_the_ledgers_name_for_it(string path, string body, int status, string? code)
    {
        using var response = await fixture.SendAsync(KeyRole.Operator, path, body);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(code, (await response.ErrorAsync()).Code);
    }

    [Fact]
    public async Task Plans_and_agreements_come_as_documents_and_each_party_accepts_for_itself()
    {
        var plan = await PostAsync("/api/price-plans", """{"models":["planned"],"currency":"EUR","input":"0.5","output":1,"minimum":2}""");
        Assert.Equal("planned", Text(plan[0], "model"));
        Assert.Equal("2.00", _books.FindPrice("planned")!.Plan.Minimum.Format());
        using var bad = await fixture.SendAsync(KeyRole.Operator, "/api/price-plans", """{"models":["planned"],"currency":"EUR","inputs":1}""");
        Assert.Equal(400, (int)bad.StatusCode);

        var host = _books.ListParties().First(party => party.Role == Role.Host);
        var document = await PostAsync(
            "/api/agreements/documents",
            $$$"""
            {"agreement":"papers","model":"planned","collector":"{{{host.Id}}}","acceptance":"required",
             "shares":[{"name":"royalty","payee":"{{{fixture.OneParty.Id}}}","rate":"30%"}]}
            """);
        var id = document.GetProperty("id").GetRawText();
        var seen = (await GetAsync(KeyRole.Party, "/api/agreements/documents")).GetProperty("data").EnumerateArray();
        Assert.Contains(seen, other => other.GetProperty("id").GetRawText() == id);
        var described = await GetAsync(KeyRole.Party, $"/api/agreements/documents/{id}/description?language=es");
        Assert.Contains("papers", described.GetProperty("sentences")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal("es", Text(described, "language"));
        using (var page = await fixture.SendAsync(KeyRole.Party, $"/api/agreements/documents/{id}/description?language=ar&format=html"))
        {
            Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
            Assert.Contains("dir=\"rtl\"", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        using (var accepted = await fixture.SendAsync(KeyRole.Party, $"/api/agreements/documents/{id}/accept", ""))
            Assert.Equal(fixture.OneParty.Id, Text((await accepted.JsonAsync()).GetProperty("acceptances")[0], "party_id"));
        var stranger = (await _books.IssueKeyAsync(KeyRole.Party, "other", fixture.OtherParty.Id)).Text;
        using var none = await fixture.SendAsync(stranger, HttpMethod.Post, $"/api/agreements/documents/{id}/accept", "");
        Assert.Equal(404, (int)none.StatusCode);
        using var hidden = await fixture.SendAsync(stranger, HttpMethod.Get, $"/api/agreements/documents/{id}/description");
        Assert.Equal(404, (int)hidden.StatusCode);
    }

    [Fact]
    public async Task A_month_is_simulated_under_other_terms_and_a_party_sees_only_its_own_revenue()
    {
        var period = _books.ListPeriods()[^1].Period;
        var host = _books.ListParties().First(party => party.Role == Role.Host);
        var terms = $$"""{"agreement":"what-if","collector":"{{host.Id}}","shares":[{"name":"royalty","payee":"{{fixture.OneParty.Id}}","base":"gross","rate":"10%"}]}""";
        var all = await SimulateAsync(KeyRole.Operator);
        Assert.NotEqual(0m, all);
        Assert.Equal(all, await SimulateAsync(KeyRole.Finance));
        var own = _books.Statement(period, fixture.OneParty.Id).Lines.Sum(line => decimal.Parse(line.Gross.Format(), System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(own, await SimulateAsync(KeyRole.Party));
        Assert.DoesNotContain(_books.ListAgreementDocuments(), document => document.Name == "what-if");
        using var bad = await fixture.SendAsync(KeyRole.Party, $"/api/agreements/simulate/{period}", """{"agreement":"x"}""");
        Assert.Equal(400, (int)bad.StatusCode);

        async Task<decimal> SimulateAsync(KeyRole role)
        {
            using var response = await fixture.SendAsync(role, $"/api/agreements/simulate/{period}", terms);
            Assert.Equal(200, (int)response.StatusCode);
            return (await response.JsonAsync()).EnumerateArray().Sum(result =>
                decimal.Parse(Text(result, "distributable")!, System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [Theory]
    [InlineData("/api/receipts?limit=0")]
    [InlineData("/api/receipts?limit=1001")]
    [InlineData("/api/receipts?limit=1&limit=2")]
    [InlineData("/api/receipts?after=-1")]
    [InlineData("/api/receipts?period=2026")]
    [InlineData("/api/customers?after=cus_nobody")]
    [InlineData("/api/credits?after=1")]
    [InlineData("/api/rates?after=none")]
    [InlineData("/api/meters?after=none")]
    [InlineData("/api/webhook-deliveries?after=evt_x/whk_x")]
    [InlineData("/api/agreements?after=99999999999999999999")]
    [InlineData("/api/receipts?offset=1")]
    [InlineData("/api/entries")]
    [InlineData("/api/earnings")]
    [InlineData("/api/periods/1448-06")]
    [InlineData("/api/statements/2026-13")]
    [InlineData("/api/statements/2026-11?format=pdf")]
    [InlineData("/api/statements/2026-11?format=html&language=tlh")]
    public async Task A_bad_parameter_is_named(string path)
    {
        using var response = await fixture.SendAsync(KeyRole.Auditor, path);
        Assert.Equal(400, (int)response.StatusCode);
        Assert.NotNull((await response.ErrorAsync()).Param);
    }

    [Theory]
    [InlineData("/api/parties")]
    [InlineData("/api/customers")]
    [InlineData("/api/keys")]
    [InlineData("/api/apps")]
    [InlineData("/api/accounts")]
    [InlineData("/api/receipts")]
    [InlineData("/api/balances")]
    [InlineData("/api/actions")]
    [InlineData("/api/entries?period=PERIOD")]
    public async Task Pages_together_are_the_whole(string path)
    {
        path = path.Replace("PERIOD", _books.ListPeriods()[^1].Period.ToString(), StringComparison.Ordinal);
        var whole = await GetAsync(KeyRole.Auditor, path);
        Assert.Equal(JsonValueKind.Null, whole.GetProperty("next").ValueKind);
        var parts = new List<string>();
        for (var next = ""; next is not null;)
        {
            var page = await GetAsync(
                KeyRole.Auditor, $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}limit=1{(next == "" ? "" : $"&after={Uri.EscapeDataString(next)}")}");
            parts.AddRange(page.GetProperty("data").EnumerateArray().Select(item => item.GetRawText()));
            next = page.GetProperty("next").GetString();
        }
        Assert.True(parts.Count > 1);
        Assert.Equal(whole.GetProperty("data").EnumerateArray().Select(item => item.GetRawText()), parts);
    }

    [Fact]
    public async Task An_open_month_can_not_be_closed_and_its_settlement_is_an_estimate()
    {
        var period = _books.ListPeriods()[^1].Period;
        using var refused = await fixture.SendAsync(KeyRole.Finance, $"/api/periods/{period}/close", "");
        Assert.Equal(409, (int)refused.StatusCode);
        Assert.Equal("period_not_ended", (await refused.ErrorAsync()).Code);
        Assert.Equal("open", Text(await GetAsync(KeyRole.Auditor, $"/api/periods/{period}"), "status"));
        var earnings = await GetAsync(KeyRole.Party, "/api/earnings");
        Assert.Equal("estimate", Text(earnings.GetProperty("months")[0], "status"));
        Assert.Equal(period.ToString(), Text(earnings.GetProperty("months")[0], "period"));
    }

    [Theory]
    [InlineData(null, null, "application/json")]
    [InlineData("*/*", null, "application/json")]
    [InlineData("text/csv", null, "text/csv")]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", null, "text/html")]
    [InlineData("text/csv;q=0.5,application/json;q=0.4", null, "text/csv")]
    [InlineData("text/*", null, "text/csv")]
    [InlineData("text/*,text/csv;q=0", null, "text/html")]
    [InlineData("application/json", "html", "text/html")]
    [InlineData("nonsense", null, "application/json")]
    public async Task A_statement_comes_in_the_form_asked_for(string? accept, string? format, string expected)
    {
        var path = $"/api/statements/{_books.ListPeriods()[^1].Period}/{fixture.OneParty.Id}{(format is null ? "" : $"?format={format}")}";
        using var response = await fixture.SendAsync(KeyRole.Party, path, accept: accept);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal(expected, response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.True(response.Headers.CacheControl?.NoStore);
        var text = await response.Content.ReadAsStringAsync();
        if (expected == "text/html")
        {
            // The party's name is a script; on the page it is text, and the page may run none anyway.
            Assert.DoesNotContain("<script", text, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("&lt;script&gt;", text, StringComparison.Ordinal);
            Assert.StartsWith("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_statement_has_no_form_of_a_picture()
    {
        using var response = await fixture.SendAsync(
            KeyRole.Auditor, $"/api/statements/{_books.ListPeriods()[^1].Period}", accept: "image/png");
        Assert.Equal(406, (int)response.StatusCode);
        Assert.Equal("not_acceptable", (await response.ErrorAsync()).Code);
    }

    private async Task<JsonElement> PostAsync(string path, string body)
    {
        using var response = await fixture.SendAsync(KeyRole.Operator, path, body);
        var answer = await response.JsonAsync();
        Assert.True((int)response.StatusCode == 200, answer.GetRawText());
        return answer;
    }

    private async Task<JsonElement> GetAsync(KeyRole role, string path)
    {
        using var response = await fixture.SendAsync(role, path);
        var answer = await response.JsonAsync();
        Assert.True((int)response.StatusCode == 200, answer.GetRawText());
        return answer;
    }

    private static string? Text(JsonElement item, string name) => item.TryGetProperty(name, out var value) ? value.GetString() : null;
}
