using System.Runtime.InteropServices;
using Ayni.Tests;

namespace Ayni.Kernels.Tests;

public sealed class DequantizationTests
{
    public static TheoryData<TensorType> RecordedTypes => [.. TensorTypes.Readable.Where(type => type is not (TensorType.F32 or TensorType.MXFP4))];

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

    /// <summary>
    /// Worked by hand from the OCP Microscaling Formats specification 1.0: a scale byte e means 2^(e − 127); E2M1 codes 0 to 7 mean 0, 0.5,
    /// 1, 1.5, 2, 3, 4 and 6, and 8 to 15 the same with a minus.
    /// </summary>
    [Theory]
    [InlineData(127, 1f)]
    [InlineData(128, 2f)]
    [InlineData(120, 0.0078125f)]
    [InlineData(254, 1.7014118e38f)]
    [InlineData(1, 1.1754944e-38f)]
    [InlineData(0, 5.877472e-39f)]
    public void Mxfp4_blocks_mean_what_the_specification_says(byte exponent, float scale)
    {
        float[] values = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6];
        // Byte i holds code i for weight i and code 15 − i for weight 16 + i.
        byte[] block = [exponent, .. Enumerable.Range(0, 16).Select(i => (byte)(i | (15 - i) << 4))];
        float[] expected = [.. values.Select(value => value * scale), .. values.Reverse().Select(value => value * scale)];
        foreach (var tier in Enum.GetValues<KernelTier>())
        {
            using var context = new ComputeContext(tier, 1);
            using var matrix = PackedMatrix.Pack(TensorData.CopyOf(block), TensorType.MXFP4, 1, 32, context);
            var actual = new float[32];
            matrix.CopyRow(0, actual);
            Assert.Equal(expected, actual);
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
