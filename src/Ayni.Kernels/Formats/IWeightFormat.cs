namespace Ayni.Kernels;

/// <summary>
/// How one tensor type stores weights: blocks of consecutive columns of one row. A format knows its block in the file (the scalar
/// reference) and the same blocks of sixteen rows side by side in a packed panel.
/// </summary>
/// <remarks>
/// A panel holds, for each block and each element of the block, that element of all 16 rows in turn, where an element is
/// <see cref="ElementBytes"/> long. So 16 lanes of a vector are 16 rows, and no format needs a packer of its own.
/// </remarks>
internal unsafe interface IWeightFormat
{
    /// <summary>The tensor type.</summary>
    static abstract TensorType Type { get; }

    /// <summary>Weights in a block.</summary>
    static abstract int BlockLength { get; }

    /// <summary>Bytes in a block.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>The unit that packing moves: 1, 2 or 4 bytes; divides <see cref="BlockBytes"/>.</summary>
    static abstract int ElementBytes { get; }

    /// <summary>The scalar reference: the weights of one block of the file.</summary>
    /// <param name="block"><see cref="BlockBytes"/> bytes.</param>
    /// <param name="weights">Receives <see cref="BlockLength"/> weights.</param>
    static abstract void Decode(ReadOnlySpan<byte> block, Span<float> weights);

    /// <summary>The weights of consecutive blocks of a panel, equal to the last bit to <see cref="Decode"/>.</summary>
    /// <param name="panel">The blocks of 16 rows, element by element.</param>
    /// <param name="blockCount">Blocks to decode.</param>
    /// <param name="strip">Receives <c>[blockCount * BlockLength, 16]</c> weights: 16 rows of each column.</param>
    static abstract void DecodePanel(byte* panel, int blockCount, float* strip);
}
