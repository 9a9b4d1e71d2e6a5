namespace Ayni.Kernels;

/// <summary>
/// The part of a product that is computed in registers: some rows times some columns. Operands are packed: a panel holds, for each step of
/// the inner dimension, four bytes of each of its rows (or columns): one float, or two numbers in BF16.
/// </summary>
internal interface IProductTile
{
    /// <summary>Rows of a tile; at most 8.</summary>
    static abstract int Rows { get; }

    /// <summary>Columns of a tile; a multiple of 8.</summary>
    static abstract int Columns { get; }

    /// <summary>Values of the inner dimension in a step.</summary>
    static abstract int StepValues { get; }

    /// <summary>
    /// Packs rows into panels; rows that are missing in the last are zero. To pack columns, hand over the transposed matrix.
    /// </summary>
    /// <param name="source"><c>[rows, depth]</c>.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="depth">Columns.</param>
    /// <param name="width">Rows of a panel: less than 8, or a multiple of 8.</param>
    /// <param name="panels">Receives <c>[rows / width, steps, width]</c> and, behind it, up to <see cref="PanelPacking.Slack"/> floats
    /// without meaning.</param>
    /// <param name="panelSteps">Steps from one panel to the next, where more than these follow in each.</param>
    unsafe void Pack(StridedMatrix source, int rows, int depth, int width, float* panels, int panelSteps);

    /// <summary>
    /// Makes rows the left side of tiles: where they are, if the tile can read them there, and packed or rounded otherwise.
    /// </summary>
    /// <param name="source"><c>[rows, depth]</c>.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="depth">Columns.</param>
    /// <param name="memory">As much as <see cref="Pack"/> needs for panels of the tile's rows.</param>
    unsafe TileRows LayRows(StridedMatrix source, int rows, int depth, float* memory);

    /// <summary>Makes values a panel of the right side: where they are, if the tile can read them there, and rounded otherwise.</summary>
    /// <param name="values"><c>[depth, Columns]</c>.</param>
    /// <param name="depth">The inner dimension.</param>
    /// <param name="memory">As much as <see cref="Pack"/> needs for a panel of the tile's columns.</param>
    unsafe float* LayColumns(float* values, int depth, float* memory);

    /// <summary>Computes some tiles, one below the other. Each sum adds step after step and then the addend, if there is one.</summary>
    /// <param name="left">Rows, those of all tiles.</param>
    /// <param name="tiles">Tiles.</param>
    /// <param name="right">A panel, <c>[steps, Columns]</c>.</param>
    /// <param name="steps">Steps, at least one.</param>
    /// <param name="addend"><c>[tiles · Rows, Columns]</c>, which may be the output; null for none.</param>
    /// <param name="output"><c>[tiles · Rows, Columns]</c>.</param>
    /// <param name="stride">Floats from one row of the output, and of the addend, to the next.</param>
    unsafe void Multiply(TileRows left, int tiles, float* right, int steps, float* addend, float* output, nint stride);
}
