using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>The gated linear unit with a sigmoid-weighted gate: <c>y = gate · σ(gate) · up</c> (Shazeer 2020, arXiv:2002.05202).</summary>
public static class SwiGlu
{
    // Elements in a chunk of work, a multiple of the vector's length: some microseconds.
    private const int ChunkLength = 4096;

    /// <summary>Combines the two halves of a feed-forward layer.</summary>
    /// <param name="gate">Any length.</param>
    /// <param name="up">The gate's length.</param>
    /// <param name="output">The gate's length; may be either input.</param>
    /// <param name="context">Tier and team.</param>
    /// <param name="keptGate">Receives the gate, past the caches, for who needs it much later; empty for nobody.</param>
    /// <param name="keptUp">Receives the other half likewise.</param>
    public static void Apply(
        ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> output, ComputeContext context, Span<float> keptGate = default,
        Span<float> keptUp = default)
    {
        ShapeMismatchException.ThrowUnlessEqual(up.Length, gate.Length, nameof(up));
        ShapeMismatchException.ThrowUnlessEqual(output.Length, gate.Length, nameof(output));
        ShapeMismatchException.ThrowUnlessEqual(keptUp.Length, keptGate.Length, nameof(keptUp));
        if (!keptGate.IsEmpty)
            ShapeMismatchException.ThrowUnlessEqual(keptGate.Length, gate.Length, nameof(keptGate));
        var work = new CombineChunks
        {
            Gate = gate,
            Up = up,
            Output = output,
            KeptGate = keptGate,
            KeptUp = keptUp,
            Scalar = context.Tier == KernelTier.Scalar,
        };
        context.Team.Run(ref work, (gate.Length + ChunkLength - 1) / ChunkLength);
    }

    /// <summary>Combines the two halves on the calling thread, and keeps them in BF16.</summary>
    /// <param name="gate"><c>[tokens, width]</c>.</param>
    /// <param name="up">The gate's shape.</param>
    /// <param name="output">Receives <c>[tokens, width]</c>; room was made for it.</param>
    /// <param name="keptGate">Receives the gate, past the caches, for who needs it much later; begins at a cache line.</param>
    /// <param name="keptUp">Receives the other half likewise.</param>
    /// <param name="context">A machine that makes such rows.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit together.</exception>
    /// <exception cref="ArgumentException">What is kept begins within a cache line.</exception>
    /// <exception cref="NotSupportedException">The machine makes no such rows.</exception>
    public static unsafe void Apply(
        ReadOnlySpan<float> gate, ReadOnlySpan<float> up, RoundedRows output, Span<ushort> keptGate, Span<ushort> keptUp,
        ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(gate.Length, (long)output.Count * output.Depth, nameof(gate));
        ShapeMismatchException.ThrowUnlessEqual(up.Length, gate.Length, nameof(up));
        ShapeMismatchException.ThrowUnlessEqual(keptGate.Length, gate.Length, nameof(keptGate));
        ShapeMismatchException.ThrowUnlessEqual(keptUp.Length, gate.Length, nameof(keptUp));
        if (gate.IsEmpty)
            return;
        fixed (float* gates = gate, ups = up)
        fixed (ushort* keptGates = keptGate, keptUps = keptUp)
        {
            if (((nuint)keptGates | (nuint)keptUps) % NativeBuffer.Alignment != 0)
                throw new ArgumentException("What is kept begins within a cache line.", nameof(keptGate));
            var arguments = new SwiGluArguments
            {
                Gate = gates,
                Up = ups,
                KeptGate = keptGates,
                KeptUp = keptUps,
                Output = output.Pairs,
                Count = gate.Length / RoundedRows.ValuesAtATime,
            };
            RoundedRows.Kernels(context).CombineGates.Run(&arguments);
        }
    }

    private static void Scalar(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> output)
    {
        for (var i = 0; i < gate.Length; i++)
            output[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * up[i];
    }

    private static void Vector(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> output)
    {
        ref var gates = ref MemoryMarshal.GetReference(gate);
        ref var ups = ref MemoryMarshal.GetReference(up);
        ref var outputs = ref MemoryMarshal.GetReference(output);
        var rest = 0;
        for (; Vector512.IsHardwareAccelerated && rest + Vector512<float>.Count <= gate.Length; rest += Vector512<float>.Count)
        {
            var (g, u) = (Vector512.LoadUnsafe(ref gates, (nuint)rest), Vector512.LoadUnsafe(ref ups, (nuint)rest));
            Combine(g, u).StoreUnsafe(ref outputs, (nuint)rest);
        }
        for (; rest + Vector256<float>.Count <= gate.Length; rest += Vector256<float>.Count)
            Combine(Vector256.Create(gate[rest..]), Vector256.Create(up[rest..])).CopyTo(output[rest..]);
        if (rest == gate.Length)
            return;

        // The tail goes through the same vector arithmetic, so that an element's value does not depend on its place.
        Span<float> tail = stackalloc float[2 * Vector256<float>.Count];
        tail.Clear();
        gate[rest..].CopyTo(tail);
        up[rest..].CopyTo(tail[Vector256<float>.Count..]);
        var last = MemoryMarshal.Cast<float, Vector256<float>>(tail);
        last[0] = Combine(last[0], last[1]);
        tail[..(gate.Length - rest)].CopyTo(output[rest..]);
    }

    /// <summary>Copies and combines at once where all of it is whole vectors that can be stored past the caches.</summary>
    private static unsafe void VectorKept(
        ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> output, Span<float> keptGate, Span<float> keptUp)
    {
        fixed (float* gates = gate, ups = up, outputs = output, keptGates = keptGate, keptUps = keptUp)
        {
            var isAligned = ((nuint)keptGates | (nuint)keptUps) % NativeBuffer.Alignment == 0;
            if (!Vector512.IsHardwareAccelerated || !isAligned || gate.Length % Vector512<float>.Count != 0)
            {
                gate.CopyTo(keptGate);
                up.CopyTo(keptUp);
                Vector(gate, up, output);
                return;
            }
            for (var i = 0; i < gate.Length; i += Vector512<float>.Count)
            {
                var (g, u) = (Vector512.Load(gates + i), Vector512.Load(ups + i));
                g.StoreAlignedNonTemporal(keptGates + i);
                u.StoreAlignedNonTemporal(keptUps + i);
                Combine(g, u).Store(outputs + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Combine(Vector512<float> gate, Vector512<float> up) =>
        gate / (Vector512<float>.One + Exponential.Of(-gate)) * up;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Combine(Vector256<float> gate, Vector256<float> up) =>
        gate / (Vector256<float>.One + Exponential.Of(-gate)) * up;

    private ref struct CombineChunks : IChunkedWork
    {
        public ReadOnlySpan<float> Gate;
        public ReadOnlySpan<float> Up;
        public Span<float> Output;
        public Span<float> KeptGate;
        public Span<float> KeptUp;
        public bool Scalar;

        public readonly void Execute(int chunk)
        {
            var range = new Range(chunk * ChunkLength, Math.Min((chunk + 1) * ChunkLength, Gate.Length));
            if (!KeptGate.IsEmpty)
                VectorKept(Gate[range], Up[range], Output[range], KeptGate[range], KeptUp[range]);
            else if (Scalar)
                SwiGlu.Scalar(Gate[range], Up[range], Output[range]);
            else
                Vector(Gate[range], Up[range], Output[range]);
        }
    }
}
