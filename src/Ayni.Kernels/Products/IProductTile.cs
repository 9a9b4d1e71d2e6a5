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

    /// <summary>Packs rows into panels; rows that are missing in the last are zero. To pack columns, hand over the transposed matrix.</summary>
    /// <param name="source"><c>[rows, depth]</c>.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="depth">Columns.</param>
    /// <param name="width">Rows of a panel: less than 8, or a multiple of 8.</param>
    /// <param name="panels">Receives <c>[rows / width, steps, width]</c> and, behind it, up to <see cref="PanelPacking.Slack"/> floats
    /// without meaning.</param>
    static abstract unsafe void Pack(StridedMatrix source, int rows, int depth, int width, float* panels);

    /// <summary>Computes some tiles, one below the other. Each sum adds step after step and then the addend, if there is one.</summary>
    /// <param name="left">Panels, <c>[panels, steps, Rows]</c>.</param>
    /// <param name="panels">Tiles.</param>
    /// <param name="right">A panel, <c>[steps, Columns]</c>.</param>
    /// <param name="steps">Steps, at least one.</param>
    /// <param name="addend"><c>[panels · Rows, Columns]</c>, which may be the output; null for none.</param>
    /// <param name="output"><c>[panels · Rows, Columns]</c>.</param>
    /// <param name="stride">Floats from one row of the output, and of the addend, to the next.</param>
    unsafe void Multiply(float* left, int panels, float* right, int steps, float* addend, float* output, nint stride);
}
