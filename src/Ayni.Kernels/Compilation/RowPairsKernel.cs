using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What the kernel that packs pairs of rows is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RowPairsArguments
{
    /// <summary>32 values of the first row.</summary>
    public float* Source;

    /// <summary>Bytes from one row to the next.</summary>
    public long Stride;

    /// <summary>Receives the pairs, panels of <c>[rows / 2, width]</c>.</summary>
    public float* Panels;

    /// <summary>Bytes from one panel to the next, where there are several for 32 values.</summary>
    public long PanelStride;

    /// <summary>Pairs of rows, at least one.</summary>
    public long Count;
}

/// <summary>
/// Rounds 32 values of rows to BF16 and packs pairs of rows: a side of tiles (<see cref="BFloat16TileKernel"/>) whose inner dimension the
/// rows are.
/// </summary>
internal static class RowPairsKernel
{
    /// <summary>Values at a time.</summary>
    public const int Values = 32;

    private static readonly Register Source = Register.RSI;
    private static readonly Register Stride = Register.R8;
    private static readonly Register Panels = Register.RDI;
    private static readonly Register PanelStride = Register.R9;
    private static readonly Register ThreePanels = Register.R10;
    private static readonly Register Count = Register.RCX;

    /// <summary>Emits the kernel for a target with 512-bit vectors.</summary>
    /// <param name="isNarrow">Whether panels are as wide as a tile has rows, and not columns.</param>
    /// <param name="code">The kernel.</param>
    public static void Emit(bool isNarrow, KernelAssembler code)
    {
        (Register, string)[] fields =
        [
            (Source, nameof(RowPairsArguments.Source)), (Stride, nameof(RowPairsArguments.Stride)),
            (Panels, nameof(RowPairsArguments.Panels)), (PanelStride, nameof(RowPairsArguments.PanelStride)),
            (Count, nameof(RowPairsArguments.Count)),
        ];
        foreach (var (register, field) in fields)
            code.Load(register, KernelAssembler.Argument<RowPairsArguments>(field));
        code.LoadAddress(ThreePanels, new Memory(PanelStride, 0, PanelStride, 2));
        var pairs = new RowPairs(code, new Vector(30), new Vector(31));
        pairs.Begin();
        var next = code.CreateLabel();
        code.Place(next);
        Vector[] rows = [new(0), new(1)];
        for (var row = 0; row < rows.Length; row++)
        {
            code.Load(rows[row], new Memory(Source));
            code.Load(new Vector(2), new Memory(Source, code.Target.VectorBytes));
            code.RoundToBFloat16(rows[row], rows[row], new Vector(2));
            code.AddTo(Source, Stride);
        }
        pairs.Join(rows[0], rows[1], new Vector(3));
        if (isNarrow)
            pairs.StoreNarrow(Panels, PanelStride, ThreePanels, rows[0], new Vector(3));
        else
            pairs.StoreWide(Panels, rows[0], new Vector(3));
        code.CountDown(Count, next);
    }
}
