using Ayni.Ledger;
using Ayni.Tests;

namespace Ayni.Host.Tests;

/// <summary>A first start makes everything that serving needs; later starts find it and change nothing.</summary>
public sealed class RegistryTests
{
    [Fact]
    public async Task A_first_start_enters_parties_price_agreement_customer_and_key()
    {
        await using var test = await TestHost.StartAsync();
        var books = test.Books;
        var parties = books.ListParties();
        Assert.Equal([(Role.Licensor, "Tiny Llamas"), (Role.Host, "Host")], parties.Select(party => (party.Role, party.Name)).Order());
        var price = Assert.Single(books.ListPrices());
        Assert.Equal(TestHost.ModelName, price.Model);
        Assert.Equal(("0.10 USD", "0.40 USD"), (price.InputPerMillion.ToString(), price.OutputPerMillion.ToString()));
        var agreement = Assert.Single(books.ListAgreements());
        Assert.Equal(TestHost.ModelName, agreement.Model);
        // Nobody but the host has accepted anything, so nobody else is promised a share but whoever's app asks.
        Assert.Equal([(Role.Host, 700_000), (Role.Developer, 300_000)], agreement.Shares.Select(share => (share.Role!.Value, share.PartsPerMillion)));
        Assert.Equal(["host"], agreement.Document!.Acceptances.Select(acceptance => acceptance.RecordedBy));
        var customer = Assert.Single(books.ListCustomers());
        Assert.Equal("default", customer.Name);
        var key = Assert.Single(books.ListKeys());
        Assert.Equal((customer.Id, true), (key.CustomerId, key.IsDemo));
        Assert.Equal(key.Id, books.Authenticate(test.Key)?.Id);
    }

    [Fact]
    public async Task A_restart_keeps_the_key_and_the_receipts_and_issues_nothing()
    {
        var folder = Directory.CreateTempSubdirectory("ayni-host-").FullName;
        string key, receiptId;
        await using (var first = await TestHost.StartAsync(folder: folder))
        {
            key = first.Key;
            var answer = await (await first.PostAsync("/v1/completions", """{"model":"tiny","prompt":"a","max_tokens":3}""")).JsonAsync();
            receiptId = answer.GetProperty("ayni").GetProperty("receipt").GetProperty("id").GetString()!;
        }

        await using (var second = await TestHost.StartAsync(folder: folder))
        {
            Assert.Null((await second.Host.Ready).FirstKey);
            Assert.Single(second.Books.ListKeys());
            Assert.Single(second.Books.ListPrices());
            Assert.Single(second.Books.ListAgreements());
            Assert.Equal(2, second.Books.ListParties().Count);
            second.UseKey(key);
            using var receipt = await second.Http.GetAsync($"/api/receipts/{receiptId}");
            Assert.Equal(200, (int)receipt.StatusCode);
            var answer = await (await second.PostAsync("/v1/completions", """{"model":"tiny","prompt":"a","max_tokens":3}""")).JsonAsync();
            Assert.Equal(2, answer.GetProperty("ayni").GetProperty("receipt").GetProperty("number").GetInt64());
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_revoked_first_key_is_not_issued_again()
    {
        var folder = Directory.CreateTempSubdirectory("ayni-host-").FullName;
        await using (var first = await TestHost.StartAsync(folder: folder))
            await first.Books.RevokeKeyAsync(first.Books.ListKeys()[0].Id);
        await using (var second = await TestHost.StartAsync(folder: folder))
            Assert.Null((await second.Host.Ready).FirstKey);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(null, "Model owner")]
    [InlineData("  ", "Model owner")]
    [InlineData("Evil\u0007\nName", "EvilName")]
    public async Task The_owner_is_named_by_the_file_or_by_its_part(string? organization, string expected)
    {
        await using var test = await TestHost.StartAsync(new TinyModel { Organization = organization });
        Assert.Equal(expected, test.Books.ListParties().Single(party => party.Role == Role.Licensor).Name);
    }

    [Fact]
    public async Task An_operators_own_terms_stay()
    {
        var folder = Directory.CreateTempSubdirectory("ayni-host-").FullName;
        var data = Directory.CreateDirectory(Path.Combine(folder, "data")).FullName;
        await using (var books = Books.Open(Path.Combine(data, "ledger.db"), TimeProvider.System))
        {
            var host = await books.CreatePartyAsync("Me", Role.Host);
            await books.AgreeAsync(null, [Share.Of(host.Id, Share.Whole)]);
            var euro = Currency.Parse("EUR");
            await books.SetPriceAsync(TestHost.ModelName, euro, Amount.Parse("1", euro), Amount.Parse("2", euro));
        }

        await using (var test = await TestHost.StartAsync(folder: folder))
        {
            Assert.Single(test.Books.ListParties());
            Assert.Single(test.Books.ListAgreements());
            Assert.Single(test.Books.ListPrices());
            using var response = await test.PostAsync("/v1/completions", """{"model":"tiny","prompt":"a","max_tokens":3}""");
            Assert.Equal(200, (int)response.StatusCode);
        }

        Directory.Delete(folder, recursive: true);
    }
}
