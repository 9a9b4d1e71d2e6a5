using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Counts what the whole process allocates, and so runs while no other test does.</summary>
[CollectionDefinition("Alone", DisableParallelization = true)]
public sealed class AloneCollection;

[Collection("Alone")]
public sealed class AllocationTests
{
    /// <summary>A model without a tokenizer, so that no text is made, which clients take away with them.</summary>
    [ConformanceTheory]
    [InlineData("stories260K")]
    [InlineData("llama4-tiny-chunk16")]
    public void Decoding_takes_no_managed_memory(string name)
    {
        using var model = LlamaModel.Load(Conformance.PathOf("models", name), KernelTier.Simd, threads: 2);
        using var scheduler = new Scheduler(model, new EngineOptions { MaxSequences = 4 }, 2048, _ => { }, _ => { });
        for (var i = 0; i < 3; i++)
        {
            // One of them guesses at times; all draw.
            var request = new GenerationRequest
            {
                Prompt = [1, .. Enumerable.Range(0, 40).Select(j => 3 + (i * 31 + j * j) % 200)],
                MaxTokens = 1500,
                Sampling = new SamplingParameters { Temperature = 0.9, TopP = 0.9, Seed = i },
                IgnoreEndOfText = true,
            };
            scheduler.Enqueue(new Sequence(request, model, request.MaxTokens, i, TimeProvider.System, CancellationToken.None));
        }
        for (var step = 0; step < 200; step++)
            scheduler.Step();
        // A reader's queue of tokens that nobody reads grows by doubling: some hundreds of steps are free of that.
        var least = long.MaxValue;
        for (var window = 0; window < 8; window++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var step = 0; step < 100; step++)
                scheduler.Step();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        Assert.Equal(0, least);
        Assert.InRange(scheduler.Counters.GeneratedTokens, 3 * 1000, 3 * 1400);
        scheduler.EndAll(null);
    }
}
