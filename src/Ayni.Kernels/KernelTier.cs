namespace Ayni.Kernels;

/// <summary>How arithmetic is carried out. Every tier computes the same operations; the scalar one is what the tests trust.</summary>
public enum KernelTier
{
    /// <summary>Plain loops over the file's own blocks: the reference.</summary>
    Scalar,

    /// <summary>Portable vectors over packed panels, with weights decoded exactly.</summary>
    Simd,

    /// <summary>
    /// Kernels emitted for this processor. Quantized weights are multiplied as integers with activations rounded to 8 bits, so products
    /// differ from the other tiers' by about a hundredth.
    /// </summary>
    Compiled,

    /// <summary>Kernels emitted as for a processor that has AVX2 and nothing newer, to compare.</summary>
    CompiledAvx2,
}
