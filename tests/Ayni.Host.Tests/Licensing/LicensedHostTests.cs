using Ayni.Ledger;

namespace Ayni.Host.Tests;

/// <summary>A host and the licence of its model.</summary>
public sealed class LicensedHostTests
{
    private const string Body = """{"model":"tiny","prompt":"a","max_tokens":1,"user":"alice"}""";

    [Fact]
    public async Task A_priced_model_for_research_only_is_refused_by_name_and_a_free_one_served_until_it_is_priced()
    {
        await using var refused = await TestHost.BeginAsync(configure: options => options with { Licence = "llama1" });
        var error = await Assert.ThrowsAsync<LicenceRefusedException>(() => refused.Host.Ready.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("research_only", error.Message, StringComparison.Ordinal);
        Assert.Empty(refused.Books.ListPrices());
        Assert.Contains(refused.Log.Lines, line => line.StartsWith("Error 3 ", StringComparison.Ordinal) && line.Contains("research_only", StringComparison.Ordinal));

        var zero = Amount.Zero(Currency.Parse("USD"));
        await using var test = await TestHost.StartAsync(configure: options => options with
        {
            Licence = "llama1",
            StartingTerms = new() { InputPerMillion = zero, OutputPerMillion = zero },
        });
        using var free = await test.PostAsync("/v1/completions", Body);
        Assert.Equal(200, (int)free.StatusCode);
        await test.Books.SetPriceAsync("tiny", Currency.Parse("USD"), zero, Amount.Parse("0.01", Currency.Parse("USD")));
        using var priced = await test.PostAsync("/v1/completions", Body);
        Assert.Equal(403, (int)priced.StatusCode);
        Assert.Equal("licence_research_only", (await priced.ErrorAsync()).Code);
        // Fake money charges nobody.
        await test.Books.SetPriceAsync("tiny", Currency.Parse("USD"), zero, zero);
        await test.Books.SetPriceAsync("tiny", Currency.Test, Amount.Zero(Currency.Test), Amount.Parse("5", Currency.Test));
        using var again = await test.PostAsync("/v1/completions", Body);
        Assert.Equal(200, (int)again.StatusCode);
    }

    [Fact]
    public async Task What_may_be_broken_is_warned_of_and_shown()
    {
        await using var test = await TestHost.StartAsync(configure: options => options with { Licence = "llama4" });
        foreach (var rule in (string[])["attribution", "territory", "monthly_users"])
            Assert.Contains(test.Log.Lines, line => line.StartsWith("Warning 13 ", StringComparison.Ordinal) && line.Contains(rule, StringComparison.Ordinal));
        var report = await (await test.Http.GetAsync("/api/licence")).JsonAsync();
        Assert.Equal("llama4", report.GetProperty("licence").GetString());
        Assert.Equal("https://www.llama.com/llama4/license/", report.GetProperty("address").GetString());
        Assert.Contains(
            report.GetProperty("findings").EnumerateArray(),
            finding => finding.GetProperty("rule").GetString() == "monthly_users" && finding.GetProperty("status").GetString() == "warned");
        Assert.Contains("no legal advice", report.GetProperty("remark").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_attestation_over_HTTP_holds_at_the_next_start()
    {
        var folder = Directory.CreateTempSubdirectory("ayni-host-").FullName;
        try
        {
            await using (var first = await TestHost.StartAsync(configure: options => options with { Licence = "llama3.1" }, folder: folder))
            {
                first.UseKey((await first.Books.IssueKeyAsync(KeyRole.Operator, "o")).Text);
                using var attested = await first.PostAsync(
                    "/api/attestations", """{"licence":"llama3.1","users_were_below":false,"statement":"Hoster of the whole world"}""");
                Assert.Equal(200, (int)attested.StatusCode);
                using var unknown = await first.PostAsync(
                    "/api/attestations", """{"licence":"llama9","users_were_below":true,"statement":"x"}""");
                Assert.Equal("licence", (await unknown.ErrorAsync()).Param);
            }
            await using var second = await TestHost.BeginAsync(configure: options => options with { Licence = "llama3.1" }, folder: folder);
            var error = await Assert.ThrowsAsync<LicenceRefusedException>(() => second.Host.Ready.WaitAsync(TimeSpan.FromSeconds(60)));
            Assert.Contains("monthly_users", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Users_are_counted_once_a_month_and_nobody_can_tell_who()
    {
        var folder = Directory.CreateTempSubdirectory("ayni-host-").FullName;
        try
        {
            Period period;
            await using (var test = await TestHost.StartAsync(folder: folder))
            {
                foreach (var user in (string[])["alice", "bob", "alice", "carol"])
                {
                    using var response = await test.PostAsync("/v1/completions", Body.Replace("alice", user, StringComparison.Ordinal));
                    Assert.Equal(200, (int)response.StatusCode);
                }
                period = test.Books.Zone.PeriodOf(DateTimeOffset.UtcNow);
            }
            await using var books = Books.Open(Path.Combine(folder, "data", "ledger.db"), TimeProvider.System);
            Assert.InRange(books.FindUserCount(period)!.Sketch.Estimate(), 2.9, 3.1);
            Assert.DoesNotContain("alice", await File.ReadAllTextAsync(Path.Combine(folder, "data", "ledger.db"), System.Text.Encoding.Latin1), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
