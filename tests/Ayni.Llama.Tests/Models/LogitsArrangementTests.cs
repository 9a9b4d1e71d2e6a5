using System.Runtime.InteropServices;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>
/// A text's logits have the same bits alone and in batches with others, in chunks of any length, with guesses checked along, after a
/// beginning that was found in the cache, and for any number of threads: for each way weights and the cache are stored.
/// </summary>
public sealed class LogitsArrangementTests
{
    private const int Length = 60, PromptLength = 40, MostTokens = 64;

    [ConformanceTheory]
    [InlineData("llama3-tiny/llama3-tiny-f32.gguf")]
    [InlineData("llama3-tiny", "F16")]
    [InlineData("llama3-tiny", "BF16")]
    [InlineData("llama3-tiny", "Q8_0")]
    [InlineData("llama3-tiny", "Q4_0")]
    [InlineData("llama3-tiny", "Q4_K_M")]
    [InlineData("llama4-tiny-chunk16")]
    public void Every_arrangement_gives_the_same_bits(string folder, string? quantized = null)
    {
        var path = quantized is null ? Conformance.PathOf("models", folder) : QuantizedPath(folder, quantized);
        foreach (var tier in (KernelTier[])[KernelTier.Simd, KernelTier.Compiled])
        {
            using var alone = LlamaModel.Load(path, tier, threads: 1);
            using var shared = LlamaModel.Load(path, tier, threads: 3);
            foreach (var type in Enum.GetValues<CacheType>().Where(type => type != CacheType.Q8_0 || alone.Config.HeadDim % 32 == 0))
            {
                var expected = Rows(ReferenceModel.Logits(alone, Text(alone, 0), chunkTokens: 1, cacheType: type), alone.Config.VocabularySize);
                var (cold, warm) = AmongOthers(shared, type);
                Assert.Equal(expected, cold);
                Assert.Equal(expected[^warm.Length..], warm);
            }
        }
    }

    /// <summary>
    /// The bits of all logits of a text that is computed with others, and of its second half once its beginning is in the cache.
    /// </summary>
    private static (int[][] Cold, int[][] Warm) AmongOthers(LlamaModel model, CacheType type)
    {
        using var cache = new KeyValueCache(model.Config, Length + MostTokens, MostTokens, sequences: 5, long.MaxValue, type);
        var transformer = new Transformer(model.Config, model.Weights, model.Context, MostTokens);
        var batch = new Batch(model.Config);
        var vocabulary = model.Config.VocabularySize;
        var logits = new float[MostTokens * vocabulary];
        var text = Text(model, 0);
        var own = new SequenceBlocks();
        List<(SequenceBlocks Blocks, int[] Text, int Length)> others = [.. Enumerable.Range(1, 3).Select(i => (new SequenceBlocks(), Text(model, i), 0))];
        var cold = new List<int[]>();

        var place = 0;
        foreach (var chunk in (int[])[5, 16, 1, 18])
        {
            cold.AddRange(Compute(own, text, place, chunk, [], chunk, companions: chunk % 4));
            place += chunk;
            cache.Publish(own, text.AsSpan(0, place));
        }
        // Of five guesses the first two hold; what the others left in the cache is written over.
        for (; place < Length; place += 3)
        {
            var guesses = Math.Min(2, Length - place - 1);
            int[] draft = [.. text.AsSpan(place + 1, guesses), .. Text(model, 9)[..3]];
            cold.AddRange(Compute(own, text, place, 1, draft, 1 + guesses, companions: 3));
        }

        var again = new SequenceBlocks();
        var found = cache.Find(again, text);
        Assert.Equal(PromptLength / KeyValueCache.BlockTokens * KeyValueCache.BlockTokens, found);
        return ([.. cold], Compute(again, text, found, Length - found, [], Length - found, companions: 2));

        // One step, first for some of the others, then for the text's next tokens and guesses; returns so many of the text's logits.
        int[][] Compute(SequenceBlocks blocks, int[] tokens, int from, int count, ReadOnlySpan<int> draft, int wanted, int companions)
        {
            batch.Clear();
            for (var i = 0; i < companions; i++)
                AddOther(i);
            var before = batch.LogitCount;
            Assert.True(cache.TryGrow(blocks, from, from + count + draft.Length));
            batch.Add(tokens.AsSpan(from, count), draft, from, blocks, LogitSelection.All);
            transformer.Forward(batch, cache, logits.AsSpan(0, batch.LogitCount * vocabulary));
            return Rows(logits.AsSpan(before * vocabulary, wanted * vocabulary), vocabulary);
        }

        void AddOther(int index)
        {
            var (blocks, tokens, length) = others[index];
            var count = Math.Min(1 + index * 3, Length - length);
            Assert.True(cache.TryGrow(blocks, length, length + count));
            batch.Add(tokens.AsSpan(length, count), [], length, blocks, LogitSelection.Last);
            others[index] = (blocks, tokens, length + count);
        }
    }

    private static int[] Text(LlamaModel model, int salt) =>
        [.. Enumerable.Range(0, Length).Select(i => (i * i * 7 + i * (31 + salt) + salt * 13 + 3) % model.Config.VocabularySize)];

    private static int[][] Rows(ReadOnlySpan<float> logits, int vocabulary)
    {
        var rows = new int[logits.Length / vocabulary][];
        for (var row = 0; row < rows.Length; row++)
            rows[row] = MemoryMarshal.Cast<float, int>(logits.Slice(row * vocabulary, vocabulary)).ToArray();
        return rows;
    }

    private static string QuantizedPath(string folder, string type)
    {
        var item = ReferenceModel.Expected(folder, "quant").GetProperty("types").EnumerateArray().Single(entry => entry.GetProperty("type").GetString() == type);
        return Conformance.PathOf("models", folder, item.GetProperty("file").GetString()!);
    }
}
