using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>A float of 16 bits.</summary>
internal interface ISixteenBitFloat
{
    /// <summary>The nearest ones, ties to even; what is too large becomes infinite, what is no number stays none.</summary>
    static abstract Vector128<ushort> Round(Vector256<float> values);

    /// <summary>What they stand for, exactly.</summary>
    static abstract Lanes Widen(Vector256<ushort> bits);

    /// <summary>The scalar reference of <see cref="Widen(Vector256{ushort})"/>.</summary>
    static abstract float Widen(ushort bits);
}

/// <summary>IEEE half precision, for <see cref="CacheType.F16"/>.</summary>
internal readonly struct Float16 : ISixteenBitFloat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Round(Vector256<float> values)
    {
        var sign = values.AsInt32() & Vector256.Create(int.MinValue);
        var magnitude = values.AsInt32() ^ sign;

        // Exponents are rebased, and the lost bits round the rest up from just below or, where it is odd, from just at the middle.
        var odd = (magnitude >> 13) & Vector256<int>.One;
        var normal = (magnitude + Vector256.Create(((15 - 127) << 23) + 0xfff) + odd) >> 13;

        // Added to one half, whose last bit is the smallest subnormal number, the sum itself is rounded.
        var half = Vector256.Create(0.5f);
        var subnormal = (magnitude.AsSingle() + half).AsInt32() - half.AsInt32();

        var isNumber = ~Vector256.GreaterThan(magnitude, Vector256.Create(0x7f800000));
        var huge = Vector256.ConditionalSelect(isNumber, Vector256.Create(0x7c00), Vector256.Create(0x7e00));
        var bits = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create((127 - 14) << 23)), subnormal, normal);
        bits = Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(magnitude, Vector256.Create((127 + 16) << 23)), huge, bits);
        bits |= (sign >>> 16);
        return Vector128.Narrow(bits.AsUInt32().GetLower(), bits.AsUInt32().GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Widen(Vector256<ushort> bits) => Lanes.FromHalves(bits);

    public static float Widen(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);
}

/// <summary>The upper half of single precision, for <see cref="CacheType.BF16"/> and what is multiplied with BF16 weights.</summary>
internal readonly struct BFloat16 : ISixteenBitFloat
{
    /// <summary>Rounds many.</summary>
    /// <param name="values">Any length.</param>
    /// <param name="bits">As many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(ReadOnlySpan<float> values, Span<ushort> bits)
    {
        var vectors = MemoryMarshal.Cast<float, Vector256<float>>(values);
        var rounded = MemoryMarshal.Cast<ushort, Vector128<ushort>>(bits[..values.Length]);
        for (var i = 0; i < vectors.Length; i++)
            rounded[i] = Round(vectors[i]);
        for (var i = vectors.Length * Vector256<float>.Count; i < values.Length; i++)
            bits[i] = Round(Vector256.Create(values[i]))[0];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Round(Vector256<float> values)
    {
        var bits = values.AsUInt32();
        var rounded = (bits + Vector256.Create(0x7fffu) + ((bits >>> 16) & Vector256<uint>.One)) >>> 16;
        var isNumber = Vector256.Equals(values, values).AsUInt32();
        rounded = Vector256.ConditionalSelect(isNumber, rounded, (bits >>> 16) | Vector256.Create(0x40u));
        return Vector128.Narrow(rounded.GetLower(), rounded.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Widen(Vector256<ushort> bits) => Lanes.FromBFloat16(bits);

    public static float Widen(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}

/// <summary><see cref="CacheType.F16"/> and <see cref="CacheType.BF16"/>.</summary>
internal readonly unsafe struct SixteenBitCache<TFloat> : ICacheFormat where TFloat : ISixteenBitFloat
{
    public static int BytesOf(int width) => Lanes.Count * width * sizeof(ushort);

    public static bool Fits(int headDim) => true;

    public static void WriteKey(float* key, int headDim, byte* block, int slot)
    {
        for (var i = 0; i < headDim; i += Vector256<float>.Count)
        {
            var bits = TFloat.Round(Load(key + i, headDim - i));
            for (var j = 0; j < Vector256<float>.Count && i + j < headDim; j++)
                ((ushort*)block)[(i + j) * Lanes.Count + slot] = bits[j];
        }
    }

    public static void WriteValue(float* value, int headDim, int width, byte* block, int slot)
    {
        // Zeros beyond the head are written where zeros were.
        for (var i = 0; i < headDim; i += Vector256<float>.Count)
            TFloat.Round(Load(value + i, headDim - i)).Store((ushort*)block + slot * width + i);
    }

    public static float* Keys(byte* block, int headDim, float* room) => Unpack((ushort*)block, headDim, room);

    public static float* Values(byte* block, int width, float* room) => Unpack((ushort*)block, width, room);

    public static float Key(byte* block, int slot, int index) => TFloat.Widen(((ushort*)block)[index * Lanes.Count + slot]);

    public static float Value(byte* block, int width, int slot, int index) => TFloat.Widen(((ushort*)block)[slot * width + index]);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float* Unpack(ushort* block, int width, float* room)
    {
        for (var i = 0; i < width * Lanes.Count; i += Lanes.Count)
            TFloat.Widen(Vector256.Load(block + i)).Store(room + i);
        return room;
    }

    private static Vector256<float> Load(float* values, int count)
    {
        if (count >= Vector256<float>.Count)
            return Vector256.Load(values);
        var vector = Vector256<float>.Zero;
        for (var i = 0; i < count; i++)
            vector = vector.WithElement(i, values[i]);
        return vector;
    }
}
