using System.Runtime.InteropServices;
using Ayni.Tests;

namespace Ayni.Kernels.Tests;

public sealed class DequantizationTests
{
    public static TheoryData<TensorType> RecordedTypes => [.. TensorTypes.Readable.Where(type => type != TensorType.F32)];

    [ConformanceTheory]
    [MemberData(nameof(RecordedTypes))]
    public void Recorded_blocks_decode_to_the_recorded_values_bit_for_bit(TensorType type)
    {
        var blocks = File.ReadAllBytes(Conformance.PathOf("models", "dequant", $"{type}.bin"));
        var expected = Conformance.ReadFloats("models", "dequant", $"{type}.f32");
        foreach (var tier in Enum.GetValues<KernelTier>())
        {
            using var context = new ComputeContext(tier, 1);
            using var matrix = PackedMatrix.Pack(TensorData.CopyOf(blocks), type, 1, expected.Length, context);
            var actual = new float[expected.Length];
            matrix.CopyRow(0, actual);
            Assert.Equal(MemoryMarshal.Cast<float, uint>(expected).ToArray(), MemoryMarshal.Cast<float, uint>(actual).ToArray());
        }
    }

    /// <summary>Products with unit vectors read the panel decoder's weights one by one.</summary>
    [Theory]
    [MemberData(nameof(RandomWeights.Types), MemberType = typeof(RandomWeights))]
    public void Panels_decode_to_the_same_weights_as_the_scalar_reference(TensorType type)
    {
        const int Rows = 19, Columns = 512;
        var random = new Random(7);
        var data = TensorData.CopyOf(RandomWeights.Blocks(random, type, Rows * Columns));
        using var context = new ComputeContext(KernelTier.Simd, 1);
        using var scalarContext = new ComputeContext(KernelTier.Scalar, 1);
        using var panels = PackedMatrix.Pack(data, type, Rows, Columns, context);
        using var reference = PackedMatrix.Pack(data, type, Rows, Columns, scalarContext);

        var units = new float[Columns * Columns];
        for (var i = 0; i < Columns; i++)
            units[i * Columns + i] = 1;
        var products = new float[Columns * Rows];
        panels.Multiply(units, products, context);
        var row = new float[Columns];
        for (var r = 0; r < Rows; r++)
        {
            reference.CopyRow(r, row);
            for (var column = 0; column < Columns; column++)
                Assert.Equal(row[column], products[column * Rows + r]);
        }
    }

    [Fact]
    public void Every_half_precision_value_becomes_the_same_single_in_both_tiers()
    {
        const int Rows = 65536;
        var bytes = new byte[Rows * 2];
        for (var i = 0; i < Rows; i++)
            MemoryMarshal.Write(bytes.AsSpan(i * 2), (ushort)i);
        using var context = new ComputeContext(KernelTier.Simd, 1);
        using var matrix = PackedMatrix.Pack(TensorData.CopyOf(bytes), TensorType.F16, Rows, 1, context);
        var products = new float[Rows];
        matrix.Multiply([1], products, context);
        for (var i = 0; i < Rows; i++)
            Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)i), products[i]);
    }
}
