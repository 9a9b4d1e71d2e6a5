using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>
/// What this machine can do at most, measured now on all threads of a team: the two bounds that no forward pass gets past. Other programs' load
/// lowers them as it lowers everything else.
/// </summary>
public static class MachineLimits
{
    private const long ReadBytes = 512L << 20;
    private const int Rounds = 200_000;

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
    /// Multiply-accumulates of bytes a second by the best instruction that .NET has here, with its name; of floats where there is none for bytes.
    /// </summary>
    public static (string Instruction, double PerSecond) PeakMultiplyAccumulates(WorkerTeam team)
    {
        var (name, perRound) = AvxVnni.IsSupported ? ("vpdpbusd (256 bits)", 10 * 32)
            : Avx512BW.IsSupported ? ("vpmaddubsw (512 bits)", 10 * 64)
            : Avx2.IsSupported ? ("vpmaddubsw (256 bits)", 10 * 32)
            : ("fused multiply-add", 10 * Vector256<float>.Count);
        var parts = 4 * team.WorkerCount;
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
                (a, b, c, d) = (a ^ values[i], b ^ values[i + 1], c ^ values[i + 2], d ^ values[i + 3]);
            Sums[chunk] = Vector256.Sum(a ^ b ^ c ^ d);
        }
    }

    private struct MultiplyRounds : IChunkedWork
    {
        public int[] Results;

        public readonly void Execute(int part) => Results[part] =
            AvxVnni.IsSupported ? DotProducts() : Avx512BW.IsSupported ? Wide() : Avx2.IsSupported ? Pairs() : Floats();

        // Ten chains, so that no result is waited for.
        private static int DotProducts()
        {
            var (x, y) = (Vector256.Create((byte)3), Vector256.Create((sbyte)-5));
            Vector256<int> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default, i = default, j = default;
            for (var round = 0; round < Rounds; round++)
            {
                a = AvxVnni.MultiplyWideningAndAdd(a, x, y);
                b = AvxVnni.MultiplyWideningAndAdd(b, x, y);
                c = AvxVnni.MultiplyWideningAndAdd(c, x, y);
                d = AvxVnni.MultiplyWideningAndAdd(d, x, y);
                e = AvxVnni.MultiplyWideningAndAdd(e, x, y);
                f = AvxVnni.MultiplyWideningAndAdd(f, x, y);
                g = AvxVnni.MultiplyWideningAndAdd(g, x, y);
                h = AvxVnni.MultiplyWideningAndAdd(h, x, y);
                i = AvxVnni.MultiplyWideningAndAdd(i, x, y);
                j = AvxVnni.MultiplyWideningAndAdd(j, x, y);
            }
            return Vector256.Sum(a + b + c + d + e + f + g + h + i + j);
        }

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
