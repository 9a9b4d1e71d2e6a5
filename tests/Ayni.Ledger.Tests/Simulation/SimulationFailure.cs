namespace Ayni.Ledger.Tests;

/// <summary>The ledger did not do what it must, which a command shows again.</summary>
internal sealed class SimulationFailure(string command, string problem, Exception? cause = null)
    : Exception($"{command}: {problem}", cause);
