using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>Moves blocks between the file's order, row by row, and a panel's, element by element of 16 rows. No bit changes.</summary>
/// <remarks>Compiled at its best from the start: a model is packed before the runtime would notice how often this runs.</remarks>
internal static unsafe class PanelPacker
{
    // Memory that is written is read first: asked for ahead, so that stores do not wait.
    private const int PrefetchBytes = 4096;

    /// <summary>Packs the rows of one panel.</summary>
    /// <param name="layout">The format.</param>
    /// <param name="source">The first of the panel's rows.</param>
    /// <param name="rowBytes">Bytes of a row.</param>
    /// <param name="rows">Rows there are, up to 16; the panel's others stay as they are.</param>
    /// <param name="panel">Receives 16 rows.</param>
    public static void Pack(PanelLayout layout, byte* source, long rowBytes, int rows, byte* panel)
    {
        if (layout is FloatLayout)
        {
            PackNumbers(source, rowBytes, rows, layout.BlockBytes, panel);
            return;
        }
        for (var block = 0L; block < rowBytes / layout.BlockBytes; block++)
        {
            for (var line = 0; line < layout.BlockBytes * Lanes.Count && Sse.IsSupported; line += 64)
                Sse.Prefetch0(panel + PrefetchBytes + line);
            PackBlock(layout.Moves, source, rowBytes, rows, panel);
            source += layout.BlockBytes;
            panel += layout.BlockBytes * Lanes.Count;
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
            for (var i = 0; i < field.Places.Length; i++)
            {
                var from = panelBlock + field.OffsetOf(i) + lane * field.ElementBytes;
                new ReadOnlySpan<byte>(from, field.ElementBytes).CopyTo(block[field.Places[i]..]);
            }
        }
    }

