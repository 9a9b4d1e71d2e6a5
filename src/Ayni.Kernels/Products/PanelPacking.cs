using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>
/// Copies the rows of a matrix into panels, in which one value of each row follows another: <c>[rows / width, depth, width]</c>. Rows that
/// are missing in the last panel are zero.
/// </summary>
internal static unsafe class PanelPacking
{
    /// <summary>Floats behind a panel that packing may write over.</summary>
    public const int Slack = 8;

    /// <summary>Rows as the left side of tiles, where they are if they can be read there.</summary>
    public static TileRows LayRows<TTile>(StridedMatrix source, int rows, int depth, float* memory) where TTile : struct, IProductTile
    {
        // What lies a multiple of 4 KB apart would share one set of the first-level cache.
        if (source.ColumnStride == 1 && source.RowStride % 1024 != 0 && rows % TTile.Rows == 0)
            return TileRows.InPlace<TTile>(source.Values, source.RowStride);
        Pack(source, rows, depth, TTile.Rows, memory, depth);
        return TileRows.Packed<TTile>(memory, depth);
    }

    // Steps that go to all panels before the next.
    public const int Sweep = 32;

    /// <summary>Packs rows.</summary>
    /// <param name="source"><c>[rows, depth]</c>.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="depth">Columns.</param>
    /// <param name="width">Rows of a panel: less than 8, or a multiple of 8.</param>
    /// <param name="panels">Receives the panels and, behind them, up to <see cref="Slack"/> floats without meaning.</param>
    /// <param name="panelSteps">Steps from one panel to the next.</param>
    public static void Pack(StridedMatrix source, int rows, int depth, int width, float* panels, int panelSteps)
    {
        var row = 0;
        if (source.RowStride == 1 && width % 8 == 0)
        {
            row = rows / width * width;
            for (var step = 0; step < depth; step += Sweep)
                CopySweep(source.From(0, step), row, Math.Min(Sweep, depth - step), width, panels + (nint)step * width, panelSteps);
        }
        for (; row < rows; row += width)
            PackPanel(source.From(row, 0), Math.Min(width, rows - row), depth, width, panels + (nint)row * panelSteps);
    }

    private static void PackPanel(StridedMatrix source, int rows, int depth, int width, float* panel)
    {
        if (rows == width && source.RowStride == 1)
            CopySteps(source.Values, source.ColumnStride, depth, width, panel);
        else if (rows == width && source.ColumnStride == 1 && Avx.IsSupported)
            TurnRows(source, depth, width, panel);
        else
            CopyValues(source, rows, depth, width, panel);
    }

    /// <summary>Some steps of all panels, before the cache lines that these share are gone.</summary>
    private static void CopySweep(StridedMatrix source, int rows, int steps, int width, float* panels, int panelSteps)
    {
        var row = 0;
        for (; width == 8 && row + 16 <= rows; row += 16)
        {
            CopyTwice(
                source.Values + row, source.ColumnStride, steps, panels + (nint)row * panelSteps, panels + (nint)(row + 8) * panelSteps);
        }
        for (; row < rows; row += width)
            CopySteps(source.Values + row, source.ColumnStride, steps, width, panels + (nint)row * panelSteps);
    }

    /// <summary>Two panels of eight rows at once, which share a cache line of the source.</summary>
    private static void CopyTwice(float* source, nint stride, int depth, float* panel, float* other)
    {
        for (var step = 0; step < depth; step++, source += stride, panel += 8, other += 8)
        {
            Vector256.Load(source).Store(panel);
            Vector256.Load(source + 8).Store(other);
        }
    }

    private static void CopySteps(float* source, nint stride, int depth, int width, float* panel)
    {
        for (var step = 0; step < depth; step++, source += stride, panel += width)
        {
            var i = 0;
            for (; i + 8 <= width; i += 8)
                Vector256.Load(source + i).Store(panel + i);
            if (i + 4 <= width)
            {
                Vector128.Load(source + i).Store(panel + i);
                i += 4;
            }
            for (; i < width; i++)
                panel[i] = source[i];
        }
    }

    private static void CopyValues(StridedMatrix source, int rows, int depth, int width, float* panel)
    {
        for (var step = 0; step < depth; step++, panel += width)
        {
            var values = source.Values + step * source.ColumnStride;
            for (var row = 0; row < rows; row++)
                panel[row] = values[row * source.RowStride];
            for (var row = rows; row < width; row++)
                panel[row] = 0;
        }
    }

    /// <summary>
    /// Rows whose values follow each other, eight by eight. A panel of fewer than eight rows is written eight wide all the same, front to
    /// back, so that each step's surplus is overwritten by the next.
    /// </summary>
    private static void TurnRows(StridedMatrix source, int depth, int width, float* panel)
    {
        var step = 0;
        for (; step + 8 <= depth; step += 8)
        {
            for (var row = 0; row < width; row += 8)
            {
                var values = source.Values + row * source.RowStride + step;
                var stride = source.RowStride;
                var count = width - row;
                Turn(
                    Vector256.Load(values), Vector256.Load(values + stride), Vector256.Load(values + 2 * stride),
                    Vector256.Load(values + 3 * stride), Vector256.Load(values + 4 * stride), Vector256.Load(values + 5 * stride),
                    count > 6 ? Vector256.Load(values + 6 * stride) : default, count > 7 ? Vector256.Load(values + 7 * stride) : default,
                    panel + (nint)step * width + row, width);
            }
        }
        for (; step < depth; step++)
        {
            for (var row = 0; row < width; row++)
                panel[(nint)step * width + row] = source.Values[row * source.RowStride + step];
        }
    }

    /// <summary>Writes eight vectors as the columns of eight rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(
        Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3, Vector256<float> r4, Vector256<float> r5,
        Vector256<float> r6, Vector256<float> r7, float* target, nint width)
    {
        var (p0, p1) = (Avx.UnpackLow(r0, r1), Avx.UnpackHigh(r0, r1));
        var (p2, p3) = (Avx.UnpackLow(r2, r3), Avx.UnpackHigh(r2, r3));
        var (p4, p5) = (Avx.UnpackLow(r4, r5), Avx.UnpackHigh(r4, r5));
        var (p6, p7) = (Avx.UnpackLow(r6, r7), Avx.UnpackHigh(r6, r7));
        var (q0, q1) = (Avx.Shuffle(p0, p2, 0x44), Avx.Shuffle(p0, p2, 0xEE));
        var (q2, q3) = (Avx.Shuffle(p1, p3, 0x44), Avx.Shuffle(p1, p3, 0xEE));
        var (q4, q5) = (Avx.Shuffle(p4, p6, 0x44), Avx.Shuffle(p4, p6, 0xEE));
        var (q6, q7) = (Avx.Shuffle(p5, p7, 0x44), Avx.Shuffle(p5, p7, 0xEE));
        Avx.Permute2x128(q0, q4, 0x20).Store(target);
        Avx.Permute2x128(q1, q5, 0x20).Store(target + width);
        Avx.Permute2x128(q2, q6, 0x20).Store(target + 2 * width);
        Avx.Permute2x128(q3, q7, 0x20).Store(target + 3 * width);
        Avx.Permute2x128(q0, q4, 0x31).Store(target + 4 * width);
        Avx.Permute2x128(q1, q5, 0x31).Store(target + 5 * width);
        Avx.Permute2x128(q2, q6, 0x31).Store(target + 6 * width);
        Avx.Permute2x128(q3, q7, 0x31).Store(target + 7 * width);
    }
}
