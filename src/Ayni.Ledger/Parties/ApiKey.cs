using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>A key without its secret.</summary>
/// <param name="Id"><c>key_…</c>; part of the key's text, not secret.</param>
/// <param name="Role">What it opens.</param>
/// <param name="HolderId">
/// Whom it acts for: the customer who pays for its requests, the party whose earnings it sees, or the host whose usage a meter reports, if
/// one is named; null for every other role.
/// </param>
/// <param name="AppId">The app its requests come from, if any.</param>
/// <param name="Label">What its owner calls it.</param>
/// <param name="IsDemo">Whether a first start issued it by itself and printed it.</param>
/// <param name="Created">When it was issued.</param>
/// <param name="Revoked">Since when it opens nothing.</param>
public sealed record ApiKey(
    string Id, KeyRole Role, string? HolderId, string? AppId, string Label, bool IsDemo, DateTimeOffset Created, DateTimeOffset? Revoked)
{
    /// <summary>Who pays for its requests. Throws <see cref="InvalidOperationException"/> for a key that is no customer's.</summary>
    [JsonIgnore]
    public string CustomerId => HolderIn(KeyRole.Customer);

    /// <summary>Whose earnings it sees. Throws <see cref="InvalidOperationException"/> for a key that is no party's.</summary>
    [JsonIgnore]
    public string PartyId => HolderIn(KeyRole.Party);

    private string HolderIn(KeyRole role) =>
        Role == role ? HolderId! : throw new InvalidOperationException($"{Id} is a key of role {Role.Name()}, not {role.Name()}.");
}

/// <summary>A key just issued, with the only showing of its text.</summary>
/// <param name="Key">The key as it is kept.</param>
/// <param name="Text">What clients present: <c>ayni_&lt;key id&gt;_&lt;256-bit secret&gt;</c>. Only a hash of it is stored.</param>
public sealed record IssuedKey(ApiKey Key, string Text);
