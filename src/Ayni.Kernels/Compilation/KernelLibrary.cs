using System.Collections.Concurrent;

namespace Ayni.Kernels;

/// <summary>The kernels of one target, emitted when first asked for and kept. Safe for many threads.</summary>
internal sealed class KernelLibrary : IDisposable
{
    private readonly ICodeMapper _mapper;
    private readonly ConcurrentDictionary<object, Lazy<ExecutableCode>> _kernels = new();

    public KernelLibrary(KernelTarget target, ICodeMapper mapper)
    {
        Target = target;
        _mapper = mapper;
    }

    /// <summary>What kernels are emitted for.</summary>
    public KernelTarget Target { get; }

    // What was fastest from memory: so many tokens at a time have registers only where there are 32.
    private int FewTokensLimit => Target.VectorCount > 16 ? 32 : 6;

    /// <summary>A library for this machine, or null and the reason why there is none.</summary>
    public static KernelLibrary? TryCreate(ProcessorFeatures features, ICodeMapper mapper, out string refusal)
    {
        if (KernelTarget.Best(features) is not { } target)
        {
            refusal = "this processor has no AVX2, FMA and F16C";
            return null;
        }
        // The least kernel tells whether the system lets code be made at all.
        using var probe = ExecutableCode.TryCreate(mapper, new KernelAssembler(target, OperatingSystem.IsWindows()).Finish(), out refusal);
        return probe is null ? null : new KernelLibrary(target, mapper);
    }

    /// <summary>Products as fast as the processor can (<see cref="LimitKernels"/>).</summary>
    public ExecutableCode FindProducts(LimitOperation operation) =>
        Get(operation, () => LimitKernels.EmitProducts(operation, Target, OperatingSystem.IsWindows()));

    /// <summary>Reads as fast as memory can.</summary>
    public ExecutableCode Reads => Get(nameof(Reads), () => LimitKernels.EmitReads(Target, OperatingSystem.IsWindows()));

    /// <summary>What multiplies weights, or null where nothing is emitted for them.</summary>
    /// <param name="type">Their format.</param>
    /// <param name="columns">How many a row has.</param>
    /// <param name="isExact">Whether activations may not be rounded.</param>
    public PanelKernels? Find(TensorType type, int columns, bool isExact = false)
    {
        var hasPairs = Target.HasBFloat16 && columns % FloatLayout.BFloat16Pairs.BlockColumns == 0;
        var isPaired = type == TensorType.BF16 && hasPairs && !isExact;
        if ((isPaired ? FloatLayout.BFloat16Pairs : PanelLayouts.Find(type)) is not { } layout || (isExact && layout is not FloatLayout))
            return null;
        var forWindows = OperatingSystem.IsWindows();
        return layout is FloatLayout floats
            ? new PanelKernels(
                layout,
                null,
                Get(layout, () => FloatProductKernel.Emit(floats, Target, forWindows)),
                ForTokens(
                    layout, FloatFewTokensKernel.TokensAtATime(Target), tokens => FloatFewTokensKernel.Emit(floats, tokens, Target, forWindows)),
                FewTokensLimit,
                FloatProductKernel.PanelsAtATime(Target))
            : new PanelKernels(
                layout,
                Get(type, () => UnpackKernel.Emit(layout, PanelKernels.StripColumns / layout.BlockColumns, Target, forWindows)),
                Get(layout.Shape, () => IntegerProductKernel.Emit(layout.Shape, Target, forWindows)),
                ForTokens(
                    layout, FewTokensKernel.TokensAtATime(layout, Target), tokens => FewTokensKernel.Emit(layout, tokens, Target, forWindows)),
                FewTokensLimit,
                IntegerProductKernel.PanelsAtATime(Target),
                layout.Shape.UnpackedStripBytes(Target),
                layout.Shape.StartShift(Target),
                HasPairs: !Target.HasDotProduct,
                FewTokensStreams: FewTokensKernel.StreamsAtATime(Target));
    }

    /// <summary>Tiles of a product of BF16 numbers (<see cref="BFloat16TileKernel"/>), or null where the processor has nothing for it.</summary>
    public ExecutableCode? FindBFloat16Tile() => Target.HasBFloat16
        ? Get(nameof(BFloat16TileKernel), () => BFloat16TileKernel.Emit(Target, OperatingSystem.IsWindows())) : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var kernel in _kernels.Values)
        {
            if (kernel.IsValueCreated)
                kernel.Value.Dispose();
        }
    }

    private Lazy<ExecutableCode>[] ForTokens(PanelLayout layout, int most, Func<int, byte[]> emit) =>
        [.. Enumerable.Range(1, most).Select(tokens => Find((layout, tokens), () => emit(tokens)))];

    private ExecutableCode Get(object key, Func<byte[]> emit) => Find(key, emit).Value;

    private Lazy<ExecutableCode> Find(object key, Func<byte[]> emit) => _kernels.GetOrAdd(key, _ => new Lazy<ExecutableCode>(() =>
        ExecutableCode.TryCreate(_mapper, emit(), out var refusal)
        ?? throw new InvalidOperationException($"The system no longer gives executable memory: {refusal}")));
}
