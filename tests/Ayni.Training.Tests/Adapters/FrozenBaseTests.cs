using System.Runtime.InteropServices;
using Ayni.Kernels;
using Ayni.Llama;
using Ayni.Tests;

namespace Ayni.Training.Tests;

/// <summary>Adapters trained beside a base that stays as its file has it.</summary>
public sealed class FrozenBaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryModel _file = new(new TinyModel { Dim = 64, HasBiases = true });

    public void Dispose()
    {
        _file.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("Q8_0")]
    [InlineData("Q4_0")]
    [InlineData("F16")]
    public void Losses_and_gradients_are_those_beside_the_decoded_weights(string type)
    {
        using var source = ModelSource.Open(Quantized(type));
        var frozen = WithAdapter(TrainableModel.LoadFrozen(source));
        var decoded = WithAdapter(TrainableModel.Load(source));
        Assert.All(frozen.Layers.SelectMany(layer => layer.Projections), projection => Assert.Empty(projection.Weight.Values));
        var batch = Shapes.Batch(decoded, 30, 11);
        var expected = Shapes.Compute(decoded, [batch], dropoutSeed: 4);
        var actual = Shapes.Compute(frozen, [batch], dropoutSeed: 4);
        Assert.Equal(expected.Loss, actual.Loss, 1e-6);
        Assert.InRange(expected.Gradients.Zip(actual.Gradients, (e, a) => MathF.Abs(e - a)).Max(), 0, 1e-5f * expected.Gradients.Max(MathF.Abs));
        var again = Shapes.Compute(frozen, [batch], threads: 3, recompute: true, dropoutSeed: 4);
        Assert.Equal(actual.Gradients, again.Gradients);
        Assert.Equal(actual.Loss, again.Loss);
        Assert.Throws<InvalidOperationException>(() => frozen.Embedding.IsTrainable = true);
    }

    [Fact]
    public void What_is_merged_computes_as_the_adapter_beside_the_base_does()
    {
        using var source = ModelSource.Open(Quantized("Q8_0"));
        var model = WithAdapter(TrainableModel.LoadFrozen(source));
        using var context = new ComputeContext(KernelTier.Simd, 2);
        var batch = Shapes.Batch(model, 40);
        var logits = new float[40 * model.Config.VocabularySize];
        new GradientPass(model, context).ComputeLogits(batch, logits);
        model.Adapter!.Write(_folder.PathOf("adapter"), model);
        model.Merge(context);
        var merged = new float[logits.Length];
        new GradientPass(model, context).ComputeLogits(batch, merged);
        Assert.InRange(logits.Zip(merged, (a, b) => MathF.Abs(a - b)).Max(), 0, 2e-4f);

        // And as the engine computes it, with exactly the weights of the file and the adapter beside them.
        using var loaded = LlamaModel.Load(source.Path, KernelTier.Simd, 2, adapter: _folder.PathOf("adapter"));
        using var evaluator = new SequenceEvaluator(loaded, 40);
        var served = new List<float>();
        evaluator.Evaluate(batch.Ids, 0, row => served.AddRange(row));
        Assert.InRange(logits.Zip(served, (a, b) => MathF.Abs(a - b)).Max(), 0, 2e-4f);
    }

    [Fact]
    public void A_matrix_of_many_strips_is_multiplied_as_a_whole_one()
    {
        const int Rows = 1100, Columns = 1500, Tokens = 7;
        var random = new Random(3);
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        var (weights, input, gradient) = (Values(Rows * Columns), Values(Tokens * Columns), Values(Tokens * Rows));
        using var context = new ComputeContext(KernelTier.Simd, 2);
        var pass = new PassState(context, ProductPrecision.F32);
        using var scalar = new ComputeContext(KernelTier.Scalar, 1);
        using var matrix = PackedMatrix.Pack(
            TensorData.CopyOf(MemoryMarshal.AsBytes(weights.AsSpan())), TensorType.F32, Rows, Columns, scalar);
        var view = new MatrixView(weights, Rows, Columns);
        foreach (var accumulate in (bool[])[false, true])
        {
            var (expected, actual) = (Values(Tokens * Rows), new float[Tokens * Rows]);
            expected.CopyTo(actual, 0);
            FloatProduct.Multiply(new MatrixView(input, Tokens, Columns), view.Transposed, expected, context, accumulate);
            FrozenProduct.Forward(matrix, input, accumulate ? actual : [], actual, pass, ProductPrecision.F32);
            Assert.InRange(expected.Zip(actual, (e, a) => MathF.Abs(e - a)).Max(), 0, 1e-5f);

            var (expectedInput, actualInput) = (Values(Tokens * Columns), new float[Tokens * Columns]);
            expectedInput.CopyTo(actualInput, 0);
            FloatProduct.Multiply(new MatrixView(gradient, Tokens, Rows), view, expectedInput, context, accumulate);
            FrozenProduct.BackwardToInput(matrix, gradient, actualInput, pass, accumulate, ProductPrecision.F32);
            Assert.InRange(expectedInput.Zip(actualInput, (e, a) => MathF.Abs(e - a)).Max(), 0, 1e-5f);
        }
    }

    private string Quantized(string type)
    {
        using var source = GgufFile.Open(_file.Path);
        var path = _folder.PathOf(type + ".gguf");
        ModelQuantizer.Quantize(source, path, QuantizationMix.Find(type)!);
        return path;
    }

    private static TrainableModel WithAdapter(TrainableModel model)
    {
        model.Attach(LowRankAdapter.Create(model, new AdapterConfig { Rank = 3, Alpha = 6, Dropout = 0.2 }, seed: 1));
        var random = new Random(2);
        foreach (var parameter in model.TrainableParameters.Where(parameter => parameter.Name.EndsWith("lora_b", StringComparison.Ordinal)))
        {
            foreach (ref var value in parameter.Values.AsSpan())
                value = (random.NextSingle() - 0.5f) / 4;
        }
        return model;
    }
}
