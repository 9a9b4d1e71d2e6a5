namespace Ayni.Kernels;

/// <summary>What products of BF16 numbers are made of, and what computes their operands.</summary>
/// <param name="Tile"><see cref="BFloat16TileKernel"/>.</param>
/// <param name="RoundRows"><see cref="RowRoundingKernel"/>.</param>
/// <param name="PackRows"><see cref="RowPairsKernel"/> for panels as wide as a tile has rows.</param>
/// <param name="PackColumns">The same for panels as wide as it has columns.</param>
/// <param name="Normalize"><see cref="RmsNormKernel"/>.</param>
/// <param name="CombineGates"><see cref="SwiGluKernel"/>.</param>
/// <param name="TurnGates"><see cref="SwiGluGradientKernel"/>.</param>
internal sealed record BFloat16Kernels(
    Kernel Tile, Kernel RoundRows, Kernel PackRows, Kernel PackColumns, Kernel Normalize, Kernel CombineGates, Kernel TurnGates);
