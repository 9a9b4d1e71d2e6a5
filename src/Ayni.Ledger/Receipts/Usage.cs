namespace Ayni.Ledger;

/// <summary>What a request used, to be posted once.</summary>
/// <param name="Admission">How it was let in.</param>
/// <param name="RequestId">The request's own id; posting it twice gives the first receipt.</param>
/// <param name="ModelDigest">The SHA-256 of the model's file.</param>
/// <param name="Counts">Tokens.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Adapter">The adapter used, if any.</param>
/// <param name="MeterId">The key of the meter that counted elsewhere; null for this host's engine.</param>
/// <param name="Kept">The answer to keep with the receipt, where its client asked for it.</param>
public sealed record Usage(
    Admission Admission, string RequestId, Digest ModelDigest, TokenCounts Counts, Outcome Outcome,
    AdapterReference? Adapter = null, string? MeterId = null, KeptAnswer? Kept = null);
