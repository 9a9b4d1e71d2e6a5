using System.Runtime.InteropServices;

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

    private Memory WordIndices(int first)
    {
        var indices = new ushort[32];
        for (var i = 0; i < indices.Length; i++)
            indices[i] = (ushort)(first + i / 2 + i % 2 * 32);
        return code.Constant(MemoryMarshal.AsBytes(indices));
    }
}
