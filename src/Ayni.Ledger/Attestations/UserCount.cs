namespace Ayni.Ledger;

/// <summary>A month's count of users as it is kept.</summary>
/// <param name="Period">The month.</param>
/// <param name="Secret">The key of the hashes; null once the month is over, when nobody can find out any more who was counted.</param>
/// <param name="Sketch">The sketch.</param>
public sealed record UserCount(Period Period, byte[]? Secret, UserSketch Sketch);
