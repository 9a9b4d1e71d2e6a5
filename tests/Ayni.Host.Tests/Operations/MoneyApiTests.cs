using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Ayni.Ledger;

namespace Ayni.Host.Tests;

/// <summary>A finance clerk's month over HTTP, and what two keys must agree to.</summary>
public sealed class MoneyApiTests : IAsyncLifetime
{
    private readonly ManualClock _clock = new();
    private TestHost _test = null!;
    private string _operator = "", _otherOperator = "", _finance = "", _otherFinance = "", _auditor = "";
    private Customer _customer = null!;

    public async Task InitializeAsync()
    {
        _test = await TestHost.StartAsync(clock: _clock);
        var books = _test.Books;
        _operator = (await books.IssueKeyAsync(KeyRole.Operator, "one")).Text;
        _otherOperator = (await books.IssueKeyAsync(KeyRole.Operator, "other")).Text;
        _finance = (await books.IssueKeyAsync(KeyRole.Finance, "one")).Text;
        _otherFinance = (await books.IssueKeyAsync(KeyRole.Finance, "other")).Text;
        _auditor = (await books.IssueKeyAsync(KeyRole.Auditor, "reader")).Text;
        _customer = Assert.Single(books.ListCustomers());
    }

    public async Task DisposeAsync() => await _test.DisposeAsync();

