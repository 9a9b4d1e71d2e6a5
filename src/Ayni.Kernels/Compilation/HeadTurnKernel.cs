using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What the kernel that turns a head's rows is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct HeadTurnArguments
{
    /// <summary>32 rows, as <see cref="HeadPackKernel"/> rounds them.</summary>
    public float* Rows;

    /// <summary>Receives them as 32 columns, <c>[headDim / 2, 32]</c>, filled up as the rows are.</summary>
    public float* Columns;
}

/// <summary>Makes 32 rounded rows of a head columns: a panel of the right side of a product over the head's values.</summary>
internal static class HeadTurnKernel
{
    private const int Lanes = 16;

    private static readonly Register Rows = Register.RSI;
    private static readonly Register Columns = Register.RDI;

    /// <summary>Emits the kernel for a target with 512-bit vectors.</summary>
    public static void Emit(int headDim, KernelAssembler code)
    {
        code.Load(Rows, Argument(nameof(HeadTurnArguments.Rows)));
        code.Load(Columns, Argument(nameof(HeadTurnArguments.Columns)));
        var rowBytes = HeadPackKernel.RowBytes(headDim);
        var (lower, upper, copy) = (new Vector(Lanes), new Vector(Lanes + 1), new Vector(Lanes + 2));
        for (var step = 0; step * sizeof(float) < rowBytes; step += Lanes)
        {
            for (var row = 0; row < 2 * Lanes; row += Lanes)
            {
                for (var i = 0; i < Lanes; i++)
                    code.Load(new Vector(i), new Memory(Rows, (row + i) * rowBytes + step * sizeof(float)));
                // Squares off the diagonal change places, in four sizes.
                for (var size = Lanes / 2; size > 0; size /= 2)
                {
                    code.Load(lower, Indices(code, lane => (lane & size) == 0 ? lane : lane - size + Lanes));
                    code.Load(upper, Indices(code, lane => (lane & size) == 0 ? lane + size : lane + Lanes));
                    for (var i = 0; i < Lanes; i++)
                    {
                        if ((i & size) != 0)
                            continue;
                        code.Copy(copy, new Vector(i));
                        code.PermuteWords(new Vector(i), lower, new Vector(i + size));
                        code.PermuteWords(copy, upper, new Vector(i + size));
                        code.Copy(new Vector(i + size), copy);
                    }
                }
                for (var i = 0; i < Lanes; i++)
                    code.Store(new Memory(Columns, ((step + i) * 2 * Lanes + row) * sizeof(float)), new Vector(i));
            }
        }
    }

    /// <summary>Word indices of 32-bit lanes, those from 16 on of the second vector.</summary>
    private static Memory Indices(KernelAssembler code, Func<int, int> choose)
    {
        var words = new ushort[2 * Lanes];
        for (var i = 0; i < words.Length; i++)
            words[i] = (ushort)(2 * choose(i / 2) + i % 2);
        return code.Constant(MemoryMarshal.AsBytes(words));
    }

    private static Memory Argument(string field) => KernelAssembler.Argument<HeadTurnArguments>(field);
}
