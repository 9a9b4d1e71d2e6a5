using System.Diagnostics.Metrics;
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
    [InlineData("stories260K", CacheType.F32)]
    [InlineData("llama4-tiny-chunk16", CacheType.F16)]
    public void Decoding_takes_no_managed_memory(string name, CacheType type)
    {
        using var model = LlamaModel.Load(Conformance.PathOf("models", name), KernelTier.Simd, threads: 2);
        // Somebody listens, as the host does.
        using var metrics = new EngineMetrics(model.Name, 4096, TimeProvider.System, null);
        var (tokens, seconds) = (0L, 0.0);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == LlamaEngine.MeterName && !instrument.IsObservable)
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => tokens += value);
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => seconds += value);
        listener.Start();
        var options = new EngineOptions { MaxSequences = 4, CacheType = type };
        using var scheduler = new Scheduler(model, options, 4096, draft: null, metrics, _ => { }, _ => { });
        for (var i = 0; i < 3; i++)
        {
            // One of them guesses at times; all draw.
            var request = new GenerationRequest
            {
                Prompt = [1, .. Enumerable.Range(0, 40).Select(j => 3 + (i * 31 + j * j) % 200)],
                MaxTokens = 3500,
                Sampling = new SamplingParameters { Temperature = 0.9, TopP = 0.9, Seed = i },
                IgnoreEndOfText = true,
            };
            scheduler.Enqueue(new Sequence(request, model, request.MaxTokens, i, TimeProvider.System, CancellationToken.None));
        }
        for (var step = 0; step < 200; step++)
            scheduler.Step();
        // A reader's queue of tokens that nobody reads grows by doubling: most hundreds of steps are free of that. What the whole process takes
        // includes the test runner's own threads, so the step's thread is held to nothing and the process to next to nothing.
        var (mine, all) = (long.MaxValue, long.MaxValue);
        for (var window = 0; window < 12 && (mine, all) != (0, 0); window++)
        {
            var (minesBefore, allBefore) = (GC.GetAllocatedBytesForCurrentThread(), GC.GetTotalAllocatedBytes(precise: true));
            for (var step = 0; step < 100; step++)
                scheduler.Step();
            all = Math.Min(all, GC.GetTotalAllocatedBytes(precise: true) - allBefore);
            mine = Math.Min(mine, GC.GetAllocatedBytesForCurrentThread() - minesBefore);
        }
        Assert.Equal(0, mine);
        Assert.InRange(all, 0, 8192);
        Assert.True(tokens >= scheduler.Counters.StepTokens && seconds > 0);
        Assert.InRange(scheduler.Counters.GeneratedTokens, 3 * 300, 3 * 3500);
        scheduler.EndAll(null);
    }
}
