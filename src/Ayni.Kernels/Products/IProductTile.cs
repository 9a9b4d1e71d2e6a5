namespace Ayni.Kernels;

/// <summary>
/// The part of a product that is computed in registers: some rows times some columns. Operands are packed: a panel holds, for each step of
/// the inner dimension, one value of each of its rows (or columns).
/// </summary>
internal interface IProductTile
{
    /// <summary>Rows of a tile; at most 8.</summary>
    static abstract int Rows { get; }

    /// <summary>Columns of a tile; a multiple of 8.</summary>
    static abstract int Columns { get; }

    /// <summary>Computes a tile. Each sum adds step after step, rounded once each.</summary>
    /// <param name="left">A panel, <c>[depth, Rows]</c>.</param>
    /// <param name="right">A panel, <c>[depth, Columns]</c>.</param>
    /// <param name="depth">Steps.</param>
    /// <param name="output"><c>[Rows, Columns]</c>.</param>
    /// <param name="stride">Floats from one row of the output to the next.</param>
    /// <param name="accumulate">True to add to the output, false to overwrite it.</param>
    static abstract unsafe void Multiply(float* left, float* right, int depth, float* output, nint stride, bool accumulate);
}
