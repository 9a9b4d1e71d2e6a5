using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>16-bit IEEE floats.</summary>
internal readonly unsafe struct F16Format : IWeightFormat
{
    public static TensorType Type => TensorType.F16;
    public static int BlockLength => 1;
    public static int BlockBytes => sizeof(ushort);
    public static int ElementBytes => sizeof(ushort);

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights) => weights[0] = (float)BinaryPrimitives.ReadHalfLittleEndian(block);

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        for (var k = 0; k < blockCount; k++)
            Lanes.FromHalves(Vector256.Load((ushort*)panel + k * Lanes.Count)).Store(strip + k * Lanes.Count);
    }
}
