using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>Elements of two vectors in turn, one instruction each on x86-64 and ARM64: what transposing is made of.</summary>
internal static class Pairing
{
    /// <summary>Those of the lower halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Low<T>(Vector128<T> a, Vector128<T> b) where T : unmanaged => Unsafe.SizeOf<T>() switch
    {
        1 => (Sse2.IsSupported ? Sse2.UnpackLow(a.AsByte(), b.AsByte()) : AdvSimd.Arm64.ZipLow(a.AsByte(), b.AsByte())).As<byte, T>(),
        2 => (Sse2.IsSupported ? Sse2.UnpackLow(a.AsInt16(), b.AsInt16()) : AdvSimd.Arm64.ZipLow(a.AsInt16(), b.AsInt16())).As<short, T>(),
        4 => (Sse2.IsSupported ? Sse2.UnpackLow(a.AsInt32(), b.AsInt32()) : AdvSimd.Arm64.ZipLow(a.AsInt32(), b.AsInt32())).As<int, T>(),
        _ => (Sse2.IsSupported ? Sse2.UnpackLow(a.AsInt64(), b.AsInt64()) : AdvSimd.Arm64.ZipLow(a.AsInt64(), b.AsInt64())).As<long, T>(),
    };

    /// <summary>Those of the upper halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> High<T>(Vector128<T> a, Vector128<T> b) where T : unmanaged => Unsafe.SizeOf<T>() switch
    {
        1 => (Sse2.IsSupported ? Sse2.UnpackHigh(a.AsByte(), b.AsByte()) : AdvSimd.Arm64.ZipHigh(a.AsByte(), b.AsByte())).As<byte, T>(),
        2 => (Sse2.IsSupported ? Sse2.UnpackHigh(a.AsInt16(), b.AsInt16()) : AdvSimd.Arm64.ZipHigh(a.AsInt16(), b.AsInt16())).As<short, T>(),
        4 => (Sse2.IsSupported ? Sse2.UnpackHigh(a.AsInt32(), b.AsInt32()) : AdvSimd.Arm64.ZipHigh(a.AsInt32(), b.AsInt32())).As<int, T>(),
        _ => (Sse2.IsSupported ? Sse2.UnpackHigh(a.AsInt64(), b.AsInt64()) : AdvSimd.Arm64.ZipHigh(a.AsInt64(), b.AsInt64())).As<long, T>(),
    };
}
