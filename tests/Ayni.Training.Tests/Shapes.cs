using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training.Tests;

/// <summary>Small models, each with a kind of layer that the others have not.</summary>
internal static class Shapes
{
    private static readonly LlamaConfig Plain = new()
    {
        HiddenSize = 24,
        IntermediateSize = 40,
        LayerCount = 2,
        HeadCount = 4,
        KeyValueHeadCount = 2,
        HeadDim = 6,
        RotaryDim = 6,
        RopeTheta = 10_000,
        RmsNormEpsilon = 1e-5f,
        VocabularySize = 37,
        ContextLength = 200,
    };

    public static TheoryData<string> Names { get; } = [.. All.Keys];

    private static Dictionary<string, LlamaConfig> All => new()
    {
        ["grouped queries"] = Plain,
        ["every head its own"] = Plain with { KeyValueHeadCount = 4, HeadDim = 8, RotaryDim = 8 },
        ["part of a head rotated"] = Plain with { HeadDim = 16, RotaryDim = 8 },
        ["linear scaling"] = Plain with { RotaryScaling = new LinearRotaryScaling { Factor = 4 } },
        ["scaling of Llama 3.1"] = Plain with
        {
            RotaryScaling = new Llama3RotaryScaling
            {
                Factor = 8,
                LowFrequencyFactor = 1,
                HighFrequencyFactor = 4,
                OriginalContextLength = 64
            },
        },
        ["YaRN"] = Plain with { RotaryScaling = new YarnRotaryScaling { Factor = 4, OriginalContextLength = 32, AttentionFactor = 1.2 } },
        ["window"] = Plain with { LocalAttention = new(LocalAttentionKind.Window, 7) },
        ["chunks, some layers unrotated, sharpened, heads normalized"] = Plain with
        {
            LayerCount = 3,
            LocalAttention = new(LocalAttentionKind.Chunk, 9),
            UnrotatedLayers = [1],
            NormalizesHeads = true,
            AttentionTemperature = new(4, 0.3),
        },
        ["rows of whole vectors"] = Plain with { HiddenSize = 64, IntermediateSize = 96, HeadDim = 16, RotaryDim = 16 },
        ["rows of whole vectors but within the network"] = Plain with { LayerCount = 1, HiddenSize = 64, HeadDim = 16, RotaryDim = 16 },
        ["rows of whole vectors beside experts"] = Plain with
        {
            HiddenSize = 64,
            IntermediateSize = 96,
            HeadDim = 16,
            RotaryDim = 16,
            Experts = new MixtureOfExperts { Count = 3, IntermediateSize = 32, Layers = [1] },
        },
        ["experts"] = Plain with { Experts = new MixtureOfExperts { Count = 3, IntermediateSize = 20, Layers = [1] } },
    };

    /// <summary>A model of random weights, larger than at the start of a training, so that every path matters.</summary>
    public static TrainableModel Create(string name, bool tied = false, ulong seed = 7)
    {
        var model = TrainableModel.Create(All[name], tied, seed);
        foreach (var parameter in model.Parameters.Where(parameter => parameter.Role != ParameterRole.Norm))
        {
            var factor = parameter.Name.Contains("ffn_gate_inp", StringComparison.Ordinal) ? 50 : 12;
            foreach (ref var value in parameter.Values.AsSpan())
                value *= factor;
        }
        return model;
    }

    /// <summary>Documents of random tokens, a third of which are not to be learned.</summary>
    public static (ReadOnlyMemory<int> Ids, ReadOnlyMemory<int> Labels)[] Documents(TrainableModel model, params int[] lengths)
    {
        var random = new Random(11);
        return [.. lengths.Select(length =>
        {
            var ids = Enumerable.Range(0, length).Select(_ => random.Next(model.Config.VocabularySize)).ToArray();
            var labels = ids.Select(id => random.Next(3) == 0 ? TrainingBatch.Masked : id).ToArray();
            return ((ReadOnlyMemory<int>)ids, (ReadOnlyMemory<int>)labels);
        })];
    }

    public static TrainingBatch Batch(TrainableModel model, params int[] lengths) =>
        TrainingBatch.Create(Documents(model, lengths), model.Config);

    /// <summary>The mean loss, and all gradients one after another.</summary>
    public static (double Loss, float[] Gradients) Compute(
        TrainableModel model, IReadOnlyList<TrainingBatch> batches, int threads = 1, bool recompute = false, ulong? dropoutSeed = null,
        ProductPrecision precision = ProductPrecision.F32)
    {
        using var context = new ComputeContext(ComputeContext.BestTier, threads);
        var pass = new GradientPass(model, context, recompute, precision);
        foreach (var parameter in model.TrainableParameters)
            Array.Clear(parameter.Gradient);
        var terms = batches.Sum(batch => batch.LossTerms);
        var loss = batches.Sum(batch => pass.AddGradients(batch, terms, dropoutSeed)) / terms;
        return (loss, [.. model.TrainableParameters.SelectMany(parameter => parameter.Gradient)]);
    }
}
