using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// What this machine can do at most, measured now on all threads of a context's team: the two bounds that no forward pass gets past. Other
/// programs' load lowers them as it lowers everything else.
/// </summary>
public static unsafe class MachineLimits
{
    private const long ReadBytes = 512L << 20;
    private const int ChunkBytes = 1 << 20;
    private const int Rounds = 100_000;

    /// <summary>The processor's instructions that kernels use or may come to use, such as <c>AVX2, AVX-VNNI</c>; empty where there is none.</summary>
    public static string Instructions => ProcessorFeatures.Detect().ToString();

    /// <summary>Bytes read from memory a second, in one pass over more than any cache holds; the best of some passes.</summary>
    public static double ReadBandwidth(ComputeContext context)
    {
        using var buffer = new NativeBuffer(ReadBytes);
        var chunks = (int)(ReadBytes / ChunkBytes);
        for (var chunk = 0; chunk < chunks; chunk++)
            buffer.Span<byte>((long)chunk * ChunkBytes, ChunkBytes).Fill(1);
        var work = new ReadChunks { Buffer = buffer, Kernel = context.Kernels?.Reads, Sums = new long[chunks] };
        return ReadBytes / Best(4, () => context.Team.Run(ref work, chunks));
    }

    /// <summary>
    /// Multiply-accumulates a second by the best instruction that the context's kernels have for bytes, with its name; of floats where no
    /// kernels are emitted.
    /// </summary>
    public static (string Instruction, double PerSecond) PeakMultiplyAccumulates(ComputeContext context)
    {
        var (name, perRound) = context.Kernels is { } kernels
            ? (LimitKernels.InstructionOf(kernels.Target), LimitKernels.RoundProducts(kernels.Target))
            : ("fused multiply-add", FloatSums * Vector<float>.Count);
        var parts = 4 * context.Team.WorkerCount;
        var work = new MultiplyRounds { Kernel = context.Kernels?.Products, Results = new float[parts] };
        return (name, (double)perRound * Rounds * parts / Best(4, () => context.Team.Run(ref work, parts)));
    }

    private const int FloatSums = 10;

    private static double Best(int passes, Action pass)
    {
        pass();
        var best = double.PositiveInfinity;
        for (var i = 0; i < passes; i++)
        {
            var start = Stopwatch.GetTimestamp();
            pass();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }

    private struct ReadChunks : IChunkedWork
    {
        public NativeBuffer Buffer;
        public ExecutableCode? Kernel;
        public long[] Sums;

        public readonly void Execute(int chunk)
        {
            var bytes = Buffer.Span<byte>((long)chunk * ChunkBytes, ChunkBytes);
            if (Kernel is null)
            {
                Sums[chunk] = Sum(MemoryMarshal.Cast<byte, Vector256<long>>(bytes));
                return;
            }
            fixed (byte* data = bytes)
            {
                var arguments = new LimitArguments { Data = data, Rounds = ChunkBytes / LimitKernels.RoundBytes };
                Kernel.Entry(&arguments);
            }
        }

        private static long Sum(ReadOnlySpan<Vector256<long>> values)
        {
            var (a, b, c, d) = (Vector256<long>.Zero, Vector256<long>.Zero, Vector256<long>.Zero, Vector256<long>.Zero);
            for (var i = 0; i < values.Length; i += 4)
                (a, b, c, d) = (a ^ values[i], b ^ values[i + 1], c ^ values[i + 2], d ^ values[i + 3]);
            return Vector256.Sum(a ^ b ^ c ^ d);
        }
    }

    private struct MultiplyRounds : IChunkedWork
    {
        public ExecutableCode? Kernel;
        public float[] Results;

        public readonly void Execute(int part)
        {
            if (Kernel is null)
            {
                Results[part] = MultiplyFloats();
                return;
            }
            var arguments = new LimitArguments { Rounds = Rounds };
            Kernel.Entry(&arguments);
        }

        // Ten chains, so that no result is waited for.
        private static float MultiplyFloats()
        {
            var (x, y) = (new Vector<float>(1.0001f), new Vector<float>(1e-9f));
            Vector<float> a = x, b = y, c = x, d = y, e = x, f = y, g = x, h = y, i = x, j = y;
            for (var round = 0; round < Rounds; round++)
            {
                a = System.Numerics.Vector.FusedMultiplyAdd(a, x, y);
                b = System.Numerics.Vector.FusedMultiplyAdd(b, x, y);
                c = System.Numerics.Vector.FusedMultiplyAdd(c, x, y);
                d = System.Numerics.Vector.FusedMultiplyAdd(d, x, y);
                e = System.Numerics.Vector.FusedMultiplyAdd(e, x, y);
                f = System.Numerics.Vector.FusedMultiplyAdd(f, x, y);
                g = System.Numerics.Vector.FusedMultiplyAdd(g, x, y);
                h = System.Numerics.Vector.FusedMultiplyAdd(h, x, y);
                i = System.Numerics.Vector.FusedMultiplyAdd(i, x, y);
                j = System.Numerics.Vector.FusedMultiplyAdd(j, x, y);
            }
            return System.Numerics.Vector.Sum(a + b + c + d + e + f + g + h + i + j);
        }
    }
}
