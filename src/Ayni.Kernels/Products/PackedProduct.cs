namespace Ayni.Kernels;

/// <summary>A product of which both sides are packed, to be added to sums.</summary>
/// <param name="Left">The left side.</param>
/// <param name="Right">The right side, of the same depth and precision.</param>
/// <param name="Sums"><c>[rows, columns]</c>; added to.</param>
public readonly record struct PackedProduct(PackedOperand Left, PackedOperand Right, float[] Sums);
