using Ayni.Ledger;

namespace Ayni.Bench;

/// <summary>What a ledger needs before it can be measured.</summary>
internal static class BenchBooks
{
    public const string Model = "llama-3.2-1b";

    public static readonly Digest ModelDigest = Digest.Of("a model"u8);

    private static readonly Currency Dollar = Currency.Parse("USD");

    /// <summary>Enters parties, a price, an agreement, and keys, each of a customer of its own with a spending limit.</summary>
    public static async Task<IssuedKey[]> EnterAsync(Books books, int keyCount)
    {
        await books.CreatePartyAsync("Hostess", Role.Host).ConfigureAwait(false);
        await books.CreatePartyAsync("Model owner", Role.Licensor).ConfigureAwait(false);
        await books.SetPriceAsync(Model, Dollar, Amount.Parse("0.10", Dollar), Amount.Parse("0.40", Dollar)).ConfigureAwait(false);
        await books.SetAgreementAsync(
            null, [Share.Of(Role.Licensor, 300_000), Share.Of(Role.Host, 700_000)], held: HeldAcceptances.OfAll("the bench")).ConfigureAwait(false);
        var limit = Amount.Parse("1000000000", Dollar);
        return await Task.WhenAll(Enumerable.Range(0, keyCount).Select(async i =>
        {
            var customer = await books.CreateCustomerAsync($"Customer {i}", Dollar, limit).ConfigureAwait(false);
            return await books.IssueKeyAsync(customer.Id, "bench").ConfigureAwait(false);
        })).ConfigureAwait(false);
    }
}
