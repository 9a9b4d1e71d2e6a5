using System.Globalization;
using System.Text.Json;
using Ayni.Ledger;

namespace Ayni.Host.Tests;

/// <summary>Usage that a meter elsewhere tells over HTTP.</summary>
public sealed class UsageTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private readonly TestHost _test = fixture.Test;

    [Fact]
    public async Task A_meter_tells_what_another_engine_served()
    {
        var key = _test.Books.ListKeys().First(key => key.Role == KeyRole.Customer);
        var meter = await _test.Books.IssueKeyAsync(KeyRole.Meter, "engine");
        await _test.Books.AllowMeterAsync(meter.Key.Id, key.Id);
        using var http = new HttpClient { BaseAddress = _test.Host.Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", meter.Text);
        // A whole second that is not before the first start set a price.
        var at = DateTimeOffset.UtcNow.AddSeconds(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var body = $$"""
            {"events":[{"id":"e1","key":"{{key.Id}}","model":"tiny","at":"{{at}}","prompt":1000000},
                       {"id":"e2","key":"{{key.Id}}","model":"tiny","at":"2020-01-01T00:00:00Z"}]}
            """;
        var results = await PostAsync(body);
        Assert.Equal("0.10", results[0].GetProperty("receipt").GetProperty("charge").GetString());
        Assert.True(results[0].GetProperty("is_new").GetBoolean());
        Assert.Equal("usage_too_old", results[1].GetProperty("error").GetProperty("code").GetString());
        var again = await PostAsync(body);
        Assert.False(again[0].GetProperty("is_new").GetBoolean());
        Assert.Equal(results[0].GetProperty("receipt").GetRawText(), again[0].GetProperty("receipt").GetRawText());
        var shown = await (await _test.Http.GetAsync($"/api/receipts/{results[0].GetProperty("receipt").GetProperty("id").GetString()}")).JsonAsync();
        Assert.Equal(meter.Key.Id, shown.GetProperty("meter_id").GetString());

        await RefusedAsync("""{"events":[{"id":"e1","key":"k","model":"tiny","at":"now"}]}""", "events[0].at");
        await RefusedAsync("""{"events":[{},{}]}""", "events[0].id");
        await RefusedAsync("""{"events":[],"more":1}""", null);
        await RefusedAsync("""{"events":""", null);
        await RefusedAsync($$"""{"events":[{{string.Join(',', Enumerable.Repeat("{}", 1001))}}]}""", "events");
        using var forbidden = await _test.PostAsync("/api/usage", """{"events":[]}""");
        Assert.Equal(403, (int)forbidden.StatusCode);

        async Task<JsonElement[]> PostAsync(string json)
        {
            using var response = await http.PostAsync("/api/usage", Json(json));
            Assert.Equal(200, (int)response.StatusCode);
            return [.. (await response.JsonAsync()).GetProperty("results").EnumerateArray()];
        }

        async Task RefusedAsync(string json, string? field)
        {
            using var response = await http.PostAsync("/api/usage", Json(json));
            Assert.Equal(400, (int)response.StatusCode);
            Assert.Equal(field, (await response.ErrorAsync()).Param);
        }

        static StringContent Json(string json) => new(json, System.Text.Encoding.UTF8, "application/json");
    }
}
