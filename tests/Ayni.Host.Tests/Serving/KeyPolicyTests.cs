using System.Net;
using Ayni.Ledger;

namespace Ayni.Host.Tests;

/// <summary>A host listens where others reach it only with keys that were issued on purpose.</summary>
public sealed class KeyPolicyTests
{
    [Fact]
    public async Task Beyond_loopback_there_are_keys_and_none_of_a_first_start()
    {
        var folder = Directory.CreateTempSubdirectory("ayni-host-").FullName;
        try
        {
            var none = await Assert.ThrowsAsync<KeyPolicyException>(() => StartBeyondAsync(folder));
            Assert.Contains("no key in force", none.Message, StringComparison.Ordinal);

            await using (await TestHost.StartAsync(folder: folder))
            {
            }
            var demo = await Assert.ThrowsAsync<KeyPolicyException>(() => StartBeyondAsync(folder));
            string customer;
            await using (var books = Books.Open(Path.Combine(folder, "data", "ledger.db"), TimeProvider.System))
            {
                var key = Assert.Single(books.ListKeys());
                Assert.Contains(key.Id, demo.Message, StringComparison.Ordinal);
                customer = key.CustomerId;
                await books.IssueKeyAsync(customer, "issued on purpose");
                await Assert.ThrowsAsync<KeyPolicyException>(() => StartBeyondAsync(folder));
                await books.RevokeKeyAsync(key.Id);
            }

            await using var test = await StartBeyondAsync(folder);
            await test.Host.Ready.WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Equal(2, test.Books.ListKeys().Count);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Beyond_loopback_a_start_issues_no_key_by_itself()
    {
        var folder = Directory.CreateTempSubdirectory("ayni-host-").FullName;
        try
        {
            await using (var books = Books.Open(Path.Combine(folder, "data", "ledger.db"), TimeProvider.System))
                await books.IssueKeyAsync(KeyRole.Operator, "console");
            await using var test = await StartBeyondAsync(folder);
            Assert.Null((await test.Host.Ready.WaitAsync(TimeSpan.FromSeconds(60))).FirstKey);
            Assert.Equal(KeyRole.Operator, Assert.Single(test.Books.ListKeys()).Role);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<TestHost> StartBeyondAsync(string folder) =>
        TestHost.BeginAsync(configure: options => options with { ListenAddress = IPAddress.Any }, folder: folder);
}
