using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What the kernel that packs a head's rows is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct HeadPackArguments
{
    /// <summary>Two rows, and those that follow.</summary>
    public float* Source;

    /// <summary>Bytes from one row of the source to the next.</summary>
    public long SourceStride;

    /// <summary>Receives the rows in pairs of values, <c>[rows, headDim / 2]</c>, filled up to <see cref="HeadPackKernel.RowBytes"/>.</summary>
    public float* Rows;

    /// <summary>Bytes from two of these rows to the next two.</summary>
    public long RowsStride;

    /// <summary>Receives pairs of rows, panels of <c>[rows / 2, 32]</c>.</summary>
    public float* Pairs;

    /// <summary>Bytes from one pair of rows to the next.</summary>
    public long PairsStride;

    /// <summary>Bytes from one panel to the next.</summary>
    public long PanelStride;

    /// <summary>Pairs of rows, at least one.</summary>
    public long Count;
}

/// <summary>
/// Rounds rows of a head to BF16, once for both of their forms: pairs of values, and pairs of rows. What fills up the last 32 values is
/// zero.
/// </summary>
internal static class HeadPackKernel
{
    private const int Values = 32;

    private static readonly Register Source = Register.RSI;
    private static readonly Register Other = Register.RDX;
    private static readonly Register SourceStride = Register.R8;
    private static readonly Register Rows = Register.RDI;
    private static readonly Register RowsStride = Register.R9;
    private static readonly Register Pairs = Register.R10;
    private static readonly Register PairsStride = Register.R11;
    private static readonly Register PanelStride = Register.R12;
    private static readonly Register Count = Register.RCX;
    private static readonly Register Panel = Register.RBX;

    /// <summary>Bytes of a rounded row.</summary>
    public static int RowBytes(int headDim) => Panels(headDim) * Values * sizeof(ushort);

    /// <summary>Emits the kernel for a target with 512-bit vectors.</summary>
    public static void Emit(int headDim, KernelAssembler code)
    {
        (Register, string)[] fields =
        [
            (Source, nameof(HeadPackArguments.Source)), (SourceStride, nameof(HeadPackArguments.SourceStride)),
            (Rows, nameof(HeadPackArguments.Rows)), (RowsStride, nameof(HeadPackArguments.RowsStride)),
            (Pairs, nameof(HeadPackArguments.Pairs)), (PairsStride, nameof(HeadPackArguments.PairsStride)),
            (PanelStride, nameof(HeadPackArguments.PanelStride)), (Count, nameof(HeadPackArguments.Count)),
        ];
        foreach (var (register, field) in fields)
            code.Load(register, KernelAssembler.Argument<HeadPackArguments>(field));
        var pairs = new RowPairs(code, new Vector(30), new Vector(31));
        pairs.Begin();
        // Lanes of the last 32 values that the head has.
        var last = headDim - (Panels(headDim) - 1) * Values;
        Mask[] masks = [new(1), new(2)];
        for (var half = 0; half < masks.Length; half++)
            code.Load(masks[half], code.Constant(BitConverter.GetBytes((ushort)(uint.MaxValue >> (Values - last) >> 16 * half))));

        var next = code.CreateLabel();
        code.Place(next);
        code.LoadAddress(Other, new Memory(Source, 0, SourceStride));
        code.Copy(Panel, Pairs);
        for (var panel = 0; panel < Panels(headDim); panel++)
        {
            var at = panel * Values * sizeof(float);
            for (var i = 0; i < 4; i++)
            {
                var place = new Memory(i < 2 ? Source : Other, at + i % 2 * code.Target.VectorBytes);
                if (panel == Panels(headDim) - 1)
                    code.Load(new Vector(i), place, masks[i % 2]);
                else
                    code.Load(new Vector(i), place);
            }
            Vector[] rows = [new(4), new(5)];
            for (var row = 0; row < rows.Length; row++)
            {
                code.RoundToBFloat16(rows[row], new Vector(2 * row), new Vector(2 * row + 1));
                code.Store(new Memory(Rows, row * RowBytes(headDim) + panel * code.Target.VectorBytes), rows[row]);
            }
            pairs.Join(rows[0], rows[1], new Vector(6));
            code.Store(new Memory(Panel), rows[0]);
            code.Store(new Memory(Panel, code.Target.VectorBytes), new Vector(6));
            code.AddTo(Panel, PanelStride);
        }
        code.LoadAddress(Source, new Memory(Other, 0, SourceStride));
        code.AddTo(Rows, RowsStride);
        code.AddTo(Pairs, PairsStride);
        code.CountDown(Count, next);
    }

    private static int Panels(int headDim) => (headDim + Values - 1) / Values;
}
