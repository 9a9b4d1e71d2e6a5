using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// The two orders in which files keep the rows of query and key weights. A rotated pair is two adjacent rows of a head in Meta's own files
/// and in GGUF, and here; in Hugging Face's files it is a row of the head's first half and the same row of its second half.
/// </summary>
internal static class RotaryRows
{
    /// <summary>From halves to adjacent pairs.</summary>
    /// <param name="halves"><c>[heads, 2, headDim / 2]</c> rows.</param>
    /// <param name="rows">Rows in all, a multiple of <paramref name="headDim"/>.</param>
    /// <param name="headDim">Rows of a head; even.</param>
    /// <returns><c>[heads, headDim / 2, 2]</c> rows, owned by the caller.</returns>
    public static NativeBuffer ToAdjacentPairs(TensorData halves, int rows, int headDim) =>
        Reorder(halves, rows, headDim, row => row % 2 * (headDim / 2) + row / 2);

    /// <summary>From adjacent pairs to halves: the inverse.</summary>
    public static NativeBuffer ToHalves(TensorData pairs, int rows, int headDim) =>
        Reorder(pairs, rows, headDim, row => row % (headDim / 2) * 2 + row / (headDim / 2));

    private static NativeBuffer Reorder(TensorData source, int rows, int headDim, Func<int, int> sourceRowInHead)
    {
        if (headDim % 2 != 0 || rows % headDim != 0)
            throw new ArgumentException($"{rows} rows are not heads of an even {headDim} rows.", nameof(rows));
        var rowBytes = checked((int)(source.Bytes / rows));
        var target = new NativeBuffer(source.Bytes);
        for (var row = 0; row < rows; row++)
        {
            var (head, rowInHead) = Math.DivRem(row, headDim);
            var sourceRow = head * headDim + sourceRowInHead(rowInHead);
            source.Span((long)sourceRow * rowBytes, rowBytes).CopyTo(target.Span<byte>((long)row * rowBytes, rowBytes));
        }
        source.DropPages();
        return target;
    }
}
