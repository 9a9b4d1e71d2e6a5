namespace Ayni.Ledger.Tests;

/// <summary>The ledger did not do what it must, under a seed that shows it again.</summary>
internal sealed class SimulationFailure(int seed, string problem, Exception? cause = null)
    : Exception($"Seed {seed} (bench/run simulate --seed {seed} --operations 1): {problem}", cause);
