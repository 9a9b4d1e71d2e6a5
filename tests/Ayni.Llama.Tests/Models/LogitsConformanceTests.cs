using System.Runtime.InteropServices;
using System.Text.Json;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Logits against PyTorch, within the tolerances that the reference data's README gives.</summary>
public sealed class LogitsConformanceTests
{
    private const float Tolerance = 2e-4f;

    [ConformanceTheory]
    [InlineData("stories260K", "prompt64", 5e-4f)]
    [InlineData("bard", "prompt", Tolerance)]
    [InlineData("llama2-tiny", "prompt64", Tolerance)]
    [InlineData("llama3-tiny", "prompt64", Tolerance)]
    [InlineData("llama3-tiny-untied", "prompt64", Tolerance)]
    [InlineData("llama31-tiny", "prompt64", Tolerance)]
    [InlineData("llama32-tiny", "prompt64", Tolerance)]
    public void A_prompt_from_position_zero(string name, string caseName, float tolerance)
    {
        var item = ReferenceModel.Case(name, caseName);
        var expected = Conformance.ReadFloats("models", name, item.GetProperty("logits").GetString()!);
        foreach (var tier in Enum.GetValues<KernelTier>())
        {
            using var model = ReferenceModel.Load(name, tier);
            var actual = ReferenceModel.Logits(model, ReferenceModel.Integers(item.GetProperty("ids")));
            ReferenceModel.AssertAgree(item.GetProperty("rows"), expected, actual, tolerance);
        }
    }

    /// <summary>Angles are computed in double precision, so these are held to the float64 reference.</summary>
    [ConformanceTheory]
    [InlineData("llama31-tiny", "start5000")]
    [InlineData("llama31-tiny", "start8176")]
    [InlineData("llama31-tiny", "start20000")]
    [InlineData("llama31-tiny", "start131008")]
    [InlineData("llama32-tiny", "start5000")]
    [InlineData("llama32-tiny", "start8176")]
    [InlineData("llama32-tiny", "start20000")]
    [InlineData("llama32-tiny", "start131008")]
    public void A_prompt_at_high_positions(string name, string caseName)
    {
        var item = ReferenceModel.Case(name, caseName);
        var expected = Conformance.ReadFloats("models", name, item.GetProperty("logits_float64").GetString()!);
        using var model = ReferenceModel.Load(name);
        var ids = ReferenceModel.Integers(item.GetProperty("ids"));
        var actual = ReferenceModel.Logits(model, ids, item.GetProperty("start_pos").GetInt32());
        ReferenceModel.AssertAgree(item.GetProperty("rows"), expected, actual, Tolerance);
    }

    [ConformanceTheory]
    [InlineData("llama31-tiny")]
    [InlineData("llama32-tiny")]
    public void Positions_with_gaps(string name)
    {
        var item = ReferenceModel.Case(name, "sparse_positions");
        var expected = Conformance.ReadFloats("models", name, item.GetProperty("logits_float64").GetString()!);
        var (ids, positions) = (ReferenceModel.Integers(item.GetProperty("ids")), ReferenceModel.Integers(item.GetProperty("positions")));
        using var model = ReferenceModel.Load(name);
        using var evaluator = new SequenceEvaluator(model, ids.Length);
        var actual = new List<float>();
        for (var i = 0; i < ids.Length; i++)
            evaluator.Evaluate([ids[i]], positions[i], row => actual.AddRange(row));
        ReferenceModel.AssertAgree(item.GetProperty("rows"), expected, [.. actual], Tolerance);
    }

    [ConformanceTheory]
    [InlineData("llama31-tiny")]
    [InlineData("llama32-tiny")]
    public void The_last_token_of_a_long_text(string name)
    {
        var item = ReferenceModel.Case(name, "long_last");
        var ids = MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(Conformance.PathOf("models", name, "long_last.ids.i32"))).ToArray();
        var expected = Conformance.ReadFloats("models", name, item.GetProperty("logits_float64").GetString()!);
        using var model = ReferenceModel.Load(name);
        using var evaluator = new SequenceEvaluator(model, ids.Length, chunkTokens: 512);
        float[] last = [];
        evaluator.Evaluate(ids, 0, row => last = row.ToArray());
        Assert.Equal(expected.Length, last.Length);
        for (var i = 0; i < last.Length; i++)
            Assert.Equal(expected[i], last[i], 1e-3f);
    }

    [ConformanceTheory]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("Q8_0")]
    [InlineData("Q4_0")]
    [InlineData("Q4_1")]
    [InlineData("Q5_0")]
    [InlineData("Q5_1")]
    [InlineData("Q2_K")]
    [InlineData("Q3_K_S")]
    [InlineData("Q3_K_M")]
    [InlineData("Q3_K_L")]
    [InlineData("Q4_K_S")]
    [InlineData("Q4_K_M")]
    [InlineData("Q5_K_S")]
    [InlineData("Q5_K_M")]
    [InlineData("Q6_K")]
    [InlineData("IQ4_NL")]
    [InlineData("IQ4_XS")]
    [InlineData("TQ1_0")]
    [InlineData("TQ2_0")]
    public void Quantized_weights(string type)
    {
        var expectations = ReferenceModel.Expected("llama3-tiny", "quant");
        var item = expectations.GetProperty("types").EnumerateArray().Single(entry => entry.GetProperty("type").GetString() == type);
        var expected = Conformance.ReadFloats("models", "llama3-tiny", item.GetProperty("dequant_f32_logits").GetString()!);
        foreach (var tier in Enum.GetValues<KernelTier>())
        {
            using var model = LlamaModel.Load(
                Conformance.PathOf("models", "llama3-tiny", item.GetProperty("file").GetString()!), tier, threads: 2);
            var actual = ReferenceModel.Logits(model, ReferenceModel.Integers(expectations.GetProperty("ids")));
            var isRounded = model.Context.Tier == KernelTier.Compiled && type != "F16";
            if (isRounded)
                ReferenceModel.AssertRelativeError(expectations.GetProperty("rows"), expected, actual, type == "BF16" ? 0.02 : 0.08);
            else
                ReferenceModel.AssertAgree(expectations.GetProperty("rows"), expected, actual, Tolerance);
        }
    }

    [ConformanceTheory]
    [InlineData("stories260K", "greedy200")]
    [InlineData("llama3-tiny", "greedy48")]
    [InlineData("llama32-tiny", "greedy48")]
    [InlineData("bard", "greedy")]
    public async Task Greedy_tokens_are_identical(string name, string caseName)
    {
        var item = ReferenceModel.Case(name, caseName);
        var (prompt, expected) = (ReferenceModel.Integers(item.GetProperty("prompt")), ReferenceModel.Integers(item.GetProperty("ids")));
        using var model = ReferenceModel.Load(name);
        await using var engine = new LlamaEngine(model, new EngineOptions(), TimeProvider.System);
        var request = new GenerationRequest
        {
            Prompt = [.. prompt],
            MaxTokens = item.GetProperty("new_tokens").GetInt32(),
            Sampling = SamplingParameters.Greedy,
            ContinuesText = true,
            IgnoreEndOfText = true,
        };
        var generation = engine.Submit(request, CancellationToken.None);
        var (ids, text) = (new List<int>(prompt), "");
        await foreach (var token in generation.ReadTokensAsync())
        {
            ids.Add(token.Id);
            text += token.Text;
        }
        Assert.Equal(expected, ids);
        if (item.TryGetProperty("text", out var whole))
            Assert.Equal(whole.GetString(), item.GetProperty("prompt_text").GetString() + text);
    }
}
