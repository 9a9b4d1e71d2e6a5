using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Reference models loaded from their Hugging Face folders, which hold no tokenizer.</summary>
public sealed class HuggingFaceModelTests
{
    [ConformanceTheory]
    [InlineData("stories260K", 5e-4f)]
    [InlineData("llama2-tiny", 2e-4f)]
    [InlineData("llama3-tiny", 2e-4f)]
    [InlineData("llama3-tiny-untied", 2e-4f)]
    [InlineData("llama31-tiny", 2e-4f)]
    [InlineData("llama32-tiny", 2e-4f)]
    public void Logits_of_a_prompt_agree_in_every_tier(string name, float tolerance)
    {
        var item = ReferenceModel.Case(name, "prompt64");
        var expected = Conformance.ReadFloats("models", name, item.GetProperty("logits").GetString()!);
        foreach (var tier in Enum.GetValues<KernelTier>())
        {
            var folder = Conformance.PathOf("models", name);
            using var model = LlamaModel.Load(folder, tier, threads: 2);
            var actual = ReferenceModel.Logits(model, ReferenceModel.Integers(item.GetProperty("ids")));
            ReferenceModel.AssertAgree(model, folder, item.GetProperty("rows"), expected, actual, tolerance);
        }
    }

    [ConformanceTheory]
    [InlineData("llama31-tiny")]
    [InlineData("llama32-tiny")]
    public void The_configurations_scaling_gives_the_logits_of_high_positions(string name)
    {
        var item = ReferenceModel.Case(name, "sparse_positions");
        var expected = Conformance.ReadFloats("models", name, item.GetProperty("logits_float64").GetString()!);
        var (ids, positions) = (ReferenceModel.Integers(item.GetProperty("ids")), ReferenceModel.Integers(item.GetProperty("positions")));
        using var model = LlamaModel.Load(Conformance.PathOf("models", name), KernelTier.Simd, threads: 2);
        using var evaluator = new SequenceEvaluator(model, ids.Length);
        var actual = new List<float>();
        for (var i = 0; i < ids.Length; i++)
            evaluator.Evaluate([ids[i]], positions[i], row => actual.AddRange(row));
        ReferenceModel.AssertAgree(item.GetProperty("rows"), expected, [.. actual], 2e-4f);
    }

    [ConformanceFact]
    public void A_folder_and_its_gguf_twin_give_the_same_bits()
    {
        int[] ids = [1, 17, 300, 5, 42];
        using var folder = LlamaModel.Load(Conformance.PathOf("models", "llama3-tiny"), KernelTier.Simd, threads: 2);
        using var gguf = ReferenceModel.Load("llama3-tiny");
        var (a, b) = (ReferenceModel.Logits(folder, ids), ReferenceModel.Logits(gguf, ids));
        Assert.Equal(MemoryMarshal.Cast<float, int>(a).ToArray(), MemoryMarshal.Cast<float, int>(b).ToArray());
    }

    [ConformanceFact]
    public async Task A_model_without_a_tokenizer_streams_ids_and_names_what_is_missing()
    {
        var path = Conformance.PathOf("models", "stories260K");
        var item = ReferenceModel.Case("stories260K", "greedy200");
        using var model = LlamaModel.Load(path, KernelTier.Simd, threads: 2);
        Assert.False(model.HasTokenizer);
        Assert.Null(model.ChatFormat);
        Assert.Equal("stories260K", model.Name);
        Assert.Equal([2], model.EndOfGeneration);
        var error = Assert.Throws<ModelFormatException>(() => model.EncodePrompt("hello"));
        Assert.StartsWith($"{path}: tokenizer: neither tokenizer.model nor tokenizer.json", error.Message, StringComparison.Ordinal);

        await using var engine = new LlamaEngine(model, new EngineOptions(), TimeProvider.System);
        var request = new GenerationRequest
        {
            Prompt = [.. ReferenceModel.Integers(item.GetProperty("prompt"))],
            MaxTokens = item.GetProperty("new_tokens").GetInt32(),
            Sampling = SamplingParameters.Greedy,
            Stop = ["x"],
            IgnoreEndOfText = true,
        };
        List<int> ids = [.. request.Prompt];
        await foreach (var token in engine.Submit(request, CancellationToken.None).ReadTokensAsync())
        {
            ids.Add(token.Id);
            Assert.Equal("", token.Text);
        }
        Assert.Equal(ReferenceModel.Integers(item.GetProperty("ids")), ids);
    }

    [ConformanceFact]
    public void The_digest_of_several_files_is_that_of_their_digests_in_order_of_their_names()
    {
        using var source = ModelSource.Open(Conformance.PathOf("models", "llama3-tiny-untied"));
        string[] names = ["config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
        Assert.Equal(names, source.Files.Select(Path.GetFileName));
        var digests = names.SelectMany(name => SHA256.HashData(File.ReadAllBytes(Conformance.PathOf("models", "llama3-tiny-untied", name))));
        Assert.Equal(SHA256.HashData(digests.ToArray()), source.ComputeDigest().ToArray());
        Assert.Equal("safetensors in 2 files", source.Format);

        var gguf = Conformance.PathOf("models", "llama3-tiny", "llama3-tiny-f32.gguf");
        using var single = ModelSource.Open(gguf);
        Assert.Equal(SHA256.HashData(File.ReadAllBytes(gguf)), single.ComputeDigest().ToArray());
    }
}
