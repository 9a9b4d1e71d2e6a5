using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>
/// What this machine can do at most, measured now on all threads of a team: the two bounds that no forward pass gets past. Other programs' load
/// lowers them as it lowers everything else.
/// </summary>
public static unsafe class MachineLimits
{
    private const long ReadBytes = 512L << 20;
    private const int Rounds = 200_000;
    private const int PrefetchVectors = 4096 / 32;

    /// <summary>The processor's instructions that kernels use or may come to use, such as <c>AVX2, AVX-VNNI</c>; empty where there is none.</summary>
    public static string Instructions => ProcessorFeatures.Detect().ToString();

    /// <summary>Bytes read from memory a second, in one pass over more than any cache holds; the best of some passes.</summary>
    public static double ReadBandwidth(WorkerTeam team)
    {
        using var buffer = new NativeBuffer(ReadBytes);
        const int ChunkBytes = 1 << 20;
        var chunks = (int)(ReadBytes / ChunkBytes);
        var work = new ReadChunks { Buffer = buffer, Sums = new long[chunks], ChunkBytes = ChunkBytes };
        for (var chunk = 0; chunk < chunks; chunk++)
            buffer.Span<byte>((long)chunk * ChunkBytes, ChunkBytes).Fill(1);
        return ReadBytes / Best(4, () => team.Run(ref work, chunks));
    }

    /// <summary>
    /// Multiply-accumulates of bytes a second by the best instruction here, emitted or of .NET, with its name; of floats where there is none for
    /// bytes.
    /// </summary>
    public static (string Instruction, double PerSecond) PeakMultiplyAccumulates(WorkerTeam team)
    {
        var parts = 4 * team.WorkerCount;
        if (KernelTarget.Best(ProcessorFeatures.Detect()) is { HasDotProduct: true } target)
        {
            ICodeMapper mapper = OperatingSystem.IsWindows() ? new WindowsCodeMapper() : new UnixCodeMapper();
            using var kernel = ExecutableCode.TryCreate(mapper, PeakKernel.Emit(target, OperatingSystem.IsWindows()), out _);
            if (kernel is not null)
            {
                var emitted = new EmittedRounds { Kernel = kernel };
                var products = (double)PeakKernel.ProductsPerRound(target) * Rounds * parts;
                return ($"vpdpbusd ({target.VectorBytes * 8} bits)", products / Best(4, () => team.Run(ref emitted, parts)));
            }
        }
        var (name, perRound) = Avx512BW.IsSupported ? ("vpmaddubsw (512 bits)", 10 * 64)
            : Avx2.IsSupported ? ("vpmaddubsw (256 bits)", 10 * 32)
            : ("fused multiply-add", 10 * Vector256<float>.Count);
        var work = new MultiplyRounds { Results = new int[parts] };
        return (name, (double)perRound * Rounds * parts / Best(4, () => team.Run(ref work, parts)));
    }

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
        public long[] Sums;
        public int ChunkBytes;

