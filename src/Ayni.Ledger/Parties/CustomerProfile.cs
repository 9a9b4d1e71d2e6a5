namespace Ayni.Ledger;

/// <summary>Where a customer is and to whom it belongs, from an instant on.</summary>
/// <param name="EffectiveFrom">Requests admitted from this instant on are shared by it.</param>
/// <param name="Territory">Its country (ISO 3166-1, two capital letters), if known.</param>
/// <param name="OwnerId">The party it belongs to; a developer earns no share of what its own customers use through its apps.</param>
public sealed record CustomerProfile(DateTimeOffset EffectiveFrom, string? Territory, string? OwnerId);

/// <summary>The profiles of customers.</summary>
internal sealed class CustomerProfiles
{
    private static readonly CustomerProfile Unknown = new(DateTimeOffset.MinValue, null, null);

    private readonly Dictionary<string, List<CustomerProfile>> _profiles = new(StringComparer.Ordinal);

    /// <summary>Adds a profile that takes effect after those of its customer before it.</summary>
    public void Add(string customerId, CustomerProfile profile)
    {
        if (!_profiles.TryGetValue(customerId, out var list))
            _profiles.Add(customerId, list = []);
        list.Add(profile);
    }

    /// <summary>A customer's profile at an instant.</summary>
    public CustomerProfile Of(string customerId, DateTimeOffset at) =>
        _profiles.TryGetValue(customerId, out var list) ? list.FindLast(profile => profile.EffectiveFrom <= at) ?? Unknown : Unknown;
}
