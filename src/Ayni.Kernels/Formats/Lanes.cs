using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>Sixteen values, one for each row of a panel, in two vectors of eight.</summary>
internal readonly unsafe struct Lanes(Vector256<float> lower, Vector256<float> upper)
{
    /// <summary>Rows in a panel.</summary>
    public const int Count = 16;

    public readonly Vector256<float> Lower = lower;
    public readonly Vector256<float> Upper = upper;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes FromSignedBytes(Vector128<sbyte> values)
    {
        if (Avx2.IsSupported)
        {
            return new(
                Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(values)),
                Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(Vector128.Create(values.GetUpper(), values.GetUpper()))));
        }
        var (low, high) = Vector128.Widen(values);
        var (a, b) = Vector128.Widen(low);
        var (c, d) = Vector128.Widen(high);
        return new(Vector256.ConvertToSingle(Vector256.Create(a, b)), Vector256.ConvertToSingle(Vector256.Create(c, d)));
    }

    /// <summary>Sixteen F16 values from their low bytes and their high bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes FromHalfBytes(byte* lowBytes)
    {
        var low = Vector256.WidenLower(Vector128.Load(lowBytes).ToVector256Unsafe());
        var high = Vector256.WidenLower(Vector128.Load(lowBytes + Count).ToVector256Unsafe());
        return FromHalves(low | (high << 8));
    }

    /// <summary>Exact for every F16 value: zeros, subnormal numbers, infinities and NaN included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes FromHalves(Vector256<ushort> halves)
    {
        var (lower, upper) = Vector256.Widen(halves);
        return new(HalfToSingle(lower), HalfToSingle(upper));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes FromBFloat16(Vector256<ushort> values)
    {
        var (lower, upper) = Vector256.Widen(values);
        return new((lower << 16).AsSingle(), (upper << 16).AsSingle());
    }

    public static Lanes Load(float* source) => new(Vector256.Load(source), Vector256.Load(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes operator +(Lanes a, Lanes b) => new(a.Lower + b.Lower, a.Upper + b.Upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes operator -(Lanes a, Lanes b) => new(a.Lower - b.Lower, a.Upper - b.Upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes operator *(Lanes a, Lanes b) => new(a.Lower * b.Lower, a.Upper * b.Upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination)
    {
        Lower.Store(destination);
        Upper.Store(destination + 8);
    }

    /// <summary>Four F16 values, each in a 32-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> HalfToSingle(Vector128<uint> half)
    {
        var sign = (half & Vector128.Create(0x8000u)) << 16;
        var magnitude = (half & Vector128.Create(0x7fffu)) << 13;
        var value = (magnitude.AsSingle() * Vector128.Create(BitConverter.UInt32BitsToSingle(239u << 23))).AsUInt32();
        var special = Vector128.GreaterThanOrEqual(magnitude, Vector128.Create(0x7c00u << 13)) & Vector128.Create(0x7f800000u);
        return (value | special | sign).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> HalfToSingle(Vector256<uint> half)
    {
        var sign = (half & Vector256.Create(0x8000u)) << 16;
        var magnitude = (half & Vector256.Create(0x7fffu)) << 13;
        // An F16 exponent read as F32's is 112 too small; a product with 2^112 mends it, subnormal numbers included.
        var value = (magnitude.AsSingle() * Vector256.Create(BitConverter.UInt32BitsToSingle(239u << 23))).AsUInt32();
        var special = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x7c00u << 13)) & Vector256.Create(0x7f800000u);
        return (value | special | sign).AsSingle();
    }
}
