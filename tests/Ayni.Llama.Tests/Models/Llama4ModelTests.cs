using System.Runtime.InteropServices;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Llama 4's layers: experts, layers without rotary embedding, attention in chunks, normalized heads, temperature.</summary>
public sealed class Llama4ModelTests
{
    public static TheoryData<string, string> Prompts => new()
    {
        { "llama4-scout-like", "start0" },
        { "llama4-scout-like", "start8152" },
        { "llama4-scout-like", "start16334" },
        { "llama4-maverick-like", "start0" },
        { "llama4-maverick-like", "start8132" },
        { "llama4-tiny-chunk16", "start0" },
        { "llama4-tiny-chunk16", "start37" },
        { "llama4-tiny-chunk32", "start0" },
        { "llama4-tiny-chunk32", "start20000" },
    };

    [ConformanceTheory]
    [MemberData(nameof(Prompts))]
    public void Logits_of_a_prompt_agree_in_every_tier_and_format(string name, string caseName)
    {
        var item = ReferenceModel.Case(name, caseName);
        // Angles are computed in double precision, so high positions are held to the float64 reference.
        var file = item.TryGetProperty("logits_float64", out var precise) ? precise : item.GetProperty("logits");
        var expected = Conformance.ReadFloats("models", name, file.GetString()!);
        foreach (var path in Paths(name))
        {
            foreach (var tier in Enum.GetValues<KernelTier>())
            {
                using var model = LlamaModel.Load(path, tier, threads: 2);
                var ids = ReferenceModel.Integers(item.GetProperty("ids"));
                var actual = ReferenceModel.Logits(model, ids, item.GetProperty("start_pos").GetInt32());
                // The folders are in BF16: where activations are rounded to it, a token whose experts' scores are close may go to another
                // one, which changes its logits altogether and later ones a little. So most tokens are held to what rounding does, and all
                // where nothing is rounded.
                if (tier == KernelTier.Compiled && Directory.Exists(path))
                    ReferenceModel.AssertMostAgree(item.GetProperty("rows"), expected, actual, 0.05);
                else
                    ReferenceModel.AssertAgree(item.GetProperty("rows"), expected, actual, 2e-4f);
            }
        }
    }

    [ConformanceTheory]
    [InlineData("llama4-scout-like")]
    [InlineData("llama4-maverick-like")]
    [InlineData("llama4-tiny-chunk16")]
    [InlineData("llama4-tiny-chunk32")]
    public async Task Greedy_tokens_are_identical_when_two_are_served_together(string name)
    {
        var item = ReferenceModel.Case(name, "greedy40");
        var ids = ReferenceModel.Integers(item.GetProperty("ids"));
        var promptLength = item.GetProperty("prompt").GetArrayLength();
        using var model = LlamaModel.Load(Paths(name).Last(), KernelTier.Simd, threads: 2);
        await using var engine = new LlamaEngine(model, new EngineOptions { ContextLength = 64, StepTokens = 5 }, TimeProvider.System);
        var generations = Enumerable.Range(0, 2).Select(_ => engine.Submit(
            new GenerationRequest
            {
                Prompt = [.. ids[..promptLength]],
                MaxTokens = ids.Length - promptLength,
                Sampling = SamplingParameters.Greedy,
                IgnoreEndOfText = true,
            },
            CancellationToken.None)).ToArray();
        foreach (var generation in generations)
        {
            List<int> found = [.. ids[..promptLength]];
            await foreach (var token in generation.ReadTokensAsync())
                found.Add(token.Id);
            Assert.Equal(ids, found);
        }
    }

    [ConformanceTheory]
    [InlineData("llama4-tiny-chunk16")]
    [InlineData("llama4-tiny-chunk32")]
    public void Chunks_of_any_length_give_the_same_bits(string name)
    {
        var ids = ReferenceModel.Integers(ReferenceModel.Case(name, "start0").GetProperty("ids"));
        using var model = LlamaModel.Load(Conformance.PathOf("models", name), KernelTier.Simd, threads: 2);
        var whole = MemoryMarshal.Cast<float, int>(ReferenceModel.Logits(model, ids, startPosition: 5, chunkTokens: 100)).ToArray();
        foreach (var chunkTokens in (int[])[1, 3, 16, 41])
        {
            var chunked = ReferenceModel.Logits(model, ids, startPosition: 5, chunkTokens: chunkTokens);
            Assert.Equal(whole, MemoryMarshal.Cast<float, int>(chunked).ToArray());
        }
    }

