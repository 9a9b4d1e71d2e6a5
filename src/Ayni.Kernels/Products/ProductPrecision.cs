namespace Ayni.Kernels;

/// <summary>To what the operands of a product are rounded. Products are summed in float32 in any case.</summary>
public enum ProductPrecision
{
    /// <summary>Not at all.</summary>
    F32,

    /// <summary>To the nearest number of eight significant bits, ties to even. Numbers below the least normal one count as zeros.</summary>
    BF16,
}
