namespace Ayni.Kernels;

/// <summary>
/// What every operator needs to know of the machine: the arithmetic tier and the worker team. Owns the team; used by one thread at a
/// time.
/// </summary>
public sealed unsafe class ComputeContext : IDisposable
{
    private readonly bool _sharesKernels;
    private NativeBuffer? _scratch;

    /// <summary>Starts a worker team for a tier.</summary>
    /// <param name="tier">The arithmetic tier. Where <see cref="KernelTier.Compiled"/> is impossible, <see cref="KernelTier.Simd"/> is
    /// taken.</param>
    /// <param name="workerCount">Threads that compute, the caller's included; 0 takes one a core.</param>
    public ComputeContext(KernelTier tier, int workerCount = 0)
        : this(
            tier == KernelTier.CompiledAvx2 ? KernelTier.Compiled : tier,
            workerCount,
            tier == KernelTier.CompiledAvx2 ? new ProcessorFeatures { Avx2 = ProcessorFeatures.Detect().Avx2 } : ProcessorFeatures.Detect(),
            OperatingSystem.IsWindows() ? new WindowsCodeMapper() : new UnixCodeMapper())
    {
    }

    internal ComputeContext(KernelTier tier, int workerCount, ProcessorFeatures features, ICodeMapper mapper)
    {
        Tier = tier;
        Team = new WorkerTeam(workerCount);
        if (tier != KernelTier.Compiled)
            return;
        Kernels = KernelLibrary.TryCreate(features, mapper, out var refusal);
        if (Kernels is not null)
            return;
        Tier = KernelTier.Simd;
        TierRefusal = $"Kernels can't be compiled here, so slower portable ones compute: {refusal}.";
    }

    private ComputeContext(ComputeContext whole)
    {
        Tier = whole.Tier;
        Team = new WorkerTeam(1);
        Kernels = whole.Kernels;
        _sharesKernels = true;
    }

    /// <summary>
    /// The tier to take on this machine unless another is asked for: compiled kernels where its processor has what they need.
    /// </summary>
    public static KernelTier BestTier => KernelTarget.Best(ProcessorFeatures.Detect()) is null ? KernelTier.Simd : KernelTier.Compiled;

    /// <summary>The arithmetic tier in use.</summary>
    public KernelTier Tier { get; }

    /// <summary>
    /// The layout that weights are packed in here, such as <c>avx512-vnni</c>: what was packed for another is of no use. Null where they
    /// are read from the file.
    /// </summary>
    public string? PackedLayout => Tier == KernelTier.Scalar ? null : Kernels?.Target.Name ?? "simd";

    /// <summary>Why the tier asked for could not be had, in a sentence; null where it was.</summary>
    public string? TierRefusal { get; }

    /// <summary>The worker team.</summary>
    public WorkerTeam Team { get; }

    /// <summary>The emitted kernels; null in the other tiers.</summary>
    internal KernelLibrary? Kernels { get; }

    /// <summary>Where packed weights lie.</summary>
    internal PanelArena Panels { get; } = new();

    /// <summary>
    /// A context whose operators are computed by their caller alone, for one of this team's workers, which has a piece of several operators
    /// to do. Not to be used after this one is disposed.
    /// </summary>
    public ComputeContext ForOneWorker() => new(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        Team.Dispose();
        Panels.Dispose();
        if (!_sharesKernels)
            Kernels?.Dispose();
        _scratch?.Dispose();
    }

    /// <summary>Memory for one operator, valid until the next call, its contents undefined.</summary>
    internal byte* RentScratch(long bytes)
    {
        if (_scratch is null || _scratch.Bytes < bytes)
        {
            _scratch?.Dispose();
            _scratch = new NativeBuffer(bytes);
        }
        return _scratch.Pointer;
    }

    /// <summary>Memory for one operator as a span, valid until the next call, its contents undefined.</summary>
    internal Span<T> RentScratch<T>(int count) where T : unmanaged => new(RentScratch((long)count * sizeof(T)), count);
}
