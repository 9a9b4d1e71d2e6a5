namespace Ayni.Kernels;

/// <summary>How arithmetic is carried out. Every tier computes the same operations; the scalar one is what the tests trust.</summary>
public enum KernelTier
{
    /// <summary>Plain loops over the file's own blocks: the reference.</summary>
    Scalar,

    /// <summary>Portable vectors over packed panels.</summary>
    Simd,
}
