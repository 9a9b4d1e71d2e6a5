namespace Ayni.Ledger;

/// <summary>Someone who shares in what the service earns.</summary>
/// <param name="Id"><c>pty_…</c></param>
/// <param name="Name">What people call it.</param>
/// <param name="Role">What it does.</param>
/// <param name="Created">When it was entered.</param>
/// <param name="Revoked">Since when no new agreement may name it; what it earned stays its own.</param>
public sealed record Party(string Id, string Name, Role Role, DateTimeOffset Created, DateTimeOffset? Revoked);
