using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

public sealed class ModelSynthesizerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public ModelSynthesizerTests() => _path = _folder.PathOf("model.gguf");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_same_seed_gives_the_same_file_and_another_another()
    {
        ModelSynthesizer.Write(Small("tinyllama-1.1b"), Mix("Q4_0"), _path, seed: 7, workers: 1);
        ModelSynthesizer.Write(Small("tinyllama-1.1b"), Mix("Q4_0"), _path + ".again", seed: 7, workers: 2);
        ModelSynthesizer.Write(Small("tinyllama-1.1b"), Mix("Q4_0"), _path + ".other", seed: 8);
        Assert.Equal(File.ReadAllBytes(_path), File.ReadAllBytes(_path + ".again"));
        Assert.NotEqual(File.ReadAllBytes(_path), File.ReadAllBytes(_path + ".other"));
    }

    [Theory]
    [InlineData("BF16")]
    [InlineData("Q4_0")]
    [InlineData("Q5_1")]
    [InlineData("Q2_K")]
    [InlineData("Q4_K_M")]
    public void Every_tensor_has_the_mixs_type_and_weights_of_the_right_size(string mix)
    {
        var shape = Small("tinyllama-1.1b");
        ModelSynthesizer.Write(shape, Mix(mix), _path);
        using var file = GgufFile.Open(_path);
        using var context = new ComputeContext(KernelTier.Scalar, 1);
        var model = new QuantizedModel(shape.LayerCount, shape.HeadCount / shape.KeyValueHeadCount, 0, HasOutputHead: true, HasImportance: false);
        Assert.Equal(Mix(mix).FileType, file.Metadata.FindInteger("general.file_type"));
        foreach (var (name, dimensions, deviation) in SyntheticTensors.Of(shape, 2))
        {
            var tensor = file.Require(name);
            Assert.Equal(Mix(mix).TypeOf(name, dimensions.Length < 2 ? 0 : dimensions[0], model), tensor.Type);
            if (dimensions.Length < 2)
                continue;
            var (columns, rows) = ((int)dimensions[0], (int)Math.Min(dimensions[1], 64));
            var rowBytes = TensorTypes.FormatOf(tensor.Type).BytesOf(columns);
            using var matrix = PackedMatrix.Pack(file.Data(tensor).Slice(0, rows * rowBytes), tensor.Type, rows, columns, context);
            var values = new float[rows * columns];
            for (var row = 0; row < rows; row++)
                matrix.CopyRow(row, values.AsSpan(row * columns, columns));
            // 16 thousand weights know their deviation to about 1 %; two bits a weight lose a little of it.
            Assert.InRange(Math.Sqrt(values.Average(value => (double)value * value)) / deviation, 0.93, 1.05);
            Assert.InRange(values.Average() / deviation, -0.05, 0.05);
        }
    }

    [Theory]
    [InlineData("tinyllama-1.1b", "Q4_0")]
    [InlineData("llama-3-8b", "Q4_K_M")]
    [InlineData("llama-3.2-1b", "Q8_0")]
    public void Logits_are_spread_by_about_two_and_answers_vary(string name, string mix)
    {
        ModelSynthesizer.Write(Small(name), Mix(mix), _path);
        using var model = LlamaModel.Load(_path, KernelTier.Simd, 2);
        var ids = new List<int>([model.Tokenizer.BeginOfText!.Value]);
        using var evaluator = new SequenceEvaluator(model, 32);
        while (ids.Count < 25)
        {
            evaluator.Evaluate([ids[^1]], ids.Count - 1, logits =>
            {
                var values = logits.ToArray();
                Assert.InRange(Math.Sqrt(values.Average(value => (double)value * value)), 1.7, 2.3);
                ids.Add(Array.IndexOf(values, values.Max()));
            });
        }
        Assert.InRange(ids.Distinct().Count(), 15, 25);
    }

    [ConformanceTheory]
    [InlineData("llama-4-scout", "llama4-scout-like")]
    [InlineData("llama-4-maverick", "llama4-maverick-like")]
    [InlineData("llama-3.1-8b", "llama31-tiny")]
    public void Keys_and_tensors_are_those_of_a_real_conversion(string name, string reference)
    {
        using var real = GgufFile.Open(Conformance.PathOf("models", reference, $"{reference}-f32.gguf"));
        var metadata = real.Metadata;
        var shape = SyntheticShape.Find(name)!;
        int Number(string key) => (int?)metadata.FindInteger($"{shape.Architecture}.{key}") ?? 0;
        shape = shape with
        {
            LayerCount = Number("block_count"),
            HiddenSize = Number("embedding_length"),
            IntermediateSize = Number("feed_forward_length"),
            HeadCount = Number("attention.head_count"),
            KeyValueHeadCount = Number("attention.head_count_kv"),
            HeadDim = Number("rope.dimension_count"),
            ExpertCount = Number("expert_count"),
            ExpertIntermediateSize = Number("expert_feed_forward_length"),
        };
        ModelSynthesizer.Write(shape, Mix("F16"), _path);
        using var file = GgufFile.Open(_path);
        Assert.Equal(Describe(real), Describe(file));
        Assert.Subset(file.Metadata.Keys.ToHashSet(), metadata.Keys.ToHashSet());
        Assert.Equal(Number("interleave_moe_layer_step"), shape.ExpertInterval);

        static SortedDictionary<string, string> Describe(GgufFile file) => new(file.Tensors.ToDictionary(
            tensor => tensor.Name,
            tensor => string.Join(
                ',', tensor.Name is "token_embd.weight" or "output.weight" ? tensor.Dimensions.Take(1) : tensor.Dimensions)));
    }

    [ConformanceFact]
    public void Rotary_divisors_are_those_of_a_real_conversion()
    {
        using var real = GgufFile.Open(Conformance.PathOf("models", "llama31-tiny", "llama31-tiny-f32.gguf"));
        var expected = real.Data(real.Require("rope_freqs.weight"));
        ModelSynthesizer.Write(Small("llama-3.1-8b") with { HeadDim = 64 }, Mix("Q4_0"), _path);
        using var file = GgufFile.Open(_path);
        var actual = file.Data(file.Require("rope_freqs.weight"));
        for (var i = 0; i < 32; i++)
            Assert.Equal(BitConverter.ToSingle(expected.Span(4 * i, 4)), BitConverter.ToSingle(actual.Span(4 * i, 4)), 1e-5f);
    }

    [Fact]
    public void A_model_that_no_disk_holds_is_refused_before_it_is_begun()
    {
        var shape = SyntheticShape.Find("llama-3.3-70b")! with { LayerCount = 4096, HiddenSize = 1 << 16, IntermediateSize = 1 << 20 };
        var error = Assert.Throws<DiskSpaceException>(() => ModelSynthesizer.Write(shape, Mix("F32"), _path));
        Assert.InRange(error.Needed, 1L << 51, long.MaxValue);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(_path)!));
    }

    [Fact]
    public void A_cancelled_run_leaves_nothing_behind()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(
            () => ModelSynthesizer.Write(Small("tinyllama-1.1b"), Mix("Q4_0"), _path, cancellationToken: cancelled.Token));
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(_path)!));
    }

    [Fact]
    public void Impossible_shapes_are_named()
    {
        var shape = SyntheticShape.Find("LLAMA-4-SCOUT")!;
        Assert.All(SyntheticShape.All, known => Assert.Null(known.FindProblem()));
        Assert.Contains("layers: 0", (shape with { LayerCount = 0 }).FindProblem(), StringComparison.Ordinal);
        Assert.Contains("7 key-value heads do not divide", (shape with { KeyValueHeadCount = 7 }).FindProblem(), StringComparison.Ordinal);
        Assert.Contains("in pairs", (shape with { HeadDim = 3 }).FindProblem(), StringComparison.Ordinal);
        Assert.Contains("experts: -1", (shape with { ExpertCount = -1 }).FindProblem(), StringComparison.Ordinal);
        Assert.Contains("too wide", (shape with { HeadCount = 1 << 20 }).FindProblem(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ModelSynthesizer.Write(shape with { LayerCount = -1 }, Mix("Q4_0"), _path));
    }

    private static QuantizationMix Mix(string name) => QuantizationMix.Find(name)!;

    private static SyntheticShape Small(string name) => SyntheticShape.Find(name)! with
    {
        LayerCount = 2,
        HiddenSize = 256,
        IntermediateSize = 512,
        HeadCount = 8,
        KeyValueHeadCount = 2,
        HeadDim = 32,
    };
}
