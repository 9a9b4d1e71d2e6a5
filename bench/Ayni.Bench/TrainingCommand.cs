using System.CommandLine;
using System.Diagnostics;
using Ayni.Kernels;
using Ayni.Llama;
using Ayni.Training;

namespace Ayni.Bench;

/// <summary>
/// <c>bench/run training</c>: steps of training a Llama from nothing (forward, backward, clipping, AdamW), beside PyTorch's where there is
/// one, in turn.
/// </summary>
internal static class TrainingCommand
{
    // The small one is the shape that the default model's recipes have about; the large one that of llama2.c's largest.
    private static readonly Dictionary<string, TrainingShape> Shapes = new()
    {
        ["4m"] = new(
            Dim: 256, Layers: 4, Heads: 8, KeyValueHeads: 4, Inner: 768, Vocabulary: 1024, Context: 256, Batch: 12, Ties: false),
        ["110m"] = new(
            Dim: 768, Layers: 12, Heads: 12, KeyValueHeads: 12, Inner: 2048, Vocabulary: 32000, Context: 1024, Batch: 2, Ties: true),
    };

    public static Command Create()
    {
        var shape = new Option<string>("--shape")
        {
            Description = "4m or 110m (parameters).",
            HelpName = "SHAPE",
            DefaultValueFactory = _ => "4m",
        };
        shape.AcceptOnlyFromAmong([.. Shapes.Keys]);
        var threads = new Option<int>("--threads") { Description = "Our threads; 0 takes one a core.", HelpName = "N" };
        var steps = new Option<int>("--steps")
        {
            Description = "Steps of a measurement, of which the median counts.",
            HelpName = "N",
            DefaultValueFactory = _ => 8,
        };
        var rounds = new Option<int>("--rounds")
        {
            Description = "Measurements of each, in turn. The medians of speeds, and of a round's ratios, count.",
            HelpName = "N",
            DefaultValueFactory = _ => 5,
        };
        var peer = new Option<string?>("--peer")
        {
            Description = "A Python that has PyTorch, to compare with in the same run.",
            HelpName = "PYTHON",
        };
        var peerThreads = new Option<int>("--peer-threads")
        {
            Description = "The peer's threads; 0 tries one, two, ... up to ours, and the fastest counts.",
            HelpName = "N",
        };
        var command = new Command("training", "Measure training from nothing.") { shape, threads, steps, rounds, peer, peerThreads };
        command.SetAction(result => Measure(
            Shapes[result.GetValue(shape)!], result.GetValue(threads), result.GetValue(steps), result.GetValue(rounds),
            result.GetValue(peer), result.GetValue(peerThreads)));
        return command;
    }

    private static void Measure(TrainingShape shape, int threads, int steps, int rounds, string? python, int peerThreads)
    {
        using var context = new ComputeContext(ComputeContext.BestTier, threads);
        var floats = new MeasuredTraining(shape, context, ProductPrecision.F32);
        var halves = new MeasuredTraining(shape, context, ProductPrecision.BF16);
        using var peer = python is null ? null : TorchPeer.Start(python, shape);
        floats.WarmUp();
        halves.WarmUp();
        var (single, half, theirs) = (new double[rounds], new double[rounds], new double[rounds]);
        for (var round = 0; round < rounds; round++)
        {
            single[round] = floats.Median(steps);
            half[round] = halves.Median(steps);
            var (fewest, most) = peerThreads == 0 ? (1, context.Team.WorkerCount) : (peerThreads, peerThreads);
            theirs[round] = peer is null ? double.NaN
                : Enumerable.Range(fewest, most - fewest + 1).Min(count => peer.Median(count, steps));
        }
        var flops = shape.FlopsPerStep;
        Console.WriteLine(
            $"{floats.Parameters:N0} parameters, {shape.Batch} × {shape.Context} tokens a step, {context.Team.WorkerCount} threads");
        Print("Ayni, f32", single);
        Print("Ayni, bf16", half);
        if (peer is not null)
            Print($"PyTorch {peer.Version}, f32", theirs);

        void Print(string name, double[] seconds)
        {
            var median = Median(seconds);
            var ratios = seconds.Zip(theirs, (ours, others) => others / ours).ToArray();
            Console.WriteLine(
                $"{name,-28} {shape.Tokens / median,9:f0} tokens/s  {flops / median / 1e9,7:f1} GFLOP/s"
                + (peer is null ? "" : $"  {Median(ratios),5:f2} × PyTorch ({ratios.Min():f2} to {ratios.Max():f2})"));
        }
    }

