namespace Ayni.Ledger;

/// <summary>Something an operator changed. Actions are only ever appended.</summary>
/// <param name="Number">Its place in the log: 1, 2, 3, …</param>
/// <param name="At">When it was recorded, UTC.</param>
/// <param name="Actor">The key that did it, or <c>console</c> for a command on the ledger's machine, or <c>host</c> for a host's
/// start.</param>
/// <param name="Action">What was done, such as <c>revoke_key</c>.</param>
/// <param name="Subject">The id of what it was done to.</param>
/// <param name="Before">The SHA-256 of the JSON view of what was there before; null if nothing was.</param>
/// <param name="After">The SHA-256 of the JSON view of what is there now; null if nothing is.</param>
public sealed record OperatorAction(
    long Number, DateTimeOffset At, string Actor, string Action, string Subject, Digest? Before, Digest? After);

/// <summary>Some actions, newest last.</summary>
/// <param name="Actions">In the log's order.</param>
/// <param name="Next">Where the next page begins; null at the end.</param>
public sealed record ActionPage(IReadOnlyList<OperatorAction> Actions, long? Next);
