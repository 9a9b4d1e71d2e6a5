using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>Moves blocks between the file's order, row by row, and a panel's, element by element of 16 rows. No bit changes.</summary>
internal static unsafe class PanelPacker
{
    /// <summary>Packs the rows of one panel.</summary>
    /// <param name="layout">The format.</param>
    /// <param name="source">The first of the panel's rows.</param>
    /// <param name="rowBytes">Bytes of a row.</param>
    /// <param name="rows">Rows there are, up to 16; the panel's others stay as they are.</param>
    /// <param name="panel">Receives 16 rows.</param>
    public static void Pack(PanelLayout layout, byte* source, long rowBytes, int rows, byte* panel)
    {
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

    /// <summary>Four elements of four rows at a time, transposed in registers.</summary>
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
