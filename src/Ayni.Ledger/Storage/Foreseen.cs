namespace Ayni.Ledger;

/// <summary>
/// What a job that reserves or posts will read. A transaction of a server reads it for all its jobs at once, since each query alone costs a
/// round trip.
/// </summary>
/// <param name="Admission">How the request was let in.</param>
/// <param name="RequestId">The request.</param>
/// <param name="Posts">Whether it posts a receipt, or only reserves.</param>
/// <param name="MeterId">The meter elsewhere that reports it.</param>
internal sealed record Foreseen(Admission Admission, string RequestId, bool Posts, string? MeterId = null);
