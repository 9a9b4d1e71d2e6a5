namespace Ayni.Kernels;

/// <summary>What products of BF16 numbers are made of.</summary>
/// <param name="Tile"><see cref="BFloat16TileKernel"/>.</param>
/// <param name="RoundRows"><see cref="RowRoundingKernel"/>.</param>
/// <param name="PackRows"><see cref="RowPairsKernel"/> for panels as wide as a tile has rows.</param>
/// <param name="PackColumns">The same for panels as wide as it has columns.</param>
internal sealed record BFloat16Kernels(Kernel Tile, Kernel RoundRows, Kernel PackRows, Kernel PackColumns);
