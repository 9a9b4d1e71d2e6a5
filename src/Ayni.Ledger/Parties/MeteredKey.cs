namespace Ayni.Ledger;

/// <summary>A customer's key that a meter may report for.</summary>
/// <param name="MeterId">The meter's key.</param>
/// <param name="KeyId">The customer's key.</param>
public sealed record MeteredKey(string MeterId, string KeyId);
