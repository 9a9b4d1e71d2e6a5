namespace Ayni.Kernels;

/// <summary>The registers and instructions that kernels are emitted for.</summary>
/// <param name="Name">For messages and tests.</param>
/// <param name="VectorBytes">Bytes of a vector register: 32 or 64.</param>
/// <param name="VectorCount">Vector registers: 16, or 32 with AVX-512's encoding.</param>
/// <param name="HasDotProduct">Whether <c>vpdpbusd</c> is there: four unsigned times signed bytes, added to 32 bits.</param>
internal sealed record KernelTarget(string Name, int VectorBytes, int VectorCount, bool HasDotProduct)
{
    /// <summary>256-bit integers without dot products.</summary>
    public static KernelTarget Avx2 { get; } = new("avx2", 32, 16, HasDotProduct: false);

    /// <summary>The same with <c>vpdpbusd</c>.</summary>
    public static KernelTarget AvxVnni { get; } = new("avx-vnni", 32, 16, HasDotProduct: true);

    /// <summary>512-bit registers with <c>vpdpbusd</c>.</summary>
    public static KernelTarget Avx512Vnni { get; } = new("avx512-vnni", 64, 32, HasDotProduct: true);

    /// <summary>Every target, least first.</summary>
    public static IReadOnlyList<KernelTarget> All { get; } = [Avx2, AvxVnni, Avx512Vnni];

    /// <summary>Vectors that hold the 16 rows of a panel, one 32-bit lane a row.</summary>
    public int VectorsPerPanel => Lanes.Count * sizeof(int) / VectorBytes;

    /// <summary>32-bit lanes of a vector.</summary>
    public int LaneCount => VectorBytes / sizeof(int);

    /// <summary>The best target of a processor, or null where it has none.</summary>
    public static KernelTarget? Best(ProcessorFeatures features) => features switch
    {
        { Avx512Vnni: true } => Avx512Vnni,
        { AvxVnni: true } => AvxVnni,
        { Avx2: true } => Avx2,
        _ => null,
    };

    /// <summary>Whether a processor runs what is emitted for this target.</summary>
    public bool RunsOn(ProcessorFeatures features) =>
        this == Avx512Vnni ? features.Avx512Vnni : this == AvxVnni ? features.AvxVnni : features.Avx2;
}
