using System.Security.Cryptography;
using System.Text;

namespace Ayni.Ledger.Tests;

/// <summary>What operators state, and how users are counted without being known.</summary>
public sealed class AttestationTests
{
    [Fact]
    public async Task The_last_statement_about_a_subject_holds_and_all_are_kept()
    {
        await using var ledger = TestLedger.Empty();
        Assert.Null(ledger.Books.FindAttestation("monthly_users:llama4"));
        var first = await ledger.Books.As("key_a").AttestAsync("monthly_users:llama4", true, "Ayllu Ltd, 12 users");
        var second = await ledger.Books.AttestAsync("monthly_users:llama4", false, "Ayllu Ltd was bought");
        await ledger.Books.AttestAsync("monthly_users:llama3.1", true, "Ayllu Ltd");
        await ledger.ReopenAsync();
        Assert.Equal(second, ledger.Books.FindAttestation("monthly_users:llama4"));
        Assert.Equal(["key_a", "console", "console"], ledger.Books.ListAttestations().Select(attestation => attestation.Actor));
        Assert.Equal(first, ledger.Books.ListAttestations()[0]);
        Assert.Equal(3, ledger.Books.ListActions().Actions.Count(action => action.Action == "attest"));
        Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql("DELETE FROM attestations"));
    }

    [Fact]
    public async Task Hosts_share_a_months_count_and_its_key_ends_with_the_month()
    {
        await using var ledger = TestLedger.Empty();
        var november = await ledger.Books.OpenUserCountAsync();
        var same = await ledger.Books.OpenUserCountAsync();
        Assert.Equal(november.Secret, same.Secret);
        Assert.Equal(32, november.Secret!.Length);
        await ledger.Books.AddUsersAsync(november.Period, Of(0, 600));
        var whole = await ledger.Books.AddUsersAsync(november.Period, Of(400, 1000));
        Assert.InRange(whole.Sketch.Estimate(), 970, 1030);

        ledger.Clock.Now = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);
        var december = await ledger.Books.OpenUserCountAsync();
        Assert.NotEqual(november.Secret, december.Secret);
        var after = ledger.Books.FindUserCount(november.Period)!;
        Assert.Null(after.Secret);
        Assert.Equal(whole.Sketch.ToBytes(), after.Sketch.ToBytes());
        Assert.Null(ledger.Books.FindUserCount(new(2027, 1)));
    }

    [SqliteFact]
    public async Task The_key_of_a_month_gone_by_is_nowhere_in_the_file()
    {
        await using var ledger = TestLedger.Empty();
        var secret = Convert.ToHexString((await ledger.Books.OpenUserCountAsync()).Secret!);
        ledger.Clock.Now = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);
        await ledger.Books.OpenUserCountAsync();
        // Closing copies the log into the file and removes it.
        await ledger.ReopenAsync();
        Assert.DoesNotContain(secret, Convert.ToHexString(File.ReadAllBytes(ledger.Path)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(10_000)]
    [InlineData(1_000_000)]
    public void An_estimate_is_within_its_stated_error(int users)
    {
        // Five standard errors: a right estimator fails once in two million runs, and the hashes are fixed anyway.
        Assert.InRange(Of(0, users).Estimate(), users * (1 - 5 * UserSketch.StandardError), users * (1 + 5 * UserSketch.StandardError));
        Assert.Equal(Of(0, users).Estimate(), new UserSketch(Of(0, users).ToBytes()).Estimate());
    }

    [Fact]
    public void Counting_somebody_again_changes_nothing()
    {
        var sketch = Of(0, 1000);
        var before = sketch.ToBytes();
        sketch.Add(Of(0, 1000));
        Assert.Equal(before, sketch.ToBytes());
        Assert.Throws<ArgumentException>(() => new UserSketch(new byte[10]));
        before[7] = 200;
        Assert.Throws<ArgumentException>(() => new UserSketch(before));
    }

    private static UserSketch Of(int from, int to)
    {
        var sketch = new UserSketch();
        for (var i = from; i < to; i++)
            sketch.Add(SHA256.HashData(Encoding.ASCII.GetBytes($"user {i}")));
        return sketch;
    }
}
