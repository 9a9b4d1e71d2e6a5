using System.Collections.Immutable;
using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>
/// The forward pass of every Llama with its activations kept, and the backward pass by hand: losses of a batch, and their gradients added
/// to those of the model's parameters. Results are the same to the bit for any number of threads. Used by one thread at a time.
/// </summary>
public sealed class GradientPass
{
    private readonly TrainableModel _model;
    private readonly double _balance;
    private readonly PassState _pass;
    private readonly AttentionPass _attention;
    private readonly LossHead _head;
    private readonly ImmutableArray<LayerActivations> _kept;
    private readonly ImmutableArray<FloatBuffer> _streams;
    private readonly LayerActivations _forgotten = new();
    private readonly FloatBuffer _gradient = new();

    /// <summary>Prepares passes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="context">Team and tier.</param>
    /// <param name="recompute">True to keep only what enters each layer and compute the rest again on the way back (Chen et al. 2016,
    /// arXiv:1604.06174): a third more arithmetic, and memory for one layer's activations instead of all.</param>
    /// <param name="precision">To what the operands of products are rounded, forward and backward. Weights, gradients and all that lies
    /// between products stay in float32, and so do the products of routers and adapters.</param>
    /// <param name="balance">What the load-balance loss of every mixture of experts counts in gradients; the losses given are without
    /// it.</param>
    public GradientPass(
        TrainableModel model, ComputeContext context, bool recompute = false, ProductPrecision precision = ProductPrecision.F32,
        double balance = 0)
    {
        _model = model;
        _balance = balance;
        _pass = new PassState(context, precision);
        _attention = new AttentionPass(model.Config, precision);
        _head = new LossHead(model, _pass);
        _streams = [.. Enumerable.Range(0, model.Config.LayerCount + 1).Select(_ => new FloatBuffer())];
        _kept = recompute ? [] : [.. model.Layers.Select(_ => new LayerActivations())];
    }

