using System.Buffers.Binary;

namespace Ayni.Kernels;

/// <summary>32-bit IEEE floats.</summary>
internal readonly unsafe struct F32Format : IWeightFormat
{
    public static TensorType Type => TensorType.F32;
    public static int BlockLength => 1;
    public static int BlockBytes => sizeof(float);
    public static int ElementBytes => sizeof(float);

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights) => weights[0] = BinaryPrimitives.ReadSingleLittleEndian(block);

    public static void DecodePanel(byte* panel, int blockCount, float* strip) =>
        new ReadOnlySpan<float>(panel, blockCount * Lanes.Count).CopyTo(new Span<float>(strip, blockCount * Lanes.Count));
}
