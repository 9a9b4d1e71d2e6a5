using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>Emits what makes two rows of 32 BF16 numbers 32 pairs, each of one number of either row.</summary>
/// <param name="code">The kernel.</param>
/// <param name="firstIndices">A register for this alone.</param>
/// <param name="lastIndices">Another.</param>
internal readonly struct RowPairs(KernelAssembler code, Vector firstIndices, Vector lastIndices)
{
    /// <summary>Emits what is needed once.</summary>
    public void Begin()
    {
        code.Load(firstIndices, WordIndices(0));
        code.Load(lastIndices, WordIndices(16));
    }

    /// <summary>Turns two rows into the first sixteen pairs, in the first row's register, and the last sixteen in another.</summary>
    public void Join(Vector first, Vector second, Vector last)
    {
        code.Copy(last, first);
        code.PermuteWords(first, firstIndices, second);
        code.PermuteWords(last, lastIndices, second);
    }

    /// <summary>Stores joined rows in a panel of 32, and leaves the register at the next pair of rows.</summary>
    public void StoreWide(Register panel, Vector first, Vector last)
    {
        code.Store(new Memory(panel), first);
        code.Store(new Memory(panel, code.Target.VectorBytes), last);
        code.AddTo(panel, 2 * code.Target.VectorBytes);
    }

    /// <summary>Stores joined rows in four panels of as many as a tile has rows, and leaves the register at the next pair of rows.</summary>
    /// <param name="panels">The first panel.</param>
    /// <param name="stride">Bytes from one panel to the next.</param>
    /// <param name="threeStrides">Three times as many.</param>
    /// <param name="first">The first sixteen pairs.</param>
    /// <param name="last">The last sixteen.</param>
    public void StoreNarrow(Register panels, Register stride, Register threeStrides, Vector first, Vector last)
    {
        code.StoreLowerHalf(new Memory(panels), first);
        code.StoreUpperHalf(new Memory(panels, 0, stride), first);
        code.StoreLowerHalf(new Memory(panels, 0, stride, 2), last);
        code.StoreUpperHalf(new Memory(panels, 0, threeStrides), last);
        code.AddTo(panels, BFloat16TileKernel.Rows * sizeof(float));
    }

    private Memory WordIndices(int first)
    {
        var indices = new ushort[32];
        for (var i = 0; i < indices.Length; i++)
            indices[i] = (ushort)(first + i / 2 + i % 2 * 32);
        return code.Constant(MemoryMarshal.AsBytes(indices));
    }
}