    [ConformanceFact]
    public void The_cache_of_layers_that_attend_in_chunks_does_not_grow_with_the_context()
    {
        using var model = LlamaModel.Load(Conformance.PathOf("models", "llama4-tiny-chunk16"), KernelTier.Simd, threads: 1);
        using var small = new KeyValueCache(model.Config, contextLength: 1_000, stepTokens: 8);
        using var large = new KeyValueCache(model.Config, contextLength: 100_000, stepTokens: 8);
        Assert.Equal(6250, large.BlockCount);
        Assert.Equal(small.LocalBlockCount, large.LocalBlockCount);
        Assert.InRange(large.LocalBlockCount, 1, 4);
        // A layer that attends to everything reads 90,000 slots more, one that attends in chunks of 16 none.
        var config = model.Config;
        var slotBytes = 2 * config.KeyValueHeadCount * config.HeadDim * sizeof(float);
        var globalLayers = Enumerable.Range(0, config.LayerCount).Count(layer => !config.IsLocal(layer));
        Assert.Equal(90_000L * slotBytes * globalLayers, large.BytesReadAt(90_000) - large.BytesReadAt(0));

        // A long text passes through these few blocks; every one of them comes back.
        var blocks = new SequenceBlocks();
        for (var length = 0; length < 100_000; length += 8)
            Assert.True(large.TryGrow(blocks, length, length + 8));
        Assert.InRange(large.LocalBlockCount - large.FreeLocalBlockCount, 1, large.LocalBlockCount);
        large.Release(blocks);
        Assert.Equal((large.BlockCount, large.LocalBlockCount), (large.FreeBlockCount, large.FreeLocalBlockCount));
    }

    [ConformanceFact]
    public void Experts_without_tokens_are_not_read()
    {
        // Experts that no token of this prompt goes to are filled with NaN, which would spoil whatever touches it.
        var ids = ReferenceModel.Integers(ReferenceModel.Case("llama4-maverick-like", "start0").GetProperty("ids"))[..8];
        var chosen = ReferenceModel.Case("llama4-maverick-like", "start0").GetProperty("expert_ids_per_moe_layer").EnumerateArray()
            .Select(layer => ReferenceModel.Integers(layer)[..8].ToHashSet()).ToArray();
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("holes.gguf");
        CopyWithHoles(Paths("llama4-maverick-like").First(), path, (layer, expert) => !chosen[layer / 2].Contains(expert));
        using var whole = LlamaModel.Load(Paths("llama4-maverick-like").First(), KernelTier.Simd, threads: 2);
        using var holes = LlamaModel.Load(path, KernelTier.Simd, threads: 2);
        Assert.Equal(ReferenceModel.Logits(whole, ids), ReferenceModel.Logits(holes, ids));
    }

    /// <summary>The GGUF twin where there is one, and the folder.</summary>
    private static IEnumerable<string> Paths(string name)
    {
        var gguf = Conformance.PathOf("models", name, $"{name}-f32.gguf");
        return File.Exists(gguf) ? [gguf, Conformance.PathOf("models", name)] : [Conformance.PathOf("models", name)];
    }

    private static void CopyWithHoles(string from, string path, Func<int, int, bool> isHole)
    {
        using var file = GgufFile.Open(from);
        var writer = new GgufWriter();
        foreach (var key in file.Metadata.Keys)
            writer.Add(key, file.Metadata.Find(key)!);
        foreach (var tensor in file.Tensors)
        {
            var values = MemoryMarshal.Cast<byte, float>(file.Data(tensor).Span(0, (int)tensor.Bytes)).ToArray();
            if (tensor.Name.EndsWith("_exps.weight", StringComparison.Ordinal))
            {
                var length = values.Length / (int)tensor.Dimensions[2];
                var layer = int.Parse(tensor.Name.Split('.')[1], System.Globalization.CultureInfo.InvariantCulture);
                for (var expert = 0; expert < tensor.Dimensions[2]; expert++)
                {
                    if (isHole(layer, expert))
                        values.AsSpan(expert * length, length).Fill(float.NaN);
                }
            }
            writer.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions, stream => stream.Write(MemoryMarshal.AsBytes<float>(values)));
        }
        writer.Save(path);
    }
}
