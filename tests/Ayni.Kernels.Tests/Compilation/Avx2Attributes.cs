namespace Ayni.Kernels.Tests;

/// <summary>A test of code for AVX2; reported as skipped where the processor has none.</summary>
internal sealed class Avx2FactAttribute : FactAttribute
{
    public Avx2FactAttribute(bool onLinux = false)
    {
        if (!KernelTarget.Avx2.RunsOn(ProcessorFeatures.Detect()))
            Skip = "The processor has no AVX2";
        else if (onLinux && !OperatingSystem.IsLinux())
            Skip = "This reads what Linux says of a process";
    }
}

/// <summary>A theory of code for AVX2; reported as skipped where the processor has none.</summary>
internal sealed class Avx2TheoryAttribute : TheoryAttribute
{
    public Avx2TheoryAttribute()
    {
        if (!KernelTarget.Avx2.RunsOn(ProcessorFeatures.Detect()))
            Skip = "The processor has no AVX2";
    }
}
