using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>The gradient of the gated linear unit (<see cref="SwiGlu"/>).</summary>
public static unsafe class SwiGluGradient
{
    private const int ChunkLength = 4096;

    /// <summary>Computes the inputs' gradients, and turns the output's gradient into the output.</summary>
    /// <param name="gate">The gate.</param>
    /// <param name="up">The other half, as long.</param>
    /// <param name="output">The output's gradient, as long; receives the output, which the next weights' gradient needs.</param>
    /// <param name="gateGradient">Receives the gate's.</param>
    /// <param name="upGradient">Receives the other half's.</param>
    /// <param name="context">Team.</param>
    public static void Apply(
        ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> output, Span<float> gateGradient, Span<float> upGradient,
        ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(up.Length, gate.Length, nameof(up));
        ShapeMismatchException.ThrowUnlessEqual(output.Length, gate.Length, nameof(output));
        ShapeMismatchException.ThrowUnlessEqual(gateGradient.Length, gate.Length, nameof(gateGradient));
        ShapeMismatchException.ThrowUnlessEqual(upGradient.Length, gate.Length, nameof(upGradient));
        fixed (float* gates = gate, ups = up, outputs = output, gateGradients = gateGradient, upGradients = upGradient)
        {
            var work = new TurnChunks
            {
                Gate = gates,
                Up = ups,
                Output = outputs,
                GateGradient = gateGradients,
                UpGradient = upGradients,
                Length = gate.Length,
            };
            context.Team.Run(ref work, (gate.Length + ChunkLength - 1) / ChunkLength);
        }
    }

    private struct TurnChunks : IChunkedWork
    {
        public float* Gate;
        public float* Up;
        public float* Output;
        public float* GateGradient;
        public float* UpGradient;
        public int Length;

        public readonly void Execute(int chunk)
        {
            var (i, end) = (chunk * ChunkLength, Math.Min((chunk + 1) * ChunkLength, Length));
            for (; Vector512.IsHardwareAccelerated && i + Vector512<float>.Count <= end; i += Vector512<float>.Count)
                Turn(i);
            for (; i + Vector256<float>.Count <= end; i += Vector256<float>.Count)
                TurnEight(i);
            if (i == end)
                return;

            // The tail goes through the same vector arithmetic, so that an element's value does not depend on its place.
            var tail = stackalloc float[5 * Vector256<float>.Count];
            new Span<float>(tail, 5 * Vector256<float>.Count).Clear();
            var rest = new TurnChunks { Gate = tail, Up = tail + 8, Output = tail + 16, GateGradient = tail + 24, UpGradient = tail + 32 };
            var bytes = (end - i) * sizeof(float);
            Buffer.MemoryCopy(Gate + i, rest.Gate, bytes, bytes);
            Buffer.MemoryCopy(Up + i, rest.Up, bytes, bytes);
            Buffer.MemoryCopy(Output + i, rest.Output, bytes, bytes);
            rest.TurnEight(0);
            Buffer.MemoryCopy(rest.Output, Output + i, bytes, bytes);
            Buffer.MemoryCopy(rest.GateGradient, GateGradient + i, bytes, bytes);
            Buffer.MemoryCopy(rest.UpGradient, UpGradient + i, bytes, bytes);
        }

        private readonly void Turn(int i)
        {
            var (gate, up, gradient) = (Vector512.Load(Gate + i), Vector512.Load(Up + i), Vector512.Load(Output + i));
            var sigmoid = Vector512<float>.One / (Vector512<float>.One + Exponential.Of(-gate));
            var activated = gate * sigmoid;
            (activated * up).Store(Output + i);
            // (g·σ(g))' = σ + g·σ·(1 − σ)
            var slope = Vector512.FusedMultiplyAdd(activated, Vector512<float>.One - sigmoid, sigmoid);
            (gradient * up * slope).Store(GateGradient + i);
            (gradient * activated).Store(UpGradient + i);
        }

        private readonly void TurnEight(int i)
        {
            var (gate, up, gradient) = (Vector256.Load(Gate + i), Vector256.Load(Up + i), Vector256.Load(Output + i));
            var sigmoid = Vector256<float>.One / (Vector256<float>.One + Exponential.Of(-gate));
            var activated = gate * sigmoid;
            (activated * up).Store(Output + i);
            var slope = Vector256.FusedMultiplyAdd(activated, Vector256<float>.One - sigmoid, sigmoid);
            (gradient * up * slope).Store(GateGradient + i);
            (gradient * activated).Store(UpGradient + i);
        }
    }
}
