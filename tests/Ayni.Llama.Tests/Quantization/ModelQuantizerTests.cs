using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

public sealed class ModelQuantizerTests : IDisposable
{
    private readonly TemporaryModel _file = new(new TinyModel { Dim = 256 });
    private readonly string _output;

    public ModelQuantizerTests() => _output = Path.Combine(Path.GetDirectoryName(_file.Path)!, "out.gguf");

    public void Dispose() => _file.Dispose();

    [Theory]
    [InlineData("F16", 5e-3)]
    [InlineData("BF16", 3e-2)]
    [InlineData("Q8_0", 3e-2)]
    [InlineData("Q6_K", 0.1)]
    [InlineData("Q5_K_M", 0.15)]
    [InlineData("Q4_K_M", 0.3)]
    [InlineData("Q4_0", 0.35)]
    public void A_quantized_model_runs_and_its_logits_are_near(string mix, double tolerance)
    {
        using (var source = GgufFile.Open(_file.Path))
            ModelQuantizer.Quantize(source, _output, QuantizationMix.Find(mix)!, workers: 2);
        int[] ids = [1, .. Enumerable.Range(259, 20)];
        using var original = LlamaModel.Load(_file.Path, KernelTier.Simd, 2);
        using var quantized = LlamaModel.Load(_output, KernelTier.Simd, 2);
        var (expected, actual) = (ReferenceModel.Logits(original, ids), ReferenceModel.Logits(quantized, ids));
        // The letters' logits alone: the others are held far below by the tiny model's bias.
        int[] letters = [.. Enumerable.Range(0, expected.Length).Where(i => i % original.Config.VocabularySize >= 259)];
        var error = Math.Sqrt(letters.Average(i => Math.Pow(expected[i] - actual[i], 2)));
        var spread = Math.Sqrt(letters.Average(i => Math.Pow(expected[i], 2)));
        Assert.InRange(error / spread, 1e-9, tolerance);
    }

    [Fact]
    public void Metadata_and_vectors_are_kept_and_the_type_is_said()
    {
        using var source = GgufFile.Open(_file.Path);
        ModelQuantizer.Quantize(source, _output, QuantizationMix.Find("Q4_K_M")!);
        using var written = GgufFile.Open(_output);
        Assert.Equal(15, written.Metadata.FindInteger("general.file_type"));
        Assert.Equal(source.Metadata.FindArray<string>("tokenizer.ggml.tokens"), written.Metadata.FindArray<string>("tokenizer.ggml.tokens"));
        Assert.Equal(TensorType.F32, written.Find("blk.0.attn_norm.weight")!.Type);
        Assert.Equal(TensorType.Q6_K, written.Find("output.weight")!.Type);
        Assert.Equal(TensorType.Q4_K, written.Find("blk.0.ffn_up.weight")!.Type);
    }

    [Fact]
    public void What_is_quantized_is_not_quantized_again_unasked()
    {
        using (var source = GgufFile.Open(_file.Path))
            ModelQuantizer.Quantize(source, _output, QuantizationMix.Find("Q8_0")!);
        using var quantized = GgufFile.Open(_output);
        var again = _output + ".again";
        var error = Assert.Throws<ModelFormatException>(() => ModelQuantizer.Quantize(quantized, again, QuantizationMix.Find("Q4_0")!));
        Assert.Contains("Q8_0", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(again));
        ModelQuantizer.Quantize(quantized, again, QuantizationMix.Find("Q4_0")!, allowRequantize: true);
        Assert.True(File.Exists(again));
    }

    [Fact]
    public void A_cancelled_run_leaves_nothing_behind()
    {
        using var source = GgufFile.Open(_file.Path);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(
            () => ModelQuantizer.Quantize(source, _output, QuantizationMix.Find("Q4_0")!, cancellationToken: cancelled.Token));
        Assert.Equal([_file.Path], Directory.GetFiles(Path.GetDirectoryName(_file.Path)!));
    }
}
