namespace Ayni.Ledger;

/// <summary>
/// A program whose requests earn its developer a share. A request belongs to an app by the key it presents, never by its own word.
/// </summary>
/// <param name="Id"><c>app_…</c></param>
/// <param name="Name">What people call it.</param>
/// <param name="DeveloperId">The party that earns.</param>
/// <param name="Created">When it was entered.</param>
/// <param name="Revoked">Since when its keys open nothing; what its requests earned before stays earned.</param>
public sealed record App(string Id, string Name, string DeveloperId, DateTimeOffset Created, DateTimeOffset? Revoked);
