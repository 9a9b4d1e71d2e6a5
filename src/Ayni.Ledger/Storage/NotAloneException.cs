namespace Ayni.Ledger;

/// <summary>
/// Somebody else has written where a transaction was begun on the guess that nobody had (<see cref="Session.TryBeginAlone"/>).
/// </summary>
internal sealed class NotAloneException() : Exception("Somebody else has written to the database.");
