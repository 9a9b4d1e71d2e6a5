using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>
/// Rounds the rows of a matrix to BF16 and packs them into panels of pairs, <c>[depth / 2, width]</c>: two values of a row that follow each
/// other, the first in the lower half. What is missing at the end is zero.
/// </summary>
internal static unsafe class PairPacking
{
    /// <summary>Rows as the left side of tiles: in pairs, row after row, if their values follow each other, and packed otherwise.</summary>
    public static TileRows LayRows<TTile>(StridedMatrix source, int rows, int depth, float* memory) where TTile : struct, IProductTile
    {
        var steps = (depth + 1) / 2;
        if (source.ColumnStride != 1 || rows % TTile.Rows != 0)
        {
            Pack(source, rows, depth, TTile.Rows, (uint*)memory, steps);
            return TileRows.Packed<TTile>(memory, steps);
        }
        for (nint row = 0; row < rows; row++)
            JoinValues(source.Values + row * source.RowStride, depth, (uint*)memory + row * steps);
        return TileRows.InPlace<TTile>(memory, steps);
    }

    /// <summary>A panel of the right side from <c>[depth, TTile.Columns]</c>.</summary>
    public static float* LayColumns<TTile>(float* values, int depth, float* memory) where TTile : struct, IProductTile
    {
        Pack(new StridedMatrix(values, 1, TTile.Columns), TTile.Columns, depth, TTile.Columns, (uint*)memory, (depth + 1) / 2);
        return memory;
    }

    /// <summary>Packs rows.</summary>
    /// <param name="source"><c>[rows, depth]</c>.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="depth">Columns.</param>
    /// <param name="width">Rows of a panel: less than 8, or a multiple of 8.</param>
    /// <param name="panels">Receives the pairs and, behind them, up to <see cref="PanelPacking.Slack"/> without meaning.</param>
    /// <param name="panelSteps">Steps from one panel to the next.</param>
    public static void Pack(StridedMatrix source, int rows, int depth, int width, uint* panels, int panelSteps)
    {
        var (row, steps) = (0, (depth + 1) / 2);
        if (source.RowStride == 1 && width % 8 == 0)
        {
            row = rows / width * width;
            for (var step = 0; step < steps; step += PanelPacking.Sweep)
            {
                var values = Math.Min(2 * PanelPacking.Sweep, depth - 2 * step);
                JoinSweep(source.From(0, 2 * step), row, values, width, panels + (nint)step * width, panelSteps);
            }
        }
        for (; row < rows; row += width)
            PackPanel(source.From(row, 0), Math.Min(width, rows - row), depth, width, panels + (nint)row * panelSteps);
    }

    private static void PackPanel(StridedMatrix source, int rows, int depth, int width, uint* panel)
    {
        var step = 0;
        if (rows == width && source.RowStride == 1)
            step = JoinSteps(source.Values, source.ColumnStride, depth, width, panel);
        else if (rows == width && source.ColumnStride == 1 && Avx.IsSupported)
            step = TurnRows(source, depth, width, panel);
        for (; 2 * step < depth; step++)
        {
            var pairs = panel + (nint)step * width;
            for (var row = 0; row < width; row++)
                pairs[row] = row < rows ? Pair(source.From(row, 2 * step), depth - 2 * step) : 0;
        }
    }

    private static uint Pair(StridedMatrix values, int count) =>
        BF16Format.Round(values.Values[0]) | (count > 1 ? (uint)BF16Format.Round(values.Values[values.ColumnStride]) << 16 : 0);