    [Fact]
    public async Task A_month_is_invoiced_taken_in_and_paid_out()
    {
        var (host, month) = await BillAsync();
        var invoices = (await GetAsync(_auditor, $"/api/invoices?period={month}&kind=invoice")).GetProperty("data");
        var invoice = Assert.Single(invoices.EnumerateArray());
        var number = Text(invoice, "number");
        var total = Text(invoice, "total")!;

        using (var page = await SendAsync(_test.Key, "GET", $"/api/invoices/{number}?format=html&language=ar"))
        {
            Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
            Assert.StartsWith("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            var text = await page.Content.ReadAsStringAsync();
            Assert.Contains("dir=\"rtl\"", text, StringComparison.Ordinal);
            Assert.Contains("&lt;Rumi&gt; SL", text, StringComparison.Ordinal);
        }
        using (var rows = await SendAsync(_auditor, "GET", $"/api/periods/{month}/invoices?format=csv"))
            Assert.Contains($"{number},invoice,2026-12-01", await rows.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using (var journal = await SendAsync(_auditor, "GET", $"/api/periods/{month}/journal"))
        {
            Assert.Equal("text/csv", journal.Content.Headers.ContentType?.MediaType);
            Assert.StartsWith(JournalCsv.Header, await journal.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        foreach (var proven in (string[])[$"/api/statements/{month}/{host}/proof", $"/api/periods/{month}/absences/rcp_0?currency=USD"])
        {
            using var proof = await SendAsync(_auditor, "GET", proven);
            ProofVerifier.Verify(await proof.Content.ReadAsByteArrayAsync(), _test.Books.LogKey, null, [], _clock.GetUtcNow());
        }
        using (var open = await SendAsync(_auditor, "GET", $"/api/statements/2026-12/{host}/proof"))
            Assert.Equal("invalid_proof", (await open.ErrorAsync()).Code);

        // Paid in two parts, the second too much; the same file again changes nothing.
        var csv = $"bank_reference,date,amount,currency,invoice\nr1,2026-12-02,1.00,USD,{number}\nr2,2026-12-03,{total},USD,{number}\n";
        for (var i = 0; i < 2; i++)
            Assert.Equal(2, (await PostAsync(_finance, "/api/payments/import", csv, "text/csv")).GetArrayLength());
        var account = await GetAsync(_test.Key, $"/api/customers/{_customer.Id}/account");
        Assert.Equal(("0.00", "1.00"), (Text(account, "open"), Text(account, "credit")));
        Assert.Single((await GetAsync(_auditor, "/api/accounts")).GetProperty("data").EnumerateArray());
        await RefusedAsync(_finance, "/api/payments/import", csv.Replace("1.00,USD", "1.00,EUR", StringComparison.Ordinal), 409, "bank_reference_reused", "text/csv");
        await RefusedAsync(
            _finance, "/api/payments/import", csv.Replace("r1,2026-12-02,1.00,USD", "r3,2026-12-02,1.00,EUR", StringComparison.Ordinal), 400,
            "invalid_payment", "text/csv");
        await RefusedAsync(_finance, "/api/payments/import", "nonsense", 400, null, "text/csv");
        foreach (var (amount, day) in new[] { ("99999999999999999999999999", "2026-12-02"), ("1.00", "0001-01-01"), ("1.00", "9999-12-31") })
        {
            await RefusedAsync(
                _finance, "/api/payments",
                $$"""{"customer_id":"{{_customer.Id}}","amount":"{{amount}}","currency":"USD","bank_reference":"r3","value_date":"{{day}}"}""", 400, null);
        }
        await RefusedAsync(_finance, "/api/periods/9998-12/close", "", 400, null);
        await RefusedAsync(_finance, "/api/payments/import", csv, 415, "unsupported_media_type", "image/png");

        await PostAsync(_operator, "/api/bank-details/AYNI", """{"holder":"Ayni GmbH","iban":"DE89 3704 0044 0532 0130 00"}""");
        await PostAsync(_operator, $"/api/bank-details/{host}", """{"holder":"Host","iban":"ES9121000418450200051332"}""");
        var batch = await PostAsync(_finance, "/api/payouts", """{"currency":"USD"}""");
        Assert.Equal("2026-12-01", Text(batch, "execution_date"));
        var payout = Text(batch.GetProperty("payouts")[0], "id")!;
        var report = $"""
            <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
            <GrpHdr><MsgId>B</MsgId><CreDtTm>2026-12-02T10:00:00Z</CreDtTm></GrpHdr><OrgnlPmtInfAndSts><TxInfAndSts>
            <OrgnlEndToEndId>{payout}</OrgnlEndToEndId><TxSts>RJCT</TxSts></TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>
            """;
        Assert.Equal("returned", Text((await PostAsync(_finance, "/api/bank-reports", report, "text/xml"))[0], "result"));
        Assert.Equal("unchanged", Text((await PostAsync(_finance, "/api/bank-reports", report, "application/xml"))[0], "result"));
        await RefusedAsync(_finance, "/api/bank-reports", "<!DOCTYPE a><a/>", 400, null, "application/xml");
        Assert.Empty(_test.Books.Audit());

        const string Note = """{"reason":"slow","reference":"ticket 7"}""";
        var note = await PostAsync(_finance, $"/api/invoices/{number}/credit", Note);
        Assert.Equal(Text(note, "number"), Text(await PostAsync(_finance, $"/api/invoices/{number}/credit", Note), "number"));
        await RefusedAsync(
            _finance, $"/api/invoices/{number}/credit", """{"reason":"slower","reference":"ticket 7"}""", 409, "reference_reused");
        await RefusedAsync(_finance, $"/api/invoices/{number}/write-off", """{"reason":"lost"}""", 400, "invalid_credit");
        Assert.Empty((await GetAsync(_auditor, "/api/write-offs")).GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task A_claim_is_given_up_and_taken_up_again()
    {
        var (_, month) = await BillAsync();
        var number = Text((await GetAsync(_auditor, $"/api/invoices?period={month}&kind=invoice")).GetProperty("data")[0], "number");
        var given = await PostAsync(_finance, $"/api/invoices/{number}/write-off", """{"reason":"insolvent"}""");
        Assert.Equal("0.00", Text(await GetAsync(_auditor, $"/api/customers/{_customer.Id}/account"), "open"));
        await PostAsync(_finance, $"/api/write-offs/{Text(given, "id")}/reclaim", """{"reason":"an heir pays"}""");
        Assert.Equal(Text(given, "amount"), Text(await GetAsync(_auditor, $"/api/customers/{_customer.Id}/account"), "open"));
        Assert.Equal(2, (await GetAsync(_auditor, "/api/write-offs")).GetProperty("data").GetArrayLength());
        _clock.Advance(TimeSpan.FromDays(31));
        var state = (await GetAsync(_auditor, "/api/accounts")).GetProperty("data")[0].GetProperty("invoices")[0];
        Assert.Equal(("reminder", "2026-12-31"), (Text(state, "step"), Text(state, "since")));
    }

    [Fact]
    public async Task What_two_must_agree_to_is_not_done_by_one()
    {
        // A month to close and to pay, before two keys are asked for.
        var (host, month) = await BillAsync(isClosed: false);
        var settled = await PostAsync(_operator, "/api/four-eyes", """{"four_eyes":true}""");
        Assert.True(settled.GetProperty("four_eyes").GetBoolean());
        Assert.True((await GetAsync(_auditor, "/api/four-eyes")).GetProperty("four_eyes").GetBoolean());

        await ByTwoAsync(
            _operator, _otherOperator, "/api/prices", """{"model":"next","currency":"EUR","input_per_million":"1","output_per_million":"2"}""");
        await ByTwoAsync(_operator, _otherOperator, "/api/price-plans", """{"models":["next"],"currency":"EUR","input":1,"output":2}""");
        await ByTwoAsync(_operator, _otherFinance, "/api/agreements", """{"model":"next","shares":[{"role":"host","parts_per_million":1000000}]}""");
        await ByTwoAsync(
            _operator, _otherOperator, "/api/agreements/documents",
            $$"""{"agreement":"papers","model":"other","collector":"{{host}}","shares":[{"name":"royalty","payee":"licensor","rate":"30%"}]}""");
        await ByTwoAsync(_finance, _otherFinance, $"/api/periods/{month}/close", "");
        await PostAsync(_finance, $"/api/periods/{month}/invoices", "");
        await ByTwoAsync(
            _operator, _finance, "/api/bank-details/AYNI", """{"holder":"Ayni GmbH","iban":"DE89 3704 0044 0532 0130 00"}""");
        await ByTwoAsync(_operator, _finance, $"/api/bank-details/{host}", """{"holder":"Host","iban":"ES9121000418450200051332"}""");
        await ByTwoAsync(_finance, _otherFinance, "/api/payouts", """{"currency":"USD","execution_date":"2026-12-01"}""");
        await ByTwoAsync(_operator, _otherOperator, "/api/keys", """{"role":"finance","label":"third"}""");
        await ByTwoAsync(
            _operator, _otherOperator, $"/api/bank-details/{host}", """{"holder":"Host","iban":"DE89 3704 0044 0532 0130 00"}""");
        await ByTwoAsync(_operator, _otherOperator, "/api/four-eyes", """{"four_eyes":false}""");
        Assert.False(_test.Books.AsksForFourEyes);
    }

    [Fact]
    public async Task What_finance_and_operators_set_is_there()
    {
        var entity = await PostAsync(_finance, "/api/entities/AYNI", """{"legal_name":"Ayni GmbH","country":"DE"}""");
        Assert.Equal(entity.GetRawText(), (await GetAsync(_auditor, "/api/entities")).GetProperty("data")[0].GetRawText());
        var billing = await PostAsync(
            _operator, $"/api/billing/{_customer.Id}",
            """{"legal_name":"Rumi SL","tax_id":"ESB1","taxes":[{"name":"VAT","parts_per_million":210000}],"due_days":30}""");
        Assert.Equal(billing.GetRawText(), (await GetAsync(_test.Key, $"/api/billing/{_customer.Id}")).GetRawText());
        var party = _test.Books.ListParties()[0].Id;
        var taxed = await PostAsync(
            _operator, $"/api/billing/{party}",
            """
            {"legal_name":"X","taxes":[{"name":"WHT","parts_per_million":150000,"is_withheld":true,
              "certificate":{"number":"6166","parts_per_million":0,"valid_from":"2026-01-01","valid_until":"2026-12-31"}}]}
            """);
        Assert.Equal("2026-12-31", Text(taxed.GetProperty("taxes")[0].GetProperty("certificate"), "valid_until"));
        await RefusedAsync(_operator, $"/api/billing/{party}", """{"legal_name":"X","country":"Spain"}""", 400, "invalid_billing");
        await RefusedAsync(_operator, "/api/billing/nobody", """{"legal_name":"X"}""", 404, "unknown_customer");
        await RefusedAsync(_operator, "/api/entities/a-b", """{"legal_name":"X"}""", 400, "invalid_billing");

        var key = _test.Books.ListKeys().First(one => one.Role == KeyRole.Customer).Id;
        await PostAsync(_operator, $"/api/limits/{key}", """{"per_day":"5","currency":"USD","requests_per_minute":60}""");
        var limits = Assert.Single((await GetAsync(_test.Key, "/api/limits")).GetProperty("data").EnumerateArray());
        Assert.Equal((key, "5.00", 60), (Text(limits, "subject_id"), Text(limits, "per_day"), limits.GetProperty("requests_per_minute").GetInt32()));
        await PostAsync(_operator, $"/api/limits/{key}", "{}");
        Assert.Empty((await GetAsync(_auditor, "/api/limits")).GetProperty("data").EnumerateArray());
        await RefusedAsync(_operator, $"/api/limits/{key}", """{"per_day":"5"}""", 400, null);
        await RefusedAsync(_operator, $"/api/limits/{key}", """{"per_day":"5","currency":"EUR"}""", 400, "invalid_limits");
        await RefusedAsync(_operator, "/api/limits/nobody", """{"requests_per_minute":1}""", 400, "invalid_limits");
        var other = await _test.Books.CreateCustomerAsync("other", Currency.Parse("USD"));
        await _test.Books.SetLimitsAsync(new(other.Id, RequestsPerMinute: 1));
        Assert.Empty((await GetAsync(_test.Key, "/api/limits")).GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task Balances_from_before_the_ledger_are_entered_once()
    {
        var party = _test.Books.ListParties()[0].Id;
        var csv = $"reference,account,currency,amount\nold-1,customer:{_customer.Id}:receivable,USD,12.50\nold-2,party:{party}:payable,USD,-40\n";
        const string Path = "/api/opening-balances?at_end_of=2026-10";
        Assert.Equal(2, (await PostAsync(_finance, Path, csv, "text/csv")).GetArrayLength());
        Assert.Equal(0, (await PostAsync(_finance, Path, csv, "text/csv")).GetArrayLength());
        Assert.Equal(Amount.Parse("12.50", Currency.Parse("USD")), _test.Books.UnpaidCharges(_customer.Id));
        await RefusedAsync(_finance, Path, csv.Replace("12.50", "13", StringComparison.Ordinal), 409, "opening_reference_reused", "text/csv");
        await RefusedAsync(_finance, Path, "reference,account\n", 400, null, "text/csv");
        await RefusedAsync(_finance, "/api/opening-balances?at_end_of=2026-11", csv, 400, "invalid_opening", "text/csv");
    }

    /// <summary>A month's use of some dollars, closed and invoiced unless told otherwise; the host's party and the month.</summary>
    private async Task<(string Host, string Month)> BillAsync(bool isClosed = true)
    {
        await PostAsync(
            _operator, "/api/prices", $$"""{"model":"{{TestHost.ModelName}}","currency":"USD","input_per_million":"1000000","output_per_million":"1000000"}""");
        var host = _test.Books.ListParties().First(party => party.Role == Role.Host).Id;
        await PostAsync(_operator, "/api/agreements", $$"""{"model":"tiny","shares":[{"party_id":"{{host}}","parts_per_million":1000000}]}""");
        using (var answer = await _test.PostAsync("/v1/completions", """{"model":"tiny","prompt":"once","max_tokens":3}"""))
            Assert.Equal(200, (int)answer.StatusCode);
        await PostAsync(_operator, "/api/entities/AYNI", """{"legal_name":"Ayni GmbH"}""");
        await PostAsync(_operator, $"/api/billing/{_customer.Id}", """{"legal_name":"<Rumi> SL","due_days":29}""");
        var month = Period.Of(_clock.GetUtcNow());
        _clock.Advance(month.End - _clock.GetUtcNow());
        if (isClosed)
        {
            await PostAsync(_finance, $"/api/periods/{month}/close", "");
            await PostAsync(_finance, $"/api/periods/{month}/invoices", "");
        }
        return (host, month.ToString());
    }

    /// <summary>Asks with one key, which is proposed; it can't approve that itself, another key can, and then it is done once.</summary>
    private async Task ByTwoAsync(string maker, string approver, string path, string body)
    {
        await RefusedAsync(maker, path, body, 409, "approval_needed");
        var waiting = (await GetAsync(_auditor, "/api/proposals?limit=1000")).GetProperty("data").EnumerateArray()
            .Single(proposal => Text(proposal, "status") == "open");
        var approve = $"/api/proposals/{Text(waiting, "id")}/approve";
        await RefusedAsync(maker, approve, "", 409, "same_key");
        await RefusedAsync(maker, path, body, 409, "approval_needed");
        await PostAsync(approver, approve, "");
        await PostAsync(maker, path, body);
        Assert.DoesNotContain(_test.Books.ListProposals(), proposal => proposal.Status is ProposalStatus.Open or ProposalStatus.Approved);
    }

    private async Task RefusedAsync(string key, string path, string body, int status, string? code, string type = "application/json")
    {
        using var response = await SendAsync(key, "POST", path, body, type);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(code, (await response.ErrorAsync()).Code);
    }

    private async Task<JsonElement> PostAsync(string key, string path, string body, string type = "application/json")
    {
        using var response = await SendAsync(key, "POST", path, body, type);
        var answer = await response.JsonAsync();
        Assert.True((int)response.StatusCode == 200, string.Create(CultureInfo.InvariantCulture, $"{path}: {answer.GetRawText()}"));
        return answer;
    }

    private async Task<JsonElement> GetAsync(string key, string path)
    {
        using var response = await SendAsync(key, "GET", path);
        var answer = await response.JsonAsync();
        Assert.True((int)response.StatusCode == 200, answer.GetRawText());
        return answer;
    }

    private async Task<HttpResponseMessage> SendAsync(string key, string method, string path, string? body = null, string type = "application/json")
    {
        using var request = new HttpRequestMessage(new(method), new Uri(_test.Host.Address, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, type);
        using var http = new HttpClient();
        return await http.SendAsync(request);
    }

    private static string? Text(JsonElement item, string name) => item.TryGetProperty(name, out var value) ? value.GetString() : null;
}
