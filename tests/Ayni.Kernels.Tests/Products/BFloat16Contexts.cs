namespace Ayni.Kernels.Tests;

/// <summary>Machines that round to BF16.</summary>
internal static class BFloat16Contexts
{
    // So many multiplications take the emulator a second.
    private const int MostEmulated = 6000;

    /// <summary>One that computes in portable vectors, and those that emit code.</summary>
    /// <param name="work">How much there is to do.</param>
    public static IEnumerable<(string Name, ComputeContext Context)> All(int work) =>
        [("portable", new ComputeContext(KernelTier.Simd, 2)), .. Emitting(work)];

    /// <summary>One that emits code, where the processor has <c>vdpbf16ps</c>, and one that emulates it, where that is not slow.</summary>
    /// <param name="work">How much there is to do.</param>
    public static IEnumerable<(string Name, ComputeContext Context)> Emitting(int work)
    {
        var features = ProcessorFeatures.Detect();
        if (!features.Avx2)
            yield break;
        var all = new ProcessorFeatures { Avx2 = true, AvxVnni = true, Avx512 = true, Avx512Vnni = true, Avx512BFloat16 = true };
        ICodeMapper mapper = OperatingSystem.IsWindows() ? new WindowsCodeMapper() : new UnixCodeMapper();
        if (KernelTarget.Avx512BFloat16.RunsOn(features))
            yield return ("emitted", new ComputeContext(KernelTier.Compiled, 2, features, mapper));
        if (work <= MostEmulated)
            yield return ("emulated", new ComputeContext(KernelTier.Compiled, 1, all, new EmulatingMapper(mapper)));
    }
}
