using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// What this machine can do at most, measured whenever asked on all threads of a context's team: the two bounds that no forward pass gets
/// past. Other programs' load lowers them as it lowers everything else, so measure them beside what is held against them. Used by one
/// thread at a time.
/// </summary>
public sealed unsafe class MachineLimits : IDisposable
{
    /// <summary>Bytes of the memory that is read.</summary>
    public const long ReadBytes = 512L << 20;

    private const int ChunkBytes = 1 << 20;
    private const int Rounds = 100_000;

    private readonly ComputeContext _context;
    private readonly NativeBuffer _buffer = new(ReadBytes);
    private readonly long[] _sums = new long[ReadBytes / ChunkBytes];

    /// <summary>Takes memory to read, more than any cache holds.</summary>
    /// <param name="context">Whose threads and kernels measure; disposed by whoever made it.</param>
    public MachineLimits(ComputeContext context)
    {
        _context = context;
        for (var chunk = 0; chunk < _sums.Length; chunk++)
            _buffer.Span<byte>((long)chunk * ChunkBytes, ChunkBytes).Fill(1);
    }

    /// <summary>
    /// The processor's instructions that kernels use or may come to use, such as <c>AVX2, AVX-VNNI</c>; empty where there is none.
    /// </summary>
    public static string Instructions => ProcessorFeatures.Detect().ToString();

    /// <summary>
    /// Bytes read from memory a second, all of them once; the best of some passes, which together take less than a tenth of a second.
    /// </summary>
    public double ReadBandwidth()
    {
        var work = new ReadChunks { Buffer = _buffer, Kernel = _context.Kernels?.Reads, Sums = _sums };
        return ReadBytes / Best(4, () => _context.Team.Run(ref work, _sums.Length));
    }

    /// <summary>
    /// Multiply-accumulates a second by the best instruction that the context's kernels have for a type of weights, with its name.
    /// </summary>
    public (string Instruction, double PerSecond) PeakMultiplyAccumulates(TensorType type)
    {
        var (name, perRound, kernel) = ("fused multiply-add", FloatSums * Vector<float>.Count, (Kernel?)null);
        if (_context.Kernels is { } kernels)
        {
            var operation = LimitKernels.OperationFor(type, kernels.Target);
            name = LimitKernels.NameOf(operation, kernels.Target);
            perRound = LimitKernels.RoundProducts(operation, kernels.Target);
            kernel = kernels.FindProducts(operation);
        }
        var parts = 4 * _context.Team.WorkerCount;
        var work = new MultiplyRounds { Kernel = kernel, Results = new float[parts] };
        return (name, (double)perRound * Rounds * parts / Best(4, () => _context.Team.Run(ref work, parts)));
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

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
        public Kernel? Kernel;
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
                Kernel.Run(&arguments);
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
        public Kernel? Kernel;
        public float[] Results;

        public readonly void Execute(int part)
        {
            if (Kernel is null)
            {
                Results[part] = MultiplyFloats();
                return;
            }
            var arguments = new LimitArguments { Rounds = Rounds };
            Kernel.Run(&arguments);
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
