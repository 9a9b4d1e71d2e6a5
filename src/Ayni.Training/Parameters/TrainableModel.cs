using System.Collections.Immutable;
using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>
/// A Llama whose parameters can be changed: its shape and, in float32, all of its weights. Parameters are named and ordered as in GGUF.
/// Used by one thread at a time.
/// </summary>
public sealed class TrainableModel
{
    internal TrainableModel(
        LlamaConfig config, double[] inverseFrequencies, Parameter embedding, Parameter head, Parameter outputNorm,
        ImmutableArray<LayerParameters> layers)
    {
        Config = config;
        InverseFrequencies = inverseFrequencies;
        Embedding = embedding;
        Head = head;
        OutputNorm = outputNorm;
        Layers = layers;
        Parameters =
            [embedding, .. layers.SelectMany(layer => layer.Parameters), outputNorm, .. TiesEmbeddings ? Array.Empty<Parameter>() : [head]];
    }

    /// <summary>The shape.</summary>
    public LlamaConfig Config { get; }

    /// <summary>Whether the output head is the token embeddings.</summary>
    public bool TiesEmbeddings => ReferenceEquals(Head, Embedding);

    /// <summary>All weights of the model itself, the adapter's not included; tied ones once.</summary>
    public ImmutableArray<Parameter> Parameters { get; }

    /// <summary>What is trained: the weights that are not frozen and the adapter's factors.</summary>
    public IEnumerable<Parameter> TrainableParameters =>
        Parameters.Concat(Adapter?.Parameters ?? []).Where(parameter => parameter.IsTrainable);

    /// <summary>The adapter in use; null for none.</summary>
    public LowRankAdapter? Adapter { get; private set; }

    internal double[] InverseFrequencies { get; }

    internal Parameter Embedding { get; }

    internal Parameter Head { get; }

    internal Parameter OutputNorm { get; }

    internal ImmutableArray<LayerParameters> Layers { get; }

    /// <summary>Every matrix that an adapter may belong to, by its name without <c>.weight</c>.</summary>
    internal IEnumerable<(string Name, Linear Projection)> AdaptableProjections =>
        Layers.SelectMany(layer => layer.Projections)
            .Where(projection => projection.Weight.Expert is null
                && !projection.Weight.Name.EndsWith("ffn_gate_inp.weight", StringComparison.Ordinal))
            .Select(projection => (projection.Weight.Name[..^".weight".Length], projection));

    /// <summary>Reads a model's weights, whatever their type, as float32.</summary>
    /// <param name="source">The model.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ModelFormatException">It is not a Llama that Ayni computes.</exception>
    public static TrainableModel Load(ModelSource source, CancellationToken cancellationToken = default)
    {
        source.RequireLlama();
        var config = source.ReadConfig(source.ReadTokenizer());
        using var context = new ComputeContext(KernelTier.Scalar, 1);
        using var weights = new WeightLoader(source, config, context, cache: null, progress: null, cancellationToken).Load();
        return new LoadedParameters(config, weights, keepsMatrices: false).Build();
    }

    /// <summary>
    /// Takes a model that an adapter is to be trained beside: matrices of other types than float32 stay in their file and are decoded as
    /// they are multiplied, part by part (Dettmers et al. 2023, arXiv:2305.14314).
    /// </summary>
    /// <param name="source">The model, which has to stay open.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ModelFormatException">It is not a Llama that Ayni computes.</exception>
    public static TrainableModel LoadFrozen(ModelSource source, CancellationToken cancellationToken = default)
    {
        var config = source.ReadConfig(source.ReadTokenizer());
        // The scalar tier reads weights where they are, so there is nothing to dispose of.
        using var context = new ComputeContext(KernelTier.Scalar, 1);
        var weights = new WeightLoader(source, config, context, cache: null, progress: null, cancellationToken).Load();
        var model = new LoadedParameters(config, weights, keepsMatrices: true).Build();
        foreach (var parameter in model.Parameters)
            parameter.IsTrainable = false;
        return model;
    }

    /// <summary>
    /// A model of random weights, to be trained from nothing: normal with a deviation of 0.02, and of 0.02 / √(2 · layers) where a product
    /// is added to the residual stream (Radford et al. 2019); norms are 1. The same seed gives the same model.
    /// </summary>
    /// <param name="config">The shape.</param>
    /// <param name="tiesEmbeddings">Whether the output head is the token embeddings.</param>
    /// <param name="seed">What the weights follow from.</param>
    public static TrainableModel Create(LlamaConfig config, bool tiesEmbeddings, ulong seed) =>
        new InitialParameters(config, tiesEmbeddings, seed).Build();

    /// <summary>Freezes all weights of the model itself and adds an adapter, which alone is trained then.</summary>
    /// <exception cref="InvalidOperationException">There is an adapter already.</exception>
    public void Attach(LowRankAdapter adapter)
    {
        if (Adapter is not null)
            throw new InvalidOperationException("The model has an adapter already.");
        adapter.AttachTo(this);
        Adapter = adapter;
        foreach (var parameter in Parameters)
            parameter.IsTrainable = false;
    }

    /// <summary>Adds what the adapter adds to the weights themselves, and leaves it. The weights stay frozen.</summary>
    /// <exception cref="InvalidOperationException">There is no adapter.</exception>
    public void Merge(ComputeContext context)
    {
        _ = Adapter ?? throw new InvalidOperationException("The model has no adapter.");
        foreach (var (_, projection) in AdaptableProjections)
        {
            if (projection.Adapter is not { } adapter)
                continue;
            projection.Weight.Unpack(context);
            adapter.MergeInto(projection.Weight, context);
            projection.Adapter = null;
        }
        Adapter = null;
    }
}
