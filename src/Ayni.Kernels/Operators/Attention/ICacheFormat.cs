namespace Ayni.Kernels;

/// <summary>
/// How one cache type stores the keys and the values of one head in one block. Keys lie value by value, the same value of all 16 slots side
/// by side, so that a query's scores are the lanes of two vectors; values lie slot by slot, so that what is gathered of them is a vector,
/// too.
/// </summary>
internal unsafe interface ICacheFormat
{
    /// <summary>Bytes of 16 slots of a head of so many values, which <see cref="Fits"/>.</summary>
    static abstract int BytesOf(int width);

    /// <summary>Whether heads of so many values can be stored.</summary>
    static abstract bool Fits(int headDim);

    /// <summary>Rounds a slot's key into its block.</summary>
    static abstract void WriteKey(float* key, int headDim, byte* block, int slot);

    /// <summary>Rounds a slot's value into its block.</summary>
    /// <param name="value"><c>[headDim]</c>.</param>
    /// <param name="headDim">Values in the head.</param>
    /// <param name="width">Values in the block's rows; those beyond the head are left alone.</param>
    /// <param name="block">The block.</param>
    /// <param name="slot">The row.</param>
    static abstract void WriteValue(float* value, int headDim, int width, byte* block, int slot);

    /// <summary>
    /// All keys of a block, <c>[headDim, 16]</c>: in its own memory if it is that already, else in <paramref name="room"/>.
    /// </summary>
    static abstract float* Keys(byte* block, int headDim, float* room);

    /// <summary>All values of a block, <c>[16, width]</c>, likewise.</summary>
    static abstract float* Values(byte* block, int width, float* room);

    /// <summary>The scalar reference: one value of one slot's key.</summary>
    static abstract float Key(byte* block, int slot, int index);

    /// <summary>The scalar reference: one value of one slot's value.</summary>
    static abstract float Value(byte* block, int width, int slot, int index);
}
