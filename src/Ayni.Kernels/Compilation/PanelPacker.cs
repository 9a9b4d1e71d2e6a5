using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>Moves blocks between the file's order, row by row, and a panel's, element by element of 16 rows. No bit changes.</summary>
/// <remarks>Compiled at its best from the start: a model is packed before the runtime would notice how often this runs.</remarks>
internal static unsafe class PanelPacker
{
    /// <summary>Packs the rows of one panel.</summary>
    /// <param name="layout">The format.</param>
    /// <param name="source">The first of the panel's rows.</param>
    /// <param name="rowBytes">Bytes of a row.</param>
    /// <param name="rows">Rows there are, up to 16; the panel's others stay as they are.</param>
    /// <param name="panel">Receives 16 rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(PanelLayout layout, byte* source, long rowBytes, int rows, byte* panel)
    {
        if (layout is FloatLayout)
        {
            PackNumbers(source, rowBytes, rows, layout.BlockBytes, panel);
            return;
        }
        var fields = layout.Fields;
        var blockCount = rowBytes / layout.BlockBytes;
        for (var f = 0; f < fields.Count; f++)
        {
            var field = fields[f];
            var from = source + field.FileOffset;
            var to = panel + field.PanelOffset;
            var isWhole = rows == Lanes.Count && field.ElementBytes == 4 && field.Bytes % 16 == 0;
            for (var block = 0L; block < blockCount; block++)
            {
                if (isWhole)
                    Interleave(from, rowBytes, field.Bytes, to);
                else
                    Scatter(from, rowBytes, rows, field, to);
                from += layout.BlockBytes;
                to += layout.BlockBytes * Lanes.Count;
            }
        }
    }

    /// <summary>One block of one row, as the file has it.</summary>
    /// <param name="layout">The format.</param>
    /// <param name="panelBlock">The block's place in the panel.</param>
    /// <param name="lane">The row's number in the panel.</param>
    /// <param name="block">Receives the block.</param>
    public static void Gather(PanelLayout layout, byte* panelBlock, int lane, Span<byte> block)
    {
        for (var f = 0; f < layout.Fields.Count; f++)
        {
            var field = layout.Fields[f];
            var from = panelBlock + field.PanelOffset + lane * field.ElementBytes;
            for (var i = 0; i < field.Bytes; i += field.ElementBytes)
            {
                new ReadOnlySpan<byte>(from, field.ElementBytes).CopyTo(block[(field.FileOffset + i)..]);
                from += field.ElementBytes * Lanes.Count;
            }
        }
    }

    /// <summary>Plain numbers: a row is one field.</summary>
    private static void PackNumbers(byte* source, long rowBytes, int rows, int elementBytes, byte* panel)
    {
        var whole = rows == Lanes.Count ? (int)(rowBytes / 16 * 16) : 0;
        if (elementBytes == sizeof(float))
            Interleave(source, rowBytes, whole, panel);
        else
            InterleaveWords(source, rowBytes, whole, panel);
        var rest = new PanelField(0, (int)rowBytes - whole, elementBytes, 0);
        Scatter(source + whole, rowBytes, rows, rest, panel + (long)whole * Lanes.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scatter(byte* from, long rowBytes, int rows, PanelField field, byte* to)
    {
        for (var row = 0; row < rows; row++)
        {
            var source = from + row * rowBytes;
            switch (field.ElementBytes)
            {
                case 1:
                    for (var i = 0; i < field.Bytes; i++)
                        to[i * Lanes.Count + row] = source[i];
                    break;
                case 2:
                    for (var i = 0; i < field.Bytes / 2; i++)
                        ((ushort*)to)[i * Lanes.Count + row] = ((ushort*)source)[i];
                    break;
                default:
                    for (var i = 0; i < field.Bytes / 4; i++)
                        ((uint*)to)[i * Lanes.Count + row] = ((uint*)source)[i];
                    break;
            }
        }
    }

    /// <summary>Eight 16-bit elements of eight rows at a time, transposed in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void InterleaveWords(byte* from, long rowBytes, int bytes, byte* to)
    {
        for (var i = 0; i < bytes; i += 16)
        {
            for (var row = 0; row < Lanes.Count; row += 8)
            {
                var source = from + i + row * rowBytes;
                var target = to + (i * Lanes.Count + row * sizeof(ushort));
                var (a, e) = Pairs(source, rowBytes);
                var (b, f) = Pairs(source + 2 * rowBytes, rowBytes);
                var (c, g) = Pairs(source + 4 * rowBytes, rowBytes);
                var (d, h) = Pairs(source + 6 * rowBytes, rowBytes);
                StoreColumns(a, b, c, d, target);
                StoreColumns(e, f, g, h, target + 4 * Lanes.Count * sizeof(ushort));
            }
        }
    }

    /// <summary>Elements of two rows in turn: the first four of each and the last four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<uint> First, Vector128<uint> Last) Pairs(byte* source, long rowBytes)
    {
        var (a, b) = (Vector128.Load((ushort*)source), Vector128.Load((ushort*)(source + rowBytes)));
        return (Sse2.UnpackLow(a, b).AsUInt32(), Sse2.UnpackHigh(a, b).AsUInt32());
    }

    /// <summary>Four columns of eight rows, from four pairs of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreColumns(Vector128<uint> a, Vector128<uint> b, Vector128<uint> c, Vector128<uint> d, byte* target)
    {
        const int ColumnBytes = Lanes.Count * sizeof(ushort);
        var (ab, abLast) = (Sse2.UnpackLow(a, b).AsUInt64(), Sse2.UnpackHigh(a, b).AsUInt64());
        var (cd, cdLast) = (Sse2.UnpackLow(c, d).AsUInt64(), Sse2.UnpackHigh(c, d).AsUInt64());
        Sse2.UnpackLow(ab, cd).Store((ulong*)target);
        Sse2.UnpackHigh(ab, cd).Store((ulong*)(target + ColumnBytes));
        Sse2.UnpackLow(abLast, cdLast).Store((ulong*)(target + 2 * ColumnBytes));
        Sse2.UnpackHigh(abLast, cdLast).Store((ulong*)(target + 3 * ColumnBytes));
    }

    /// <summary>Four elements of four rows at a time, transposed in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Interleave(byte* from, long rowBytes, int bytes, byte* to)
    {
        for (var i = 0; i < bytes; i += 16)
        {
            for (var row = 0; row < Lanes.Count; row += 4)
            {
                var source = from + i + row * rowBytes;
                var (a, b) = (Vector128.Load((uint*)source), Vector128.Load((uint*)(source + rowBytes)));
                var (c, d) = (Vector128.Load((uint*)(source + 2 * rowBytes)), Vector128.Load((uint*)(source + 3 * rowBytes)));
                var (ab, abHigh) = (Sse2.UnpackLow(a, b).AsUInt64(), Sse2.UnpackHigh(a, b).AsUInt64());
                var (cd, cdHigh) = (Sse2.UnpackLow(c, d).AsUInt64(), Sse2.UnpackHigh(c, d).AsUInt64());
                var target = (ulong*)(to + (i * Lanes.Count + row * sizeof(uint)));
                Sse2.UnpackLow(ab, cd).Store(target);
                Sse2.UnpackHigh(ab, cd).Store(target + BlockShape.VectorBytes / sizeof(ulong));
                Sse2.UnpackLow(abHigh, cdHigh).Store(target + 2 * BlockShape.VectorBytes / sizeof(ulong));
                Sse2.UnpackHigh(abHigh, cdHigh).Store(target + 3 * BlockShape.VectorBytes / sizeof(ulong));
            }
        }
    }
}
