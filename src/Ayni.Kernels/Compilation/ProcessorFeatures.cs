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

    /// <summary>What this machine has.</summary>
    public static ProcessorFeatures Detect()
    {
        if (!X86Base.X64.IsSupported || !X86Base.IsSupported)
            return default;
        var (maximum, _, _, _) = X86Base.CpuId(0, 0);
        var (_, _, basic, _) = X86Base.CpuId(1, 0);
        const int F16CBit = 29;
        // Fma and Avx2 are reported only where the system saves the 256-bit registers.
        var avx2 = Avx2IsUsable && IsSet(basic, F16CBit);
        if (!avx2 || maximum < 7)
            return new ProcessorFeatures { Avx2 = avx2 };

        var (subleaves, _, ecx, _) = X86Base.CpuId(7, 0);
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
        };
    }

    private static bool Avx2IsUsable => System.Runtime.Intrinsics.X86.Avx2.IsSupported && Fma.IsSupported;

    private static bool IsSet(int register, int bit) => (register >> bit & 1) != 0;
}
