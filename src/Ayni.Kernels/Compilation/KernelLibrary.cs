using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Ayni.Kernels;

/// <summary>The kernels of one target, emitted when first asked for and kept. Safe for many threads.</summary>
internal sealed class KernelLibrary : IDisposable
{
    private readonly ICodeMapper _mapper;
    private readonly ConcurrentDictionary<object, Lazy<Kernel>> _kernels = new();
    private BFloat16Kernels? _bFloat16;

    private KernelLibrary(KernelTarget target, ICodeMapper mapper)
    {
        Target = target;
        _mapper = mapper;
    }

    /// <summary>What kernels are emitted for.</summary>
    public KernelTarget Target { get; }

    // What was fastest from memory: tokens have registers only where there are 32. Of ARM64's nothing is known yet.
    private int FewTokensLimit => Target.IsArm64 ? 1 : Target.VectorCount > 16 ? 32 : 6;

    /// <summary>A library for this machine, or null and the reason why there is none.</summary>
    public static KernelLibrary? TryCreate(ProcessorFeatures features, ICodeMapper mapper, out string refusal)
    {
        if (KernelTarget.Best(features) is not { } target)
        {
            refusal = "they need AVX2, FMA and F16C, or DotProd on ARM64, which this processor has not";
            return null;
        }
        // The least kernel tells whether the system lets code be made at all.
        using var probe = TryEmit(target, mapper, _ => { }, out refusal);
        return probe is null ? null : new KernelLibrary(target, mapper);
    }

    /// <summary>Products as fast as the processor can (<see cref="LimitKernels"/>).</summary>
    public Kernel FindProducts(LimitOperation operation) => Get(operation, code => LimitKernels.EmitProducts(operation, code));

    /// <summary>Reads as fast as memory can; null where a compiler would notice that nobody needs what is read.</summary>
    public Kernel? Reads => Target.IsArm64 ? null : Get(nameof(Reads), LimitKernels.EmitReads);

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
        return layout is FloatLayout floats
            ? new PanelKernels(
                layout,
                null,
                Get(layout, code => FloatProductKernel.Emit(floats, code)),
                ForTokens(layout, FloatFewTokensKernel.TokensAtATime(Target), (tokens, code) => FloatFewTokensKernel.Emit(floats, tokens, code)),
                FewTokensLimit,
                FloatProductKernel.PanelsAtATime(Target))
            : new PanelKernels(
                layout,
                Get(type, code => UnpackKernel.Emit(layout, PanelKernels.StripColumns / layout.BlockColumns, code)),
                Get(layout.Shape, code => IntegerProductKernel.Emit(layout.Shape, code)),
                ForTokens(layout, FewTokensKernel.TokensAtATime(layout, Target), (tokens, code) => FewTokensKernel.Emit(layout, tokens, code)),
                FewTokensLimit,
                IntegerProductKernel.PanelsAtATime(Target),
                layout.Shape.UnpackedStripBytes(Target),
                layout.Shape.StartShift(Target),
                HasPairs: !Target.HasDotProduct,
                FewTokensStreams: FewTokensKernel.StreamsAtATime(Target));
    }

    /// <summary>Products of BF16 numbers, or null where the processor has nothing for them.</summary>
    public BFloat16Kernels? FindBFloat16() => !Target.HasBFloat16 ? null : _bFloat16 ??= new(
        Get(nameof(BFloat16TileKernel), BFloat16TileKernel.Emit),
        Get(nameof(RowRoundingKernel), RowRoundingKernel.Emit),
        Get((nameof(RowPairsKernel), true), code => RowPairsKernel.Emit(isNarrow: true, code)),
        Get((nameof(RowPairsKernel), false), code => RowPairsKernel.Emit(isNarrow: false, code)),
        Get(nameof(RmsNormKernel), RmsNormKernel.Emit),
        Get(nameof(SwiGluKernel), SwiGluKernel.Emit),
        Get(nameof(SwiGluGradientKernel), SwiGluGradientKernel.Emit));

    /// <summary>The gradient of a norm that goes with them.</summary>
    /// <param name="dim">Values of a row.</param>
    /// <param name="givesGradients">Whether the input's gradient is wanted rounded.</param>
    public Kernel FindNormGradient(int dim, bool givesGradients) => Get(
        (nameof(RmsNormGradientKernel), dim, givesGradients), code => RmsNormGradientKernel.Emit(dim, givesGradients, code));

    /// <summary>What becomes of the scores of these tiles in attention; only where there are such.</summary>
    /// <param name="headDim">Values in a head.</param>
    public PairScores FindPairScores(int headDim) => new(
        Get((nameof(ScoreKernel), headDim, false), code => ScoreKernel.Emit(headDim, isBackward: false, code)),
        Get((nameof(ScoreKernel), headDim, true), code => ScoreKernel.Emit(headDim, isBackward: true, code)),
        Get((nameof(HeadPackKernel), headDim), code => HeadPackKernel.Emit(headDim, code)),
        Get((nameof(HeadTurnKernel), headDim), code => HeadTurnKernel.Emit(headDim, code)),
        Get((nameof(ScoreProductKernel), true), code => ScoreProductKernel.Emit(rowsAreKeys: true, code)),
        Get((nameof(ScoreProductKernel), false), code => ScoreProductKernel.Emit(rowsAreKeys: false, code)));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var kernel in _kernels.Values)
        {
            if (kernel.IsValueCreated)
                kernel.Value.Dispose();
        }
    }

    private static Kernel? TryEmit(KernelTarget target, ICodeMapper mapper, Action<KernelAssembler> emit, out string refusal)
    {
        if (!target.IsArm64)
        {
            var machineCode = new MachineAssembler(target, OperatingSystem.IsWindows());
            emit(machineCode);
            return ExecutableCode.TryCreate(mapper, machineCode.Finish(), out refusal) is { } code ? new Kernel(code) : null;
        }
        if (!RuntimeFeature.IsDynamicCodeCompiled)
        {
            refusal = "this program was built to compile no methods while it runs";
            return null;
        }
        refusal = "";
        var method = new MethodAssembler(target);
        emit(method);
        return new Kernel(method.Finish());
    }

    private Lazy<Kernel>[] ForTokens(PanelLayout layout, int most, Action<int, KernelAssembler> emit) =>
        [.. Enumerable.Range(1, most).Select(tokens => Find((layout, tokens), code => emit(tokens, code)))];

    private Kernel Get(object key, Action<KernelAssembler> emit) => Find(key, emit).Value;

    private Lazy<Kernel> Find(object key, Action<KernelAssembler> emit) => _kernels.GetOrAdd(key, _ => new Lazy<Kernel>(() =>
        TryEmit(Target, _mapper, emit, out var refusal)
        ?? throw new InvalidOperationException($"The system no longer gives executable memory: {refusal}")));
}
