using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>The gradient of the gated linear unit (<see cref="SwiGlu"/>).</summary>
public static class SwiGluGradient
{
    private const int ChunkLength = 4096;

    /// <summary>Turns the inputs into their gradients and the output's gradient into the output, all in place.</summary>
    /// <param name="gate">The gate; receives its gradient.</param>
    /// <param name="up">The other half; receives its gradient.</param>
    /// <param name="output">The output's gradient; receives the output, which the next weights' gradient needs.</param>
    /// <param name="context">Team.</param>
    public static void Apply(Span<float> gate, Span<float> up, Span<float> output, ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(up.Length, gate.Length, nameof(up));
        ShapeMismatchException.ThrowUnlessEqual(output.Length, gate.Length, nameof(output));
        var work = new TurnChunks { Gate = gate, Up = up, Output = output };
        context.Team.Run(ref work, (gate.Length + ChunkLength - 1) / ChunkLength);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(ref Vector256<float> gate, ref Vector256<float> up, ref Vector256<float> output)
    {
        var sigmoid = Vector256<float>.One / (Vector256<float>.One + Exponential.Of(-gate));
        var activated = gate * sigmoid;
        var gradient = output;
        output = activated * up;
        // (g·σ(g))' = σ + g·σ·(1 − σ)
        gate = gradient * up * Vector256.FusedMultiplyAdd(activated, Vector256<float>.One - sigmoid, sigmoid);
        up = gradient * activated;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(ref Vector512<float> gate, ref Vector512<float> up, ref Vector512<float> output)
    {
        var sigmoid = Vector512<float>.One / (Vector512<float>.One + Exponential.Of(-gate));
        var activated = gate * sigmoid;
        var gradient = output;
        output = activated * up;
        gate = gradient * up * Vector512.FusedMultiplyAdd(activated, Vector512<float>.One - sigmoid, sigmoid);
        up = gradient * activated;
    }

    private ref struct TurnChunks : IChunkedWork
    {
        public Span<float> Gate;
        public Span<float> Up;
        public Span<float> Output;

        public readonly void Execute(int chunk)
        {
            var range = new Range(chunk * ChunkLength, Math.Min((chunk + 1) * ChunkLength, Gate.Length));
            var gate = Gate[range];
            var up = Up[range];
            var output = Output[range];
            if (Vector512.IsHardwareAccelerated)
            {
                var wideGates = MemoryMarshal.Cast<float, Vector512<float>>(gate);
                var wideUps = MemoryMarshal.Cast<float, Vector512<float>>(up);
                var wideOutputs = MemoryMarshal.Cast<float, Vector512<float>>(output);
                for (var i = 0; i < wideGates.Length; i++)
                    Turn(ref wideGates[i], ref wideUps[i], ref wideOutputs[i]);
                var done = wideGates.Length * Vector512<float>.Count;
                gate = gate[done..];
                up = up[done..];
                output = output[done..];
            }
            var gates = MemoryMarshal.Cast<float, Vector256<float>>(gate);
            var ups = MemoryMarshal.Cast<float, Vector256<float>>(up);
            var outputs = MemoryMarshal.Cast<float, Vector256<float>>(output);
            for (var i = 0; i < gates.Length; i++)
                Turn(ref gates[i], ref ups[i], ref outputs[i]);
            var rest = gates.Length * Vector256<float>.Count;
            if (rest == gate.Length)
                return;

            // The tail goes through the same vector arithmetic, so that an element's value does not depend on its place.
            Span<Vector256<float>> tail = stackalloc Vector256<float>[3];
            tail.Clear();
            var values = MemoryMarshal.Cast<Vector256<float>, float>(tail);
            gate[rest..].CopyTo(values);
            up[rest..].CopyTo(values[8..]);
            output[rest..].CopyTo(values[16..]);
            Turn(ref tail[0], ref tail[1], ref tail[2]);
            values[..(gate.Length - rest)].CopyTo(gate[rest..]);
            values.Slice(8, gate.Length - rest).CopyTo(up[rest..]);
            values.Slice(16, gate.Length - rest).CopyTo(output[rest..]);
        }
    }
}
