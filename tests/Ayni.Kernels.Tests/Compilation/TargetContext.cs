namespace Ayni.Kernels.Tests;

/// <summary>
/// Contexts whose kernels are emitted for a target by its name. Machine code is emulated where this processor does not run it; what becomes
/// methods runs everywhere.
/// </summary>
internal static class TargetContext
{
    public static ComputeContext Create(string target, int threads) => Create(target, threads, IsEmulated(target));

    public static ComputeContext Create(string target, int threads, bool isEmulated)
    {
        ICodeMapper mapper = OperatingSystem.IsWindows() ? new WindowsCodeMapper() : new UnixCodeMapper();
        return new ComputeContext(
            KernelTier.Compiled, threads, FeaturesOf(target), isEmulated ? new EmulatingMapper(mapper) : mapper);
    }

    /// <summary>
    /// Numbers of tokens with every remainder of the kernels of few tokens, and of those of many, which are taken from 33 on at the latest.
    /// </summary>
    public static IEnumerable<int> TokenCounts(bool isEmulated) =>
        Enumerable.Range(1, 13).Concat(isEmulated ? [33, 38] : Enumerable.Range(33, 12));

    public static bool IsEmulated(string target) => !Find(target).IsArm64 && !Find(target).RunsOn(ProcessorFeatures.Detect());

    private static KernelTarget Find(string target) => KernelTarget.Best(FeaturesOf(target))!;

    private static ProcessorFeatures FeaturesOf(string target)
    {
        var avx2 = new ProcessorFeatures { Avx2 = true };
        var vnni = avx2 with { AvxVnni = true };
        var wide = vnni with { Avx512 = true, Avx512Vnni = true };
        return target switch
        {
            "avx2" => avx2,
            "avx-vnni" => vnni,
            "avx512-vnni" => wide,
            "arm64-dotprod" => new ProcessorFeatures { Arm64DotProduct = true },
            "avx512-bf16" => wide with { Avx512BFloat16 = true },
            _ => throw new ArgumentOutOfRangeException(nameof(target), target, "There is no such target."),
        };
    }
}
