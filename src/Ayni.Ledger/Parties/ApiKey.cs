namespace Ayni.Ledger;

/// <summary>A key without its secret.</summary>
/// <param name="Id"><c>key_…</c>; part of the key's text, not secret.</param>
/// <param name="CustomerId">Who pays for its requests.</param>
/// <param name="AppId">The app its requests come from, if any.</param>
/// <param name="Label">What its owner calls it.</param>
/// <param name="Created">When it was issued.</param>
/// <param name="Revoked">Since when it opens nothing.</param>
public sealed record ApiKey(string Id, string CustomerId, string? AppId, string Label, DateTimeOffset Created, DateTimeOffset? Revoked);

/// <summary>A key just issued, with the only showing of its text.</summary>
/// <param name="Key">The key as it is kept.</param>
/// <param name="Text">What clients present: <c>ayni_&lt;key id&gt;_&lt;256-bit secret&gt;</c>. Only a hash of it is stored.</param>
public sealed record IssuedKey(ApiKey Key, string Text);
