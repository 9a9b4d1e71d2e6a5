namespace Ayni.Kernels;

/// <summary>The registers and instructions that kernels are emitted for.</summary>
/// <param name="Name">For messages and tests.</param>
/// <param name="VectorBytes">Bytes of a vector register: 16, 32 or 64.</param>
/// <param name="VectorCount">Vector registers: 16, or 32 with AVX-512's encoding and on ARM64.</param>
/// <param name="HasDotProduct">Whether <c>vpdpbusd</c> is there: four unsigned times signed bytes, added to 32 bits; or
/// <c>sdot</c>.</param>
/// <param name="HasBFloat16">Whether <c>vdpbf16ps</c> is there: two products of BF16 numbers, added to a float.</param>
/// <param name="IsArm64">Whether it is ARM64's, where kernels become methods of the runtime's intrinsics and dot products take signed bytes
/// alone.</param>
internal sealed record KernelTarget(
    string Name, int VectorBytes, int VectorCount, bool HasDotProduct, bool HasBFloat16 = false, bool IsArm64 = false)
{
    /// <summary>256-bit integers without dot products.</summary>
    public static KernelTarget Avx2 { get; } = new("avx2", 32, 16, HasDotProduct: false);

    /// <summary>The same with <c>vpdpbusd</c>.</summary>
    public static KernelTarget AvxVnni { get; } = new("avx-vnni", 32, 16, HasDotProduct: true);

    /// <summary>512-bit registers with <c>vpdpbusd</c>.</summary>
    public static KernelTarget Avx512Vnni { get; } = new("avx512-vnni", 64, 32, HasDotProduct: true);

    /// <summary>The same with <c>vdpbf16ps</c>.</summary>
    public static KernelTarget Avx512BFloat16 { get; } = new("avx512-bf16", 64, 32, HasDotProduct: true, HasBFloat16: true);

    /// <summary>128-bit registers of ARM64 with <c>sdot</c>.</summary>
    public static KernelTarget Arm64DotProduct { get; } = new("arm64-dotprod", 16, 32, HasDotProduct: true, IsArm64: true);

    /// <summary>Every target, x86-64's least first.</summary>
    public static IReadOnlyList<KernelTarget> All { get; } = [Avx2, AvxVnni, Avx512Vnni, Avx512BFloat16, Arm64DotProduct];

    /// <summary>Vectors that hold the 16 rows of a panel, one 32-bit lane a row.</summary>
    public int VectorsPerPanel => Lanes.Count * sizeof(int) / VectorBytes;

    /// <summary>32-bit lanes of a vector.</summary>
    public int LaneCount => VectorBytes / sizeof(int);

    /// <summary>The best target of a processor, or null where it has none.</summary>
    public static KernelTarget? Best(ProcessorFeatures features) => features switch
    {
        { Avx512Vnni: true, Avx512BFloat16: true } => Avx512BFloat16,
        { Avx512Vnni: true } => Avx512Vnni,
        { AvxVnni: true } => AvxVnni,
        { Avx2: true } => Avx2,
        { Arm64DotProduct: true } => Arm64DotProduct,
        _ => null,
    };

    /// <summary>Whether a processor runs what is emitted for this target.</summary>
    public bool RunsOn(ProcessorFeatures features) => IsArm64
        ? features.Arm64DotProduct
        : (!HasBFloat16 || features.Avx512BFloat16)
        && (VectorBytes == Avx512Vnni.VectorBytes ? features.Avx512Vnni : HasDotProduct ? features.AvxVnni : features.Avx2);
}
