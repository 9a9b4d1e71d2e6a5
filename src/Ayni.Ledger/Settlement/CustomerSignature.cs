namespace Ayni.Ledger;

/// <summary>A customer's signature under a deduction: what it was given back, by its own word.</summary>
/// <param name="CustomerId">Who.</param>
/// <param name="Key">The customer's verifier key that signed it.</param>
/// <param name="Signature">Its signature over the deduction (<see cref="Books.DeductionToSign"/>), in base64.</param>
public sealed record CustomerSignature(string CustomerId, string Key, string Signature);
