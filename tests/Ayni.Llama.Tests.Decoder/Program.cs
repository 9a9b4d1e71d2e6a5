using System.Diagnostics.Metrics;
using Ayni.Kernels;
using Ayni.Llama;

// A process in which nothing else runs, for a test to count what decoding allocates: three sequences generate together, each with a client
// that reads, and for each of five times 100 steps a line says how many bytes the whole process has taken of the managed heap. The model
// has no tokenizer, so that no text is made, which clients would take away with them. Arguments: model, cache type.
using var model = LlamaModel.Load(args[0], ComputeContext.BestTier, threads: 2);
using var metrics = new EngineMetrics(model.Name, 4096, TimeProvider.System, null);
// Somebody listens, as the host does.
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
var options = new EngineOptions { MaxSequences = 4, CacheType = Enum.Parse<CacheType>(args[1]) };
using var scheduler = new Scheduler(model, options, 4096, draft: null, metrics, _ => { }, _ => { });
var clients = new Client[3];
for (var i = 0; i < clients.Length; i++)
{
    // One of them guesses at times; all draw.
    var request = new GenerationRequest
    {
        Prompt = [1, .. Enumerable.Range(0, 40).Select(j => 3 + (i * 31 + j * j) % 200)],
        MaxTokens = 3500,
        Sampling = new SamplingParameters { Temperature = 0.9, TopP = 0.9, Seed = i },
        IgnoreEndOfText = true,
    };
    var sequence = new Sequence(request, model, request.MaxTokens, i, TimeProvider.System, CancellationToken.None);
    scheduler.Enqueue(sequence);
    clients[i] = new Client(sequence);
}
// As long as blocks of the cache are new, or methods run for the first time, something is made that is kept.
Run(700);
var taken = new long[5];
for (var window = 0; window < taken.Length; window++)
{
    var before = GC.GetTotalAllocatedBytes(precise: true);
    Run(100);
    taken[window] = GC.GetTotalAllocatedBytes(precise: true) - before;
}
scheduler.EndAll(null);
if (tokens < scheduler.Counters.StepTokens || seconds <= 0 || clients.Any(client => client.Count < 1200))
    throw new InvalidOperationException("The steps were not those of a running batch that is listened to.");
foreach (var bytes in taken)
    Console.WriteLine(bytes);

void Run(int steps)
{
    for (var step = 0; step < steps; step++)
    {
        scheduler.Step();
        // Clients that keep up: what waits for those that don't takes memory.
        foreach (var client in clients)
            client.Read();
    }
}

/// <summary>Reads what there is of a sequence's answer and never waits, so that the process has no threads but the engine's.</summary>
internal sealed class Client(Sequence sequence)
{
    private readonly IAsyncEnumerator<GeneratedToken> _tokens = sequence.Generation.ReadTokensAsync().GetAsyncEnumerator();

    public int Count { get; private set; }

    public void Read()
    {
        for (; Count < sequence.Tokens.Count - sequence.Request.Prompt.Length; Count++)
        {
#pragma warning disable CA2012 // It has completed.
            if (!_tokens.MoveNextAsync().GetAwaiter().GetResult())
                throw new InvalidOperationException("An answer ended.");
#pragma warning restore CA2012
        }
    }
}
