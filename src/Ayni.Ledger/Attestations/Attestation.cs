namespace Ayni.Ledger;

/// <summary>What an operator states about itself. Statements are only ever appended; the last one about a subject holds.</summary>
/// <param name="Number">Its place: 1, 2, 3, …</param>
/// <param name="At">When it was made, UTC.</param>
/// <param name="Actor">The key that made it, or <c>console</c>.</param>
/// <param name="Subject">What it is about, such as <c>monthly_users:llama3.1</c>.</param>
/// <param name="IsAffirmed">Whether it affirms or denies it.</param>
/// <param name="Statement">Who states it and on what grounds, in words.</param>
public sealed record Attestation(long Number, DateTimeOffset At, string Actor, string Subject, bool IsAffirmed, string Statement)
{
    /// <summary>
    /// The subject of a statement that there were at most so many users as a licence allows, before its models were released.
    /// </summary>
    public static string MonthlyUsers(string licenceId) => $"monthly_users:{licenceId}";
}