    /// <summary>
    /// Adds the gradients of a batch's loss and returns the sum of its losses, in nats. To take a step over several batches, give each the
    /// loss terms of all: then the gradients are those of the mean over all of them.
    /// </summary>
    /// <param name="batch">The batch, made for this model's shape.</param>
    /// <param name="lossTerms">What the sum of losses is divided by in the gradients: the loss terms of all batches of the step.</param>
    /// <param name="dropoutSeed">What an adapter's dropout follows from: another for each batch of each step. Null drops nothing.</param>
    /// <exception cref="BatchException">The batch is too large for this process.</exception>
    public double AddGradients(TrainingBatch batch, long lossTerms, ulong? dropoutSeed = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lossTerms, 1);
        _pass.DropoutSeed = dropoutSeed;
        // Of the batches of a step, each counts by its part of the loss terms.
        _pass.BalanceFactor = _balance * batch.LossTerms / lossTerms;
        var plan = new BatchPlan(batch, _model);
        Forward(batch, plan, keeps: true);
        var gradient = _gradient.Take(StreamLength(plan));
        var loss = _head.Apply(Stream(_model.Config.LayerCount, plan), batch.Targets, 1f / lossTerms, gradient);
        Backward(batch, plan, gradient);
        return loss;
    }

    /// <summary>
    /// Adds the gradients of a batch's preferences (<see cref="PreferenceLoss"/>) and returns the sum of their losses, in nats. The model
    /// without its adapter is the one from before the tuning.
    /// </summary>
    /// <param name="batch">Documents in pairs: an answer that is preferred, and the one it is preferred to.</param>
    /// <param name="pairs">What the sum of losses is divided by in the gradients: the pairs of all batches of the step.</param>
    /// <param name="beta">How much an answer's gain counts.</param>
    /// <param name="dropoutSeed">What an adapter's dropout follows from. Null drops nothing.</param>
    /// <exception cref="BatchException">The batch is too large for this process.</exception>
    public double AddPreferenceGradients(TrainingBatch batch, long pairs, double beta, ulong? dropoutSeed = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pairs, 1);
        var before = DocumentLossesBefore(batch);
        _pass.DropoutSeed = dropoutSeed;
        _pass.BalanceFactor = 0;
        var plan = new BatchPlan(batch, _model);
        Forward(batch, plan, keeps: true);
        var stream = Stream(_model.Config.LayerCount, plan);
        var scales = new float[plan.Tokens];
        var loss = ComparePairs(batch, DocumentLosses(batch, stream), before, beta, scales);
        var gradient = _gradient.Take(StreamLength(plan));
        _head.Apply(stream, batch.Targets, 1f / pairs, gradient, scales);
        Backward(batch, plan, gradient);
        return loss;
    }

    /// <summary>The sum of the losses of a batch's preferences, in nats, without dropout.</summary>
    public double EvaluatePreferences(TrainingBatch batch, double beta)
    {
        var before = DocumentLossesBefore(batch);
        _pass.DropoutSeed = null;
        var plan = new BatchPlan(batch, _model);
        Forward(batch, plan, keeps: false);
        return ComparePairs(batch, DocumentLosses(batch, Stream(_model.Config.LayerCount, plan)), before, beta, []);
    }

    /// <summary>The sum of a batch's losses, in nats, without dropout.</summary>
    public double Evaluate(TrainingBatch batch)
    {
        _pass.DropoutSeed = null;
        var plan = new BatchPlan(batch, _model);
        Forward(batch, plan, keeps: false);
        return _head.Apply(Stream(_model.Config.LayerCount, plan), batch.Targets, scale: 1, gradient: []);
    }

    /// <summary>The logits behind every token, without dropout.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="logits">Receives <c>[tokens, vocabulary]</c>.</param>
    public void ComputeLogits(TrainingBatch batch, Span<float> logits)
    {
        _pass.DropoutSeed = null;
        var plan = new BatchPlan(batch, _model);
        Forward(batch, plan, keeps: false);
        _head.Project(Stream(_model.Config.LayerCount, plan), logits);
    }

    /// <summary>The sum of each document's losses in the model without its adapter.</summary>
    private double[] DocumentLossesBefore(TrainingBatch batch)
    {
        _pass.DropoutSeed = null;
        _pass.UsesAdapters = false;
        try
        {
            var plan = new BatchPlan(batch, _model);
            Forward(batch, plan, keeps: false);
            return DocumentLosses(batch, Stream(_model.Config.LayerCount, plan));
        }
        finally
        {
            _pass.UsesAdapters = true;
        }
    }

    private double[] DocumentLosses(TrainingBatch batch, ReadOnlySpan<float> stream)
    {
        var losses = new double[batch.TokenCount];
        _head.Apply(stream, batch.Targets, scale: 1, gradient: [], tokenLosses: losses);
        return [.. batch.Documents.Select(document => losses.Skip(document.Start).Take(document.Length).Sum())];
    }

    /// <summary>The sum of the pairs' losses; receives what each token's loss counts in it where that is wanted.</summary>
    private static double ComparePairs(TrainingBatch batch, double[] losses, double[] before, double beta, Span<float> scales)
    {
        var sum = 0.0;
        for (var chosen = 0; chosen + 1 < losses.Length; chosen += 2)
        {
            var (loss, slope) = PreferenceLoss.Of(losses[chosen], losses[chosen + 1], before[chosen], before[chosen + 1], beta);
            sum += loss;
            if (scales.IsEmpty)
                continue;
            var (preferred, other) = (batch.Documents[chosen], batch.Documents[chosen + 1]);
            scales.Slice(preferred.Start, preferred.Length).Fill((float)slope);
            scales.Slice(other.Start, other.Length).Fill(-(float)slope);
        }
        return sum;
    }

    private void Backward(TrainingBatch batch, BatchPlan plan, Span<float> gradient)
    {
        for (var layer = _model.Config.LayerCount - 1; layer >= 0; layer--)
            Backward(layer, plan, gradient);
        if (_model.Embedding.IsTrainable)
            SelectedRows.Add(gradient, batch.Ids, _model.Embedding.Gradient, _pass.Context);
    }

    private long StreamLength(BatchPlan plan) => (long)plan.Tokens * _model.Config.HiddenSize;

    /// <summary>The residual stream before a layer, or behind the last.</summary>
    private Span<float> Stream(int layer, BatchPlan plan) => _streams[layer].Take(StreamLength(plan));

    private void Forward(TrainingBatch batch, BatchPlan plan, bool keeps)
    {
        var hidden = _model.Config.HiddenSize;
        var stream = Stream(0, plan);
        if (_model.Embedding.Packed is { } packed)
        {
            for (var token = 0; token < plan.Tokens; token++)
                packed.CopyRow(batch.Ids[token], stream.Slice(token * hidden, hidden));
        }
        else
        {
            SelectedRows.Gather(_model.Embedding.Values, batch.Ids, stream, _pass.Context);
        }
        for (var layer = 0; layer < _model.Config.LayerCount; layer++)
            Forward(layer, plan, keeps && _kept.Length > 0 ? _kept[layer] : _forgotten);
    }

    private void Forward(int layer, BatchPlan plan, LayerActivations kept)
    {
        var weights = _model.Layers[layer];
        _attention.Forward(layer, weights, Stream(layer, plan), kept, plan, _pass);
        var middle = kept.Middle.Take(StreamLength(plan));
        var normed = Normalize(weights, middle);
        var output = Stream(layer + 1, plan);
        if (weights.FeedForward is { } network)
        {
            var width = (long)plan.Tokens * network.Width;
            FeedForwardPass.Forward(network, normed, kept.Gate.Take(width), kept.Up.Take(width), middle, output, _pass);
        }
        else
        {
            middle.CopyTo(output);
            ExpertPass.Forward(weights.Experts!, normed, kept, output, _pass);
        }
    }

    /// <summary>Turns the gradient of a layer's output into that of its input, in place.</summary>
    private void Backward(int layer, BatchPlan plan, Span<float> gradient)
    {
        if (_kept.Length == 0)
            Forward(layer, plan, _forgotten);
        var kept = _kept.Length == 0 ? _forgotten : _kept[layer];
        var weights = _model.Layers[layer];
        var middle = kept.Middle.Take(gradient.Length);
        var normed = Normalize(weights, middle);
        var normedGradient = _pass.NormedGradient.Take(gradient.Length);
        if (weights.FeedForward is { } network)
        {
            var width = (long)plan.Tokens * network.Width;
            FeedForwardPass.Backward(
                network, normed, kept.Gate.Take(width), kept.Up.Take(width), gradient, normedGradient, accumulate: false, _pass);
        }
        else
        {
            ExpertPass.Backward(weights.Experts!, normed, kept, gradient, normedGradient, _pass);
        }
        var norm = weights.FeedForwardNorm;
        RmsNormGradient.Add(middle, norm.Values, _model.Config.RmsNormEpsilon, normedGradient, gradient, norm.Gradient, _pass.Context);
        _attention.Backward(layer, weights, Stream(layer, plan), kept, plan, gradient, _pass);
    }

    private Span<float> Normalize(LayerParameters weights, ReadOnlySpan<float> middle)
    {
        var normed = _pass.Normed.Take(middle.Length);
        RmsNorm.Apply(middle, weights.FeedForwardNorm.Values, _model.Config.RmsNormEpsilon, normed, _pass.Context);
        return normed;
    }
}
