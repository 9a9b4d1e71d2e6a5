namespace Ayni.Ledger;

/// <summary>Whether the ledger asks for a second key.</summary>
public sealed record FourEyesState(bool FourEyes);
