using System.Text.Json;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Perplexity against llama.cpp's tool, which is held to half a percent.</summary>
public sealed class PerplexityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [ConformanceTheory]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("Q8_0")]
    [InlineData("Q4_0")]
    [InlineData("Q4_K_M")]
    public void A_text_is_foreseen_as_well_as_by_llama_cpp(string type)
    {
        var expected = ReferenceModel.Expected("bard").GetProperty("perplexity");
        using var model = LlamaModel.Load(Quantized(type), KernelTier.Simd, threads: 2);
        var ids = model.EncodePrompt(File.ReadAllText(Conformance.PathOf("models", "bard", expected.GetProperty("text").GetString()!)));
        var reports = new List<Perplexity>();
        var context = expected.GetProperty("context").GetInt32();
        var measured = Perplexity.Measure(model, ids, context, new Collector(reports));

        var wanted = expected.GetProperty("values").GetProperty(type).GetDouble();
        Assert.InRange(measured.Value, wanted * 0.995, wanted * 1.005);
        Assert.Equal(ids.Length / context, measured.Chunks);
        Assert.Equal(measured.Chunks * (context / 2 - 1), measured.ScoredTokens);
        Assert.InRange(measured.StandardError, measured.Value / 1000, measured.Value / 10);
        Assert.Equal(measured.Chunks, reports.Count);
        Assert.Equal(measured, reports[^1]);
    }

    [ConformanceFact]
    public void A_short_text_gives_what_its_logits_say()
    {
        using var model = ReferenceModel.Load("bard");
        var begin = model.Tokenizer.BeginOfText!.Value;
        int[] ids = [7, 405, 723, 955, 957, 952, 13, 957, 942, 468, 282];
        var vocabulary = model.Config.VocabularySize;
        double Score(int[] chunk, int position)
        {
            var logits = ReferenceModel.Logits(model, chunk);
            var row = logits[(position * vocabulary)..((position + 1) * vocabulary)];
            return Math.Log(row.Sum(logit => Math.Exp(logit))) - row[chunk[position + 1]];
        }
        double[] scores = [Score([begin, 405, 723, 955, 957], 2), Score([begin, 405, 723, 955, 957], 3),
            Score([begin, 13, 957, 942, 468], 2), Score([begin, 13, 957, 942, 468], 3)];
        var mean = scores.Average();
        var error = Math.Sqrt((scores.Average(score => score * score) - mean * mean) / 3);

        var measured = Perplexity.Measure(model, ids, 5);
        Assert.Equal(Math.Exp(mean), measured.Value, Math.Exp(mean) * 1e-4);
        Assert.Equal(Math.Exp(mean) * error, measured.StandardError, Math.Exp(mean) * 1e-3);
        Assert.Equal((2, 4), (measured.Chunks, measured.ScoredTokens));
        Assert.Throws<ArgumentOutOfRangeException>(() => Perplexity.Measure(model, ids, 6));
        Assert.Throws<ArgumentOutOfRangeException>(() => Perplexity.Measure(model, ids, 3));
    }

    private string Quantized(string type)
    {
        var original = Conformance.PathOf("models", "bard", "bard.gguf");
        if (type == "F32")
            return original;
        var path = _folder.PathOf($"{type}.gguf");
        using var file = GgufFile.Open(original);
        ModelQuantizer.Quantize(file, path, QuantizationMix.Find(type)!, workers: 2);
        return path;
    }

    private sealed class Collector(List<Perplexity> reports) : IProgress<Perplexity>
    {
        public void Report(Perplexity value) => reports.Add(value);
    }
}
