namespace Ayni.Kernels;

/// <summary>What every operator needs to know of the machine: the arithmetic tier and the worker team. Owns the team; used by one thread at a time.</summary>
public sealed class ComputeContext : IDisposable
{
    /// <summary>Starts a worker team for a tier.</summary>
    /// <param name="tier">The arithmetic tier.</param>
    /// <param name="workerCount">Threads that compute, the caller's included; 0 takes one a core.</param>
    public ComputeContext(KernelTier tier, int workerCount = 0)
    {
        Tier = tier;
        Team = new WorkerTeam(workerCount);
    }

    /// <summary>The arithmetic tier.</summary>
    public KernelTier Tier { get; }

    /// <summary>The worker team.</summary>
    public WorkerTeam Team { get; }

    /// <inheritdoc/>
    public void Dispose() => Team.Dispose();
}