        public readonly void Execute(int chunk)
        {
            var values = MemoryMarshal.Cast<byte, Vector256<long>>(Buffer.Span<byte>((long)chunk * ChunkBytes, ChunkBytes));
            var (a, b, c, d) = (Vector256<long>.Zero, Vector256<long>.Zero, Vector256<long>.Zero, Vector256<long>.Zero);
            for (var i = 0; i < values.Length; i += 4)
            {
                // As kernels do: a core asks for more at a time than it would by itself.
                if (Sse.IsSupported && i + PrefetchVectors < values.Length)
                {
                    var ahead = (byte*)Unsafe.AsPointer(ref Unsafe.AsRef(in values[i + PrefetchVectors]));
                    Sse.Prefetch0(ahead);
                    Sse.Prefetch0(ahead + 64);
                }
                (a, b, c, d) = (a ^ values[i], b ^ values[i + 1], c ^ values[i + 2], d ^ values[i + 3]);
            }
            Sums[chunk] = Vector256.Sum(a ^ b ^ c ^ d);
        }
    }

    private struct EmittedRounds : IChunkedWork
    {
        public ExecutableCode Kernel;

        public readonly void Execute(int part)
        {
            long rounds = Rounds;
            Kernel.Entry(&rounds);
        }
    }

    private struct MultiplyRounds : IChunkedWork
    {
        public int[] Results;

        public readonly void Execute(int part) => Results[part] =
            Avx512BW.IsSupported ? Wide() : Avx2.IsSupported ? Pairs() : Floats();

        // Ten chains, so that no result is waited for.
        private static int Wide()
        {
            var y = Vector512.Create((sbyte)-5);
            var a = Vector512.Create((short)1);
            var b = Vector512.Create((short)2);
            var c = Vector512.Create((short)3);
            var d = Vector512.Create((short)4);
            var e = Vector512.Create((short)5);
            var f = Vector512.Create((short)6);
            var g = Vector512.Create((short)7);
            var h = Vector512.Create((short)8);
            var i = Vector512.Create((short)9);
            var j = Vector512.Create((short)10);
            for (var round = 0; round < Rounds; round++)
            {
                a = Avx512BW.MultiplyAddAdjacent(a.AsByte(), y);
                b = Avx512BW.MultiplyAddAdjacent(b.AsByte(), y);
                c = Avx512BW.MultiplyAddAdjacent(c.AsByte(), y);
                d = Avx512BW.MultiplyAddAdjacent(d.AsByte(), y);
                e = Avx512BW.MultiplyAddAdjacent(e.AsByte(), y);
                f = Avx512BW.MultiplyAddAdjacent(f.AsByte(), y);
                g = Avx512BW.MultiplyAddAdjacent(g.AsByte(), y);
                h = Avx512BW.MultiplyAddAdjacent(h.AsByte(), y);
                i = Avx512BW.MultiplyAddAdjacent(i.AsByte(), y);
                j = Avx512BW.MultiplyAddAdjacent(j.AsByte(), y);
            }
            return Vector512.Sum(a + b + c + d + e + f + g + h + i + j);
        }

        private static int Pairs()
        {
            var y = Vector256.Create((sbyte)-5);
            var a = Vector256.Create((short)1);
            var b = Vector256.Create((short)2);
            var c = Vector256.Create((short)3);
            var d = Vector256.Create((short)4);
            var e = Vector256.Create((short)5);
            var f = Vector256.Create((short)6);
            var g = Vector256.Create((short)7);
            var h = Vector256.Create((short)8);
            var i = Vector256.Create((short)9);
            var j = Vector256.Create((short)10);
            for (var round = 0; round < Rounds; round++)
            {
                a = Avx2.MultiplyAddAdjacent(a.AsByte(), y);
                b = Avx2.MultiplyAddAdjacent(b.AsByte(), y);
                c = Avx2.MultiplyAddAdjacent(c.AsByte(), y);
                d = Avx2.MultiplyAddAdjacent(d.AsByte(), y);
                e = Avx2.MultiplyAddAdjacent(e.AsByte(), y);
                f = Avx2.MultiplyAddAdjacent(f.AsByte(), y);
                g = Avx2.MultiplyAddAdjacent(g.AsByte(), y);
                h = Avx2.MultiplyAddAdjacent(h.AsByte(), y);
                i = Avx2.MultiplyAddAdjacent(i.AsByte(), y);
                j = Avx2.MultiplyAddAdjacent(j.AsByte(), y);
            }
            return Vector256.Sum(a + b + c + d + e + f + g + h + i + j);
        }

        private static int Floats()
        {
            var (x, y) = (Vector256.Create(1.0001f), Vector256.Create(1e-9f));
            Vector256<float> a = x, b = y, c = x, d = y, e = x, f = y, g = x, h = y, i = x, j = y;
            for (var round = 0; round < Rounds; round++)
            {
                a = Vector256.FusedMultiplyAdd(a, x, y);
                b = Vector256.FusedMultiplyAdd(b, x, y);
                c = Vector256.FusedMultiplyAdd(c, x, y);
                d = Vector256.FusedMultiplyAdd(d, x, y);
                e = Vector256.FusedMultiplyAdd(e, x, y);
                f = Vector256.FusedMultiplyAdd(f, x, y);
                g = Vector256.FusedMultiplyAdd(g, x, y);
                h = Vector256.FusedMultiplyAdd(h, x, y);
                i = Vector256.FusedMultiplyAdd(i, x, y);
                j = Vector256.FusedMultiplyAdd(j, x, y);
            }
            return (int)Vector256.Sum(a + b + c + d + e + f + g + h + i + j);
        }
    }
}
