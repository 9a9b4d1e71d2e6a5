using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>The upper halves of 32-bit IEEE floats.</summary>
internal readonly unsafe struct BF16Format : IWeightFormat
{
    public static TensorType Type => TensorType.BF16;
    public static int BlockLength => 1;
    public static int BlockBytes => sizeof(ushort);
    public static int ElementBytes => sizeof(ushort);

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights) =>
        weights[0] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(block) << 16);

    /// <summary>The nearest number of eight significant bits, ties to even, as ggml does; a number that is none stays one.</summary>
    public static ushort Round(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)(float.IsNaN(value) ? bits >> 16 | 0x40 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        for (var k = 0; k < blockCount; k++)
            Lanes.FromBFloat16(Vector256.Load((ushort*)panel + k * Lanes.Count)).Store(strip + k * Lanes.Count);
    }
}
