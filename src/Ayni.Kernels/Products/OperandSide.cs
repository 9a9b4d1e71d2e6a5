namespace Ayni.Kernels;

/// <summary>Which side of a product something is on.</summary>
public enum OperandSide
{
    /// <summary>Its rows are multiplied.</summary>
    Left,

    /// <summary>Its columns are multiplied.</summary>
    Right,
}
