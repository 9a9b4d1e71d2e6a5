using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>
/// What the processor and the operating system offer to emitted code. The runtime checks processor and system together for what it has
/// intrinsics for; the rest is read from <c>cpuid</c>, and needs no more of the system than the wide registers the runtime has found
/// usable.
/// </summary>
internal readonly record struct ProcessorFeatures
{
    /// <summary>256-bit integers, fused multiply-add and F16 conversion: what every kernel needs.</summary>
    public bool Avx2 { get; init; }

    /// <summary>256-bit <c>vpdpbusd</c> in its VEX form.</summary>
    public bool AvxVnni { get; init; }

    /// <summary>512-bit registers with AVX-512F, BW, DQ, CD and VL.</summary>
    public bool Avx512 { get; init; }

    /// <summary>Byte permutations across a 512-bit register.</summary>
    public bool Avx512Vbmi { get; init; }

    /// <summary>512-bit <c>vpdpbusd</c>.</summary>
    public bool Avx512Vnni { get; init; }

    /// <summary>512-bit <c>vdpbf16ps</c>.</summary>
    public bool Avx512BFloat16 { get; init; }

    /// <summary>512-bit arithmetic of F16. No kernel uses it yet.</summary>
    public bool Avx512Float16 { get; init; }

    /// <summary>Tiles of signed and unsigned bytes. No kernel uses them yet.</summary>
    public bool AmxInt8 { get; init; }

    /// <summary>Tiles of BF16. No kernel uses them yet.</summary>
    public bool AmxBFloat16 { get; init; }

    /// <summary>ARM64's <c>sdot</c>: four signed times signed bytes, added to 32 bits.</summary>
    public bool Arm64DotProduct { get; init; }

    /// <summary>What this machine has.</summary>
    public static ProcessorFeatures Detect()
    {
        if (Dp.Arm64.IsSupported)
            return new ProcessorFeatures { Arm64DotProduct = true };
        if (!X86Base.X64.IsSupported || !X86Base.IsSupported)
            return default;
        var (maximum, _, _, _) = X86Base.CpuId(0, 0);
        var (_, _, basic, _) = X86Base.CpuId(1, 0);
        const int F16CBit = 29;
        // Fma and Avx2 are reported only where the system saves the 256-bit registers.
        var avx2 = Avx2IsUsable && IsSet(basic, F16CBit);
        if (!avx2 || maximum < 7)
            return new ProcessorFeatures { Avx2 = avx2 };

        var (subleaves, _, ecx, edx) = X86Base.CpuId(7, 0);
        var (eax1, _, _, _) = subleaves >= 1 ? X86Base.CpuId(7, 1) : default;
        var avx512 = Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported;
        return new ProcessorFeatures
        {
            Avx2 = true,
            AvxVnni = IsSet(eax1, 4),
            Avx512 = avx512,
            Avx512Vbmi = avx512 && IsSet(ecx, 1),
            Avx512Vnni = avx512 && IsSet(ecx, 11),
            Avx512BFloat16 = avx512 && IsSet(eax1, 5),
            Avx512Float16 = avx512 && IsSet(edx, 23),
            AmxInt8 = IsSet(edx, 24) && IsSet(edx, 25),
            AmxBFloat16 = IsSet(edx, 24) && IsSet(edx, 22),
        };
    }

    /// <summary>The features by their usual names.</summary>
    public override string ToString()
    {
        (bool IsThere, string Name)[] features =
        [
            (Avx2, "AVX2"), (AvxVnni, "AVX-VNNI"), (Avx512, "AVX-512"), (Avx512Vbmi, "AVX512-VBMI"), (Avx512Vnni, "AVX512-VNNI"),
            (Avx512BFloat16, "AVX512-BF16"), (Avx512Float16, "AVX512-FP16"), (AmxInt8, "AMX-INT8"), (AmxBFloat16, "AMX-BF16"),
            (Arm64DotProduct, "DotProd"),
        ];
        return string.Join(", ", features.Where(feature => feature.IsThere).Select(feature => feature.Name));
    }

    private static bool Avx2IsUsable => System.Runtime.Intrinsics.X86.Avx2.IsSupported && Fma.IsSupported;

    private static bool IsSet(int register, int bit) => (register >> bit & 1) != 0;
}
