namespace Ayni.Ledger;

/// <summary>What an adapter costs beside the model.</summary>
/// <param name="Name">The adapter's name.</param>
/// <param name="PerMillion">For a million tokens of any kind.</param>
/// <param name="PerRequest">For a request.</param>
public sealed record AdapterPrice(string Name, Amount PerMillion, Amount PerRequest);
