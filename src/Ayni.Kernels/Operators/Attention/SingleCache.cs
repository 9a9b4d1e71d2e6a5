namespace Ayni.Kernels;

/// <summary><see cref="CacheType.F32"/>: nothing to round and nothing to unpack.</summary>
internal readonly unsafe struct SingleCache : ICacheFormat
{
    public static int BytesOf(int width) => Lanes.Count * width * sizeof(float);

    public static bool Fits(int headDim) => true;

    public static void WriteKey(float* key, int headDim, byte* block, int slot)
    {
        for (var i = 0; i < headDim; i++)
            ((float*)block)[i * Lanes.Count + slot] = key[i];
    }

    public static void WriteValue(float* value, int headDim, int width, byte* block, int slot) =>
        new ReadOnlySpan<float>(value, headDim).CopyTo(new Span<float>((float*)block + slot * width, width));

    public static float* Keys(byte* block, int headDim, float* room) => (float*)block;

    public static float* Values(byte* block, int width, float* room) => (float*)block;

    public static float Key(byte* block, int slot, int index) => ((float*)block)[index * Lanes.Count + slot];

    public static float Value(byte* block, int width, int slot, int index) => ((float*)block)[slot * width + index];
}