    /// <summary><see cref="BF16Format.Round"/> in the upper halves; what is in the lower ones has no meaning.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Round(Vector512<float> values)
    {
        var bits = values.AsUInt32();
        var rounded = bits + Vector512.Create(0x7fffu) + (bits >>> 16 & Vector512<uint>.One);
        return Vector512.ConditionalSelect(Vector512.Equals(values, values).AsUInt32(), rounded, bits | Vector512.Create(0x400000u));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Round(Vector256<float> values)
    {
        var bits = values.AsUInt32();
        var rounded = bits + Vector256.Create(0x7fffu) + (bits >>> 16 & Vector256<uint>.One);
        return Vector256.ConditionalSelect(Vector256.Equals(values, values).AsUInt32(), rounded, bits | Vector256.Create(0x400000u));
    }

    /// <summary>Some steps of all panels, before the cache lines that these share are gone.</summary>
    private static void JoinSweep(StridedMatrix source, int rows, int depth, int width, uint* panels, int panelSteps)
    {
        var row = 0;
        for (; width == 8 && row + 16 <= rows; row += 16)
            JoinTwice(source.From(row, 0), depth, panels + (nint)row * panelSteps, panels + (nint)(row + 8) * panelSteps);
        for (; row < rows; row += width)
            PackPanel(source.From(row, 0), width, depth, width, panels + (nint)row * panelSteps);
    }

    /// <summary>Two panels of eight rows at once, which share a cache line of the source.</summary>
    private static void JoinTwice(StridedMatrix source, int depth, uint* panel, uint* other)
    {
        var stride = source.ColumnStride;
        for (var step = 0; step < depth; step += 2, panel += 8, other += 8)
        {
            var lower = source.Values + step * stride;
            var upper = step + 1 < depth ? Round(Vector512.Load(lower + stride)) & Vector512.Create(0xffff0000) : default;
            var pairs = Round(Vector512.Load(lower)) >>> 16 | upper;
            pairs.GetLower().Store(panel);
            pairs.GetUpper().Store(other);
        }
    }

    /// <summary>Values that follow each other, in pairs.</summary>
    private static void JoinValues(float* values, int depth, uint* pairs)
    {
        var step = 0;
        for (; 2 * step + 16 <= depth; step += 8)
            Pairs(values + 2 * step).Store((float*)(pairs + step));
        for (; 2 * step < depth; step++)
            pairs[step] = Pair(new StridedMatrix(values + 2 * step, 0, 1), depth - 2 * step);
    }

    /// <summary>Columns whose values lie side by side: two of them give a step. Returns the steps made.</summary>
    private static int JoinSteps(float* source, nint stride, int depth, int width, uint* panel)
    {
        var steps = depth / 2;
        for (var step = 0; step < steps; step++, panel += width)
        {
            var lower = source + 2 * step * stride;
            var upper = lower + stride;
            var i = 0;
            for (; Vector512.IsHardwareAccelerated && i + 16 <= width; i += 16)
            {
                var pairs = Round(Vector512.Load(lower + i)) >>> 16 | Round(Vector512.Load(upper + i)) & Vector512.Create(0xffff0000);
                pairs.Store(panel + i);
            }
            for (; i + 8 <= width; i += 8)
            {
                var pairs = Round(Vector256.Load(lower + i)) >>> 16 | Round(Vector256.Load(upper + i)) & Vector256.Create(0xffff0000);
                pairs.Store(panel + i);
            }
            for (; i < width; i++)
                panel[i] = BF16Format.Round(lower[i]) | (uint)BF16Format.Round(upper[i]) << 16;
        }
        return steps;
    }

    /// <summary>Rows whose values follow each other, eight by eight and sixteen values at a time. Returns the steps made.</summary>
    private static int TurnRows(StridedMatrix source, int depth, int width, uint* panel)
    {
        var steps = depth / 16 * 8;
        for (var step = 0; step < steps; step += 8)
        {
            for (var row = 0; row < width; row += 8)
            {
                var values = source.Values + row * source.RowStride + 2 * step;
                var stride = source.RowStride;
                var count = width - row;
                PanelPacking.Turn(
                    Pairs(values), Pairs(values + stride), Pairs(values + 2 * stride), Pairs(values + 3 * stride),
                    count > 4 ? Pairs(values + 4 * stride) : default, count > 5 ? Pairs(values + 5 * stride) : default,
                    count > 6 ? Pairs(values + 6 * stride) : default, count > 7 ? Pairs(values + 7 * stride) : default,
                    (float*)(panel + (nint)step * width + row), width);
            }
        }
        return steps;
    }

    /// <summary>Eight pairs of sixteen values in a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pairs(float* values) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector256UInt16(Round(Vector512.Load(values)) >>> 16).AsSingle()
        : Vector256.Narrow(Round(Vector256.Load(values)) >>> 16, Round(Vector256.Load(values + 8)) >>> 16).AsSingle();
}
