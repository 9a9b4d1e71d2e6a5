using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>What is converted, quantized and made up here loads in llama.cpp and says there what it says here.</summary>
public sealed class LlamaCppTests(LlamaCpp peer) : IClassFixture<LlamaCpp>, IDisposable
{
    private const string Text = "My lord, the year 1984 isn't 12345 days long —\n\n  \u00e9t\u00e9, \u4f60\u597d, \ud83e\udd99! <s><|eot_id|>\tWe'll see.";

    private static readonly int[] Ids = [1, 17, 300, 5, 42, 260, 7, 8];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Mixes => [.. QuantizationMix.Names];

    [LlamaCppTheory]
    [MemberData(nameof(Mixes))]
    public void What_is_quantized_has_the_same_perplexity(string mix)
    {
        var path = _folder.PathOf("model.gguf");
        using (var original = GgufFile.Open(Conformance.PathOf("models", "bard", "bard.gguf")))
            ModelQuantizer.Quantize(original, path, QuantizationMix.Find(mix)!, workers: 2);
        using var model = LlamaModel.Load(path, KernelTier.Simd, threads: 2);
        int[] ids = [.. model.EncodePrompt(File.ReadAllText(Conformance.PathOf("models", "bard", "eval.txt")))[..240]];
        var answer = peer.Compute(path, Text, ids, more: 1);
        var rows = LogProbabilities(model, ids);
        var here = ids.Skip(1).Select((id, i) => rows[i][id]).Average();
        // llama.cpp rounds activations to the weights' kind, to 16 bits or to 8.
        Assert.InRange(Math.Exp(here - answer.Scores.Average()), 0.995, 1.005);
        AssertSame(answer.Last, rows[^1], tolerance: 0.05);
        Assert.Equal(model.Tokenizer.Encode(Text), answer.Tokens);
    }

    [LlamaCppTheory]
    [InlineData("bard", "bard.gguf", true)]
    [InlineData("llama2-tiny", "llama2-tiny-f32.gguf", true)]
    [InlineData("llama3-tiny", "llama3-tiny-f32.gguf", false)]
    [InlineData("llama31-tiny", "llama31-tiny-f32.gguf", false)]
    [InlineData("llama32-tiny", "llama32-tiny-f32.gguf", false)]
    [InlineData("llama4-scout-like", "llama4-scout-like-f32.gguf", false)]
    [InlineData("llama4-maverick-like", "llama4-maverick-like-f32.gguf", false)]
    public void What_is_converted_says_the_same(string name, string file, bool throughMeta)
    {
        Convert(Conformance.PathOf("models", name, file), "folder", ModelFormat.Safetensors);
        if (throughMeta)
            Convert(_folder.PathOf("folder"), "meta", ModelFormat.Meta);
        Convert(_folder.PathOf(throughMeta ? "meta" : "folder"), "model.gguf", ModelFormat.Gguf);
        AssertSaysTheSame(_folder.PathOf("model.gguf"), tolerance: 1e-4);
    }

    [LlamaCppTheory]
    [InlineData("llama-2-7b", "F32", 1e-4)]
    [InlineData("llama-3.2-3b", "F32", 1e-4)]
    [InlineData("llama-4-scout", "F32", 1e-4)]
    [InlineData("llama-3.1-70b", "F16", 0.01)]
    [InlineData("llama-3.2-1b", "Q4_0", 0.08)]
    [InlineData("llama-4-scout", "Q4_K_M", 0.08)]
    public void What_is_made_up_says_the_same(string shape, string mix, double tolerance)
    {
        var full = SyntheticShape.Find(shape)!;
        var small = full with
        {
            LayerCount = 4,
            HiddenSize = 256,
            IntermediateSize = 512,
            ExpertIntermediateSize = full.ExpertCount == 0 ? 0 : 256,
            HeadCount = 4,
            KeyValueHeadCount = 2,
            HeadDim = 64,
        };
        var path = _folder.PathOf("model.gguf");
        ModelSynthesizer.Write(small, QuantizationMix.Find(mix)!, path, seed: 3, workers: 2);
        AssertSaysTheSame(path, tolerance);
    }

    private void Convert(string source, string target, ModelFormat format)
    {
        using var model = ModelSource.Open(source);
        ModelConverter.Convert(model, _folder.PathOf(target), format, workers: 2);
    }

    /// <summary>Asserts that probabilities agree and, where nothing is rounded to fewer bits, greedy tokens.</summary>
    private void AssertSaysTheSame(string path, double tolerance)
    {
        var answer = peer.Compute(path, Text, Ids, more: 12);
        using var model = LlamaModel.Load(path, KernelTier.Simd, threads: 2);
        Assert.Equal(model.Tokenizer.Encode(Text), answer.Tokens);
        AssertSame(answer.Last, LogProbabilities(model, Ids)[^1], tolerance);
        if (tolerance > 1e-3)
            return;
        var continued = LogProbabilities(model, [.. Ids, .. answer.Greedy]);
        for (var i = 0; i < answer.Greedy.Length; i++)
        {
            var row = continued[Ids.Length - 1 + i];
            Assert.Equal(Array.IndexOf(row, row.Max()), answer.Greedy[i]);
        }
    }

    /// <summary>Asserts that the root mean square of differences is small against the standard deviation.</summary>
    private static void AssertSame(double[] expected, double[] found, double tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        // Probabilities that are nothing in float32 have no logarithm.
        var pairs = expected.Zip(found).Where(pair => double.IsFinite(pair.First)).ToArray();
        Assert.InRange(pairs.Length, expected.Length * 9 / 10, expected.Length);
        var mean = pairs.Average(pair => pair.First);
        var deviation = pairs.Average(pair => (pair.First - mean) * (pair.First - mean));
        var error = pairs.Average(pair => (pair.First - pair.Second) * (pair.First - pair.Second));
        Assert.InRange(Math.Sqrt(error / deviation), 0, tolerance);
    }

    /// <summary>The logarithms of the next token's probabilities at each place.</summary>
    private static double[][] LogProbabilities(LlamaModel model, int[] ids) =>
    [
        .. ReferenceModel.Logits(model, ids).Chunk(model.Config.VocabularySize).Select(row =>
        {
            var sum = Math.Log(row.Sum(logit => Math.Exp((double)logit - row[0]))) + row[0];
            return row.Select(logit => logit - sum).ToArray();
        }),
    ];
}
