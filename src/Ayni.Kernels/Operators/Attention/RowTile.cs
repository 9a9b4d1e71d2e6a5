using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// The inner product of attention: up to four rows times sixteen columns, or eight on 512-bit registers, whose eight sums stay in registers
/// and hide the latency of one another. Each is added up in order, whatever the number of rows.
/// </summary>
internal static unsafe class RowTile
{
    private const int FewRows = 4;
    private const int ManyRows = 8;

    /// <summary>The most rows.</summary>
    public static int Rows => Vector512.IsHardwareAccelerated ? ManyRows : FewRows;

    /// <summary><c>c = a · b</c>.</summary>
    /// <param name="a"><c>[rows, count]</c>.</param>
    /// <param name="aStride">From one row of <paramref name="a"/> to the next.</param>
    /// <param name="rows">1 to <see cref="Rows"/>.</param>
    /// <param name="b"><c>[count, 16]</c>.</param>
    /// <param name="bStride">From one row of <paramref name="b"/> to the next.</param>
    /// <param name="count">Products in a sum.</param>
    /// <param name="c"><c>[rows, 16]</c>.</param>
    /// <param name="cStride">From one row of <paramref name="c"/> to the next.</param>
    public static void Multiply(float* a, int aStride, int rows, float* b, int bStride, int count, float* c, int cStride)
    {
        for (var row = 0; row < rows; row++)
            new Lanes(Vector256<float>.Zero, Vector256<float>.Zero).Store(c + row * cStride);
        MultiplyAdd(a, aStride, rows, b, bStride, count, c, cStride);
    }

    /// <summary><c>c = c + a · b</c>, shaped as in <see cref="Multiply"/>.</summary>
    public static void MultiplyAdd(float* a, int aStride, int rows, float* b, int bStride, int count, float* c, int cStride)
    {
        if (rows > FewRows)
            MultiplyAddMany(a, aStride, rows, b, bStride, count, c, cStride);
        else
            MultiplyAddFew(a, aStride, rows, b, bStride, count, c, cStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyAddFew(float* a, int aStride, int rows, float* b, int bStride, int count, float* c, int cStride)
    {
        // Rows that are not there repeat the last one, which is then computed and stored more than once.
        var a1 = a + (rows > 1 ? aStride : 0);
        var c1 = c + (rows > 1 ? cStride : 0);
        var a2 = a1 + (rows > 2 ? aStride : 0);
        var c2 = c1 + (rows > 2 ? cStride : 0);
        var a3 = a2 + (rows > 3 ? aStride : 0);
        var c3 = c2 + (rows > 3 ? cStride : 0);
        var (s0, t0) = (Vector256.Load(c), Vector256.Load(c + 8));
        var (s1, t1) = (Vector256.Load(c1), Vector256.Load(c1 + 8));
        var (s2, t2) = (Vector256.Load(c2), Vector256.Load(c2 + 8));
        var (s3, t3) = (Vector256.Load(c3), Vector256.Load(c3 + 8));
        for (nint k = 0; k < count; k++)
        {
            var (lower, upper) = (Vector256.Load(b), Vector256.Load(b + 8));
            var x = Vector256.Create(a[k]);
            s0 = Vector256.FusedMultiplyAdd(x, lower, s0);
            t0 = Vector256.FusedMultiplyAdd(x, upper, t0);
            x = Vector256.Create(a1[k]);
            s1 = Vector256.FusedMultiplyAdd(x, lower, s1);
            t1 = Vector256.FusedMultiplyAdd(x, upper, t1);
            x = Vector256.Create(a2[k]);
            s2 = Vector256.FusedMultiplyAdd(x, lower, s2);
            t2 = Vector256.FusedMultiplyAdd(x, upper, t2);
            x = Vector256.Create(a3[k]);
            s3 = Vector256.FusedMultiplyAdd(x, lower, s3);
            t3 = Vector256.FusedMultiplyAdd(x, upper, t3);
            b += bStride;
        }
        s0.Store(c);
        t0.Store(c + 8);
        s1.Store(c1);
        t1.Store(c1 + 8);
        s2.Store(c2);
        t2.Store(c2 + 8);
        s3.Store(c3);
        t3.Store(c3 + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyAddMany(float* a, int aStride, int rows, float* b, int bStride, int count, float* c, int cStride)
    {
        // Rows beyond the last repeat it, as above.
        var a1 = a + aStride;
        var c1 = c + cStride;
        var a2 = a1 + aStride;
        var c2 = c1 + cStride;
        var a3 = a2 + aStride;
        var c3 = c2 + cStride;
        var a4 = a3 + aStride;
        var c4 = c3 + cStride;
        var a5 = a4 + (rows > 5 ? aStride : 0);
        var c5 = c4 + (rows > 5 ? cStride : 0);
        var a6 = a5 + (rows > 6 ? aStride : 0);
        var c6 = c5 + (rows > 6 ? cStride : 0);
        var a7 = a6 + (rows > 7 ? aStride : 0);
        var c7 = c6 + (rows > 7 ? cStride : 0);
        var s0 = Vector512.Load(c);
        var s1 = Vector512.Load(c1);
        var s2 = Vector512.Load(c2);
        var s3 = Vector512.Load(c3);
        var s4 = Vector512.Load(c4);
        var s5 = Vector512.Load(c5);
        var s6 = Vector512.Load(c6);
        var s7 = Vector512.Load(c7);
        for (nint k = 0; k < count; k++)
        {
            var x = Vector512.Load(b);
            s0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[k]), x, s0);
            s1 = Vector512.FusedMultiplyAdd(Vector512.Create(a1[k]), x, s1);
            s2 = Vector512.FusedMultiplyAdd(Vector512.Create(a2[k]), x, s2);
            s3 = Vector512.FusedMultiplyAdd(Vector512.Create(a3[k]), x, s3);
            s4 = Vector512.FusedMultiplyAdd(Vector512.Create(a4[k]), x, s4);
            s5 = Vector512.FusedMultiplyAdd(Vector512.Create(a5[k]), x, s5);
            s6 = Vector512.FusedMultiplyAdd(Vector512.Create(a6[k]), x, s6);
            s7 = Vector512.FusedMultiplyAdd(Vector512.Create(a7[k]), x, s7);
            b += bStride;
        }
        s0.Store(c);
        s1.Store(c1);
        s2.Store(c2);
        s3.Store(c3);
        s4.Store(c4);
        s5.Store(c5);
        s6.Store(c6);
        s7.Store(c7);
    }
}
