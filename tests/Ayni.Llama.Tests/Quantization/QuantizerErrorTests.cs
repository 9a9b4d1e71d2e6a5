using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Our quantizer against llama.cpp's on the same weights, tensor by tensor.</summary>
public sealed class QuantizerErrorTests
{
    [ConformanceTheory]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("Q8_0")]
    [InlineData("Q4_0")]
    [InlineData("Q4_1")]
    [InlineData("Q5_0")]
    [InlineData("Q5_1")]
    [InlineData("Q2_K")]
    [InlineData("Q3_K_M")]
    [InlineData("Q4_K_M")]
    [InlineData("Q5_K_M")]
    [InlineData("Q6_K")]
    public void Is_off_by_no_more_than_llama_cpps_and_two_percent(string mix)
    {
        using var original = GgufFile.Open(Conformance.PathOf("models", "llama3-tiny", "llama3-tiny-f32.gguf"));
        using var theirs = GgufFile.Open(Conformance.PathOf("models", "llama3-tiny", "quant", $"llama3-tiny-{mix}.gguf"));
        using var context = new ComputeContext(KernelTier.Scalar, 1);
        foreach (var tensor in theirs.Tensors.Where(tensor => WeightQuantizer.WritableTypes.Contains(tensor.Type) && tensor.Type != TensorType.F32))
        {
            var source = original.Find(tensor.Name)!;
            var (columns, rows) = ((int)tensor.Dimensions[0], (int)tensor.Dimensions[1]);
            var values = Decode(original.Data(source), source.Type, rows, columns, context);
            var bytes = new byte[tensor.Bytes];
            var rowBytes = bytes.Length / rows;
            for (var row = 0; row < rows; row++)
                WeightQuantizer.QuantizeRow(tensor.Type, values.AsSpan(row * columns, columns), [], bytes.AsSpan(row * rowBytes, rowBytes));
            var ours = Error(values, Decode(TensorData.CopyOf(bytes), tensor.Type, rows, columns, context));
            var reference = Error(values, Decode(theirs.Data(tensor), tensor.Type, rows, columns, context));
            Assert.True(ours <= reference * 1.02, $"{tensor.Name} as {tensor.Type}: ours {ours}, theirs {reference} ({ours / reference - 1:P1})");
        }
    }

    private static float[] Decode(TensorData data, TensorType type, int rows, int columns, ComputeContext context)
    {
        using var matrix = PackedMatrix.Pack(data, type, rows, columns, context);
        var values = new float[rows * columns];
        for (var row = 0; row < rows; row++)
            matrix.CopyRow(row, values.AsSpan(row * columns, columns));
        return values;
    }

    private static double Error(float[] values, float[] decoded) =>
        Math.Sqrt(values.Zip(decoded, (a, b) => ((double)a - b) * ((double)a - b)).Average());
}
