using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>The residual connection: adds a sublayer's result to the stream.</summary>
public static class Residual
{
    /// <summary><c>stream += delta</c>, element by element.</summary>
    public static void Add(Span<float> stream, ReadOnlySpan<float> delta)
    {
        ShapeMismatchException.ThrowUnlessEqual(delta.Length, stream.Length, nameof(delta));
        var sums = MemoryMarshal.Cast<float, Vector256<float>>(stream);
        var deltas = MemoryMarshal.Cast<float, Vector256<float>>(delta);
        for (var i = 0; i < sums.Length && i < deltas.Length; i++)
            sums[i] += deltas[i];
        for (var i = sums.Length * Vector256<float>.Count; i < stream.Length; i++)
            stream[i] += delta[i];
    }
}