    private static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>What is trained, and on how much at a time.</summary>
internal sealed record TrainingShape(
    int Dim, int Layers, int Heads, int KeyValueHeads, int Inner, int Vocabulary, int Context, int Batch, bool Ties)
{
    public int Tokens => Batch * Context;

    /// <summary>Operations of a step's products, by the usual count: six a weight and token, embeddings as they are looked up none, and
    /// attention over the half of all pairs that are not masked.</summary>
    public double FlopsPerStep
    {
        get
        {
            var head = Dim / Heads;
            var layer = (double)Dim * (2 * Dim + 2 * KeyValueHeads * head + 3 * Inner);
            return 6.0 * Tokens * (Layers * layer + (double)Vocabulary * Dim) + 6.0 * Layers * Tokens * Context * Dim;
        }
    }
}

/// <summary>A training of our own.</summary>
internal sealed class MeasuredTraining
{
    // The runtime compiles a method for good once it was called thirty times.
    private const int MostWarmUpSteps = 32;

    private static readonly TimeSpan MostWarmUp = TimeSpan.FromSeconds(5);

    private readonly TrainingStep _step;
    private readonly TrainingBatch _batch;

    public MeasuredTraining(TrainingShape shape, ComputeContext context, ProductPrecision precision)
    {
        var config = new LlamaConfig
        {
            HiddenSize = shape.Dim,
            IntermediateSize = shape.Inner,
            LayerCount = shape.Layers,
            HeadCount = shape.Heads,
            KeyValueHeadCount = shape.KeyValueHeads,
            HeadDim = shape.Dim / shape.Heads,
            RotaryDim = shape.Dim / shape.Heads,
            RopeTheta = 10_000,
            RmsNormEpsilon = 1e-5f,
            VocabularySize = shape.Vocabulary,
            ContextLength = shape.Context + 1,
        };
        var model = TrainableModel.Create(config, shape.Ties, seed: 1);
        Parameters = model.TrainableParameters.Sum(parameter => (long)parameter.Values.Length);
        var random = new Random(1);
        _batch = TrainingBatch.Create([.. Enumerable.Range(0, shape.Batch).Select(_ => Row())], config);
        _step = new TrainingStep(
            model, new GradientPass(model, context, precision: precision),
            new AdamW(model.TrainableParameters, new AdamWSettings(), context), clipNorm: 1, context);

        (ReadOnlyMemory<int>, ReadOnlyMemory<int>) Row()
        {
            var ids = Enumerable.Range(0, shape.Context).Select(_ => random.Next(shape.Vocabulary)).ToArray();
            return (ids, ids);
        }
    }

    public long Parameters { get; }

    /// <summary>Takes steps until the runtime has compiled for good what they call, or for five seconds.</summary>
    public void WarmUp()
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < MostWarmUpSteps && Stopwatch.GetElapsedTime(start) < MostWarmUp; i++)
            _step.Run([_batch], rate: 1e-4);
    }

    /// <summary>The median of some steps' seconds, after one that brings back what others drove out of the caches.</summary>
    public double Median(int steps)
    {
        _step.Run([_batch], rate: 1e-4);
        var seconds = new double[steps];
        for (var i = 0; i < steps; i++)
        {
            var start = Stopwatch.GetTimestamp();
            _step.Run([_batch], rate: 1e-4);
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        Array.Sort(seconds);
        return seconds[steps / 2];
    }
}
