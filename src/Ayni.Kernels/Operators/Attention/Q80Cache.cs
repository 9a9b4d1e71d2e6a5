using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// <see cref="CacheType.Q8_0"/>. A key block holds for each 32 values of the head the 16 slots' scales and then the bytes; a value block
/// holds for each slot the blocks of a Q8_0 row. Scale times byte is exact in 32 bits.
/// </summary>
internal readonly unsafe struct Q80Cache : ICacheFormat
{
    private const int Length = 32;
    private const int ScaleBytes = 2;
    private const int BlockBytes = ScaleBytes + Length;

    public static int BytesOf(int width) => Lanes.Count * (width / Length) * BlockBytes;

    public static bool Fits(int headDim) => headDim % Length == 0;

    public static void WriteKey(float* key, int headDim, byte* block, int slot)
    {
        for (var i = 0; i < headDim; i += Length)
        {
            ((ushort*)block)[slot] = Quantize(key + i, out var bytes);
            var values = (sbyte*)block + Lanes.Count * ScaleBytes + slot;
            for (var j = 0; j < Length; j++)
                values[j * Lanes.Count] = bytes[j];
            block += Lanes.Count * BlockBytes;
        }
    }

    public static void WriteValue(float* value, int headDim, int width, byte* block, int slot)
    {
        var row = block + slot * RowBytes(width);
        for (var i = 0; i < headDim; i += Length)
        {
            *(ushort*)row = Quantize(value + i, out var bytes);
            bytes.Store((sbyte*)row + ScaleBytes);
            row += BlockBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float* Keys(byte* block, int headDim, float* room)
    {
        var next = room;
        for (var i = 0; i < headDim; i += Length)
        {
            var scales = Lanes.FromHalves(Vector256.Load((ushort*)block));
            var values = (sbyte*)block + Lanes.Count * ScaleBytes;
            for (var j = 0; j < Length; j++)
            {
                (scales * Lanes.FromSignedBytes(Vector128.Load(values))).Store(next);
                values += Lanes.Count;
                next += Lanes.Count;
            }
            block += Lanes.Count * BlockBytes;
        }
        return room;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float* Values(byte* block, int width, float* room)
    {
        var next = room;
        for (var i = 0; i < Lanes.Count * width; i += Length)
        {
            var scale = Vector256.Create(ScaleOf(block));
            var scales = new Lanes(scale, scale);
            (scales * Lanes.FromSignedBytes(Vector128.Load((sbyte*)block + ScaleBytes))).Store(next);
            (scales * Lanes.FromSignedBytes(Vector128.Load((sbyte*)block + ScaleBytes + Lanes.Count))).Store(next + Lanes.Count);
            block += BlockBytes;
            next += Length;
        }
        return room;
    }

    public static float Key(byte* block, int slot, int index)
    {
        block += index / Length * Lanes.Count * BlockBytes;
        return ScaleOf(block + slot * ScaleBytes) * ((sbyte*)block)[Lanes.Count * ScaleBytes + index % Length * Lanes.Count + slot];
    }

    public static float Value(byte* block, int width, int slot, int index)
    {
        block += slot * RowBytes(width) + index / Length * BlockBytes;
        return ScaleOf(block) * ((sbyte*)block)[ScaleBytes + index % Length];
    }

    private static int RowBytes(int width) => width / Length * BlockBytes;

    private static float ScaleOf(byte* scale) => (float)*(Half*)scale;

    /// <summary>
    /// 32 values to the nearest whole numbers of a scale, ties to even; the scale's bits. What is not finite makes the scale so.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ushort Quantize(float* values, out Vector256<sbyte> bytes)
    {
        // Magnitudes compared as integers: what is no number is greater than all numbers.
        var mask = Vector256.Create(int.MaxValue);
        var (a, b, c, d) = (Vector256.Load(values), Vector256.Load(values + 8), Vector256.Load(values + 16), Vector256.Load(values + 24));
        var greatest = Vector256.Max(
            Vector256.Max(a.AsInt32() & mask, b.AsInt32() & mask), Vector256.Max(c.AsInt32() & mask, d.AsInt32() & mask));
        var most = 0;
        for (var i = 0; i < Vector256<int>.Count; i++)
            most = Math.Max(most, greatest[i]);
        var extreme = BitConverter.Int32BitsToSingle(most);
        var half = (Half)(float.IsFinite(extreme) ? MathF.Min(extreme / 127, (float)Half.MaxValue) : extreme);
        var scale = Vector256.Create((float)half);
        bytes = half == Half.Zero
            ? Vector256<sbyte>.Zero
            : Vector256.Narrow(Vector256.Narrow(Whole(a / scale), Whole(b / scale)), Vector256.Narrow(Whole(c / scale), Whole(d / scale)));
        return BitConverter.HalfToUInt16Bits(half);
    }

    private static Vector256<int> Whole(Vector256<float> values) =>
        Vector256.ConvertToInt32(Vector256.Clamp(Vector256.Round(values), Vector256.Create(-127f), Vector256.Create(127f)));
}
