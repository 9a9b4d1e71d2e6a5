namespace Ayni.Ledger;

/// <summary>
/// What a job that reserves or posts will read. A transaction of a server reads it for all its jobs at once, since each query alone costs a
/// round trip.
/// </summary>
internal sealed record Foreseen(Admission Admission, string RequestId, string? MeterId);
