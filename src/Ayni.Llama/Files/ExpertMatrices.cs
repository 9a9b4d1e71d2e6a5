using System.Runtime.InteropServices;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// The two orders in which files keep an expert's matrix: a row for each output in GGUF, and here; a row for each input in Hugging Face's
/// files, where the gate's outputs and after them those of the up projection share a row.
/// </summary>
internal static class ExpertMatrices
{
    // Rows turned at a time: their cache lines stay at hand until each is used up.
    private const int Stripe = 16;

    /// <summary>Turns some columns of an input-major matrix into rows.</summary>
    /// <param name="matrix"><c>[inputs, outputs]</c>.</param>
    /// <param name="inputs">Rows.</param>
    /// <param name="firstOutput">The first column taken.</param>
    /// <param name="outputs">Columns taken.</param>
    /// <param name="elementBytes">Bytes of a number: 2 or 4.</param>
    /// <returns><c>[outputs taken, inputs]</c>, owned by the caller.</returns>
    public static NativeBuffer ToOutputRows(TensorData matrix, int inputs, int firstOutput, int outputs, int elementBytes)
    {
        var target = new NativeBuffer((long)inputs * outputs * elementBytes);
        try
        {
            if (elementBytes == sizeof(ushort))
                Turn<ushort>(matrix, inputs, firstOutput, outputs, target);
            else if (elementBytes == sizeof(uint))
                Turn<uint>(matrix, inputs, firstOutput, outputs, target);
            else
                throw new ArgumentOutOfRangeException(nameof(elementBytes), elementBytes, "Numbers have 2 or 4 bytes.");
            matrix.DropPages();
            return target;
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    private static void Turn<T>(TensorData matrix, int inputs, int firstOutput, int outputs, NativeBuffer target)
        where T : unmanaged
    {
        var size = Marshal.SizeOf<T>();
        var rowBytes = matrix.Bytes / inputs;
        for (var first = 0; first < inputs; first += Stripe)
        {
            var count = Math.Min(Stripe, inputs - first);
            for (var i = first; i < first + count; i++)
            {
                var row = MemoryMarshal.Cast<byte, T>(matrix.Span(i * rowBytes + (long)firstOutput * size, outputs * size));
                var column = target.Span<T>(i, (int)Math.Min(int.MaxValue, (long)(outputs - 1) * inputs + 1));
                for (var output = 0; output < row.Length; output++)
                    column[output * inputs] = row[output];
            }
        }
    }
}
