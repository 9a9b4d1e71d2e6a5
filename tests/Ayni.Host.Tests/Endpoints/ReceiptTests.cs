using Ayni.Ledger;

namespace Ayni.Host.Tests;

/// <summary>A customer finds its receipts, and nobody else's.</summary>
public sealed class ReceiptTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private const string Body = """{"model":"tiny","prompt":"a","max_tokens":3}""";

    private readonly TestHost _test = fixture.Test;

    [Fact]
    public async Task A_receipt_is_found_by_its_own_id_its_requests_and_its_answers()
    {
        var answer = await (await _test.PostAsync("/v1/completions", Body)).JsonAsync();
        var summary = answer.GetProperty("ayni").GetProperty("receipt");
        var ids = new[] { summary.GetProperty("id"), summary.GetProperty("request_id"), answer.GetProperty("id") };
        foreach (var id in ids.Select(id => id.GetString()))
        {
            var receipt = await (await _test.Http.GetAsync($"/api/receipts/{id}")).JsonAsync();
            Assert.Equal(summary.GetProperty("id").GetString(), receipt.GetProperty("id").GetString());
            Assert.Equal(summary.GetProperty("charge").GetString(), receipt.GetProperty("charge").GetString());
            Assert.Equal(summary.GetProperty("hash").GetString(), receipt.GetProperty("hash").GetString());
            Assert.Equal(3, receipt.GetProperty("counts").GetProperty("generated").GetInt64());
        }
    }

    [Fact]
    public async Task A_charge_is_explained_by_quantities_and_rates()
    {
        var answer = await (await _test.PostAsync("/v1/completions", Body)).JsonAsync();
        var id = answer.GetProperty("ayni").GetProperty("receipt").GetProperty("id").GetString();
        var explained = await (await _test.Http.GetAsync($"/api/receipts/{id}/why")).JsonAsync();
        var sum = explained.GetProperty("lines").EnumerateArray().Sum(line =>
            line.GetProperty("quantity").GetInt64() * decimal.Parse(line.GetProperty("rate").GetString()!, System.Globalization.CultureInfo.InvariantCulture)
            / line.GetProperty("per").GetInt64());
        Assert.Equal(sum, decimal.Parse(explained.GetProperty("charge").GetString()!, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(answer.GetProperty("ayni").GetProperty("receipt").GetProperty("charge").GetString(), explained.GetProperty("charge").GetString());
    }

    [Fact]
    public async Task Usage_receipt_and_price_agree()
    {
        var answer = await (await _test.PostAsync("/v1/completions", Body)).JsonAsync();
        var receipt = _test.Books.FindReceipt(answer.GetProperty("ayni").GetProperty("receipt").GetProperty("id").GetString()!)!;
        Assert.Equal(answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt64(), receipt.Counts.Prompt + receipt.Counts.Cached);
        Assert.Equal(answer.GetProperty("usage").GetProperty("completion_tokens").GetInt64(), receipt.Counts.Generated);
        Assert.Equal(_test.Books.FindPrice(TestHost.ModelName)!.Charge(receipt.Counts), receipt.Charge);
        Assert.Equal(Outcome.Completed, receipt.Outcome);
        Assert.Equal(TestHost.ModelName, receipt.Model);
    }

    [Fact]
    public async Task Another_customers_receipt_is_not_there()
    {
        var answer = await (await _test.PostAsync("/v1/completions", Body)).JsonAsync();
        var id = answer.GetProperty("ayni").GetProperty("receipt").GetProperty("id").GetString();
        var stranger = await _test.Books.CreateCustomerAsync("stranger", Currency.Parse("USD"));
        using var http = new HttpClient { BaseAddress = _test.Host.Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", (await _test.Books.IssueKeyAsync(stranger.Id, "k")).Text);
        using var response = await http.GetAsync($"/api/receipts/{id}");
        Assert.Equal(404, (int)response.StatusCode);
        Assert.Equal("receipt_not_found", (await response.ErrorAsync()).Code);
    }
}