    /// <summary>One block of some rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void PackBlock(PanelMoves moves, byte* source, long rowBytes, int rows, byte* panel)
    {
        if (rows < Lanes.Count)
        {
            MoveElements(moves.All, source, rowBytes, rows, panel);
            return;
        }
        var vectors = stackalloc Vector128<byte>[2 * Lanes.Count];
        fixed (int* fours = moves.Fours, bytes = moves.Bytes)
        {
            for (var i = 0; i < moves.Fours.Length; i += 1 + PanelMoves.FourCount)
                MoveFours(source + fours[i], rowBytes, panel, fours + i + 1);
            for (var i = 0; i < moves.Bytes.Length; i += 1 + PanelMoves.ByteCount)
                MoveBytes(source + bytes[i], rowBytes, panel, bytes + i + 1, vectors);
        }
        MoveElements(moves.Rest, source, rowBytes, rows, panel);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MoveElements(int[] moves, byte* source, long rowBytes, int rows, byte* panel)
    {
        for (var i = 0; i < moves.Length; i += 3)
            MoveElement(source + moves[i], rowBytes, rows, panel + moves[i + 1], moves[i + 2]);
    }

    /// <summary>One element of some rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MoveElement(byte* from, long rowBytes, int rows, byte* to, int elementBytes)
    {
        switch (elementBytes)
        {
            case sizeof(uint):
                for (var row = 0; row < rows; row++)
                    ((uint*)to)[row] = *(uint*)(from + row * rowBytes);
                break;
            case sizeof(ushort):
                for (var row = 0; row < rows; row++)
                    ((ushort*)to)[row] = *(ushort*)(from + row * rowBytes);
                break;
            default:
                for (var row = 0; row < rows; row++)
                    to[row] = from[row * rowBytes];
                break;
        }
    }

    /// <summary>
    /// Four elements of 4 bytes of sixteen rows, transposed in registers; line by line, since memory is written by lines.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MoveFours(byte* from, long rowBytes, byte* panel, int* offsets)
    {
        var first = Transpose(from, rowBytes);
        var second = Transpose(from + 4 * rowBytes, rowBytes);
        var third = Transpose(from + 8 * rowBytes, rowBytes);
        var fourth = Transpose(from + 12 * rowBytes, rowBytes);
        StoreRows(first.A, second.A, third.A, fourth.A, panel + offsets[0]);
        StoreRows(first.B, second.B, third.B, fourth.B, panel + offsets[1]);
        StoreRows(first.C, second.C, third.C, fourth.C, panel + offsets[2]);
        StoreRows(first.D, second.D, third.D, fourth.D, panel + offsets[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRows(Vector128<uint> a, Vector128<uint> b, Vector128<uint> c, Vector128<uint> d, byte* target)
    {
        a.Store((uint*)target);
        b.Store((uint*)target + 4);
        c.Store((uint*)target + 8);
        d.Store((uint*)target + 12);
    }

    /// <summary>Four elements of 4 bytes of four rows: each of all rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<uint> A, Vector128<uint> B, Vector128<uint> C, Vector128<uint> D) Transpose(byte* source, long rowBytes)
    {
        var (a, b) = (Vector128.Load((uint*)source), Vector128.Load((uint*)(source + rowBytes)));
        var (c, d) = (Vector128.Load((uint*)(source + 2 * rowBytes)), Vector128.Load((uint*)(source + 3 * rowBytes)));
        var (ab, abHigh) = (Pairing.Low(a, b).AsUInt64(), Pairing.High(a, b).AsUInt64());
        var (cd, cdHigh) = (Pairing.Low(c, d).AsUInt64(), Pairing.High(c, d).AsUInt64());
        return (
            Pairing.Low(ab, cd).AsUInt32(),
            Pairing.High(ab, cd).AsUInt32(),
            Pairing.Low(abHigh, cdHigh).AsUInt32(),
            Pairing.High(abHigh, cdHigh).AsUInt32());
    }

    /// <summary>
    /// Sixteen bytes of sixteen rows, transposed in registers: each time, rows from the first and the second half are interleaved, and
    /// after four times each vector has one byte of all rows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MoveBytes(byte* from, long rowBytes, byte* panel, int* offsets, Vector128<byte>* vectors)
    {
        var current = vectors;
        for (var row = 0; row < Lanes.Count; row++)
            current[row] = Vector128.Load(from + row * rowBytes);
        for (var time = 0; time < 4; time++)
        {
            var next = vectors + (time + 1) % 2 * Lanes.Count;
            for (var i = 0; i < Lanes.Count / 2; i++)
            {
                next[2 * i] = Pairing.Low(current[i], current[i + Lanes.Count / 2]);
                next[2 * i + 1] = Pairing.High(current[i], current[i + Lanes.Count / 2]);
            }
            current = next;
        }
        for (var i = 0; i < PanelMoves.ByteCount; i++)
            current[i].Store(panel + offsets[i]);
    }

    /// <summary>Plain numbers: a row is one field.</summary>
    private static void PackNumbers(byte* source, long rowBytes, int rows, int elementBytes, byte* panel)
    {
        var whole = rows == Lanes.Count ? (int)(rowBytes / 16 * 16) : 0;
        if (elementBytes == sizeof(float))
            Interleave(source, rowBytes, whole, panel);
        else
            InterleaveWords(source, rowBytes, whole, panel);
        for (var i = (long)whole; i < rowBytes; i += elementBytes)
            MoveElement(source + i, rowBytes, rows, panel + i * Lanes.Count, elementBytes);
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
        return (Pairing.Low(a, b).AsUInt32(), Pairing.High(a, b).AsUInt32());
    }

    /// <summary>Four columns of eight rows, from four pairs of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreColumns(Vector128<uint> a, Vector128<uint> b, Vector128<uint> c, Vector128<uint> d, byte* target)
    {
        const int ColumnBytes = Lanes.Count * sizeof(ushort);
        var (ab, abLast) = (Pairing.Low(a, b).AsUInt64(), Pairing.High(a, b).AsUInt64());
        var (cd, cdLast) = (Pairing.Low(c, d).AsUInt64(), Pairing.High(c, d).AsUInt64());
        Pairing.Low(ab, cd).Store((ulong*)target);
        Pairing.High(ab, cd).Store((ulong*)(target + ColumnBytes));
        Pairing.Low(abLast, cdLast).Store((ulong*)(target + 2 * ColumnBytes));
        Pairing.High(abLast, cdLast).Store((ulong*)(target + 3 * ColumnBytes));
    }

    /// <summary>Four elements of four rows at a time, transposed in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Interleave(byte* from, long rowBytes, int bytes, byte* to)
    {
        for (var i = 0; i < bytes; i += 16)
        {
            for (var row = 0; row < Lanes.Count; row += 4)
            {
                var columns = Transpose(from + i + row * rowBytes, rowBytes);
                var target = (uint*)to + i * Lanes.Count / sizeof(uint) + row;
                columns.A.Store(target);
                columns.B.Store(target + Lanes.Count);
                columns.C.Store(target + 2 * Lanes.Count);
                columns.D.Store(target + 3 * Lanes.Count);
            }
        }
    }
}
