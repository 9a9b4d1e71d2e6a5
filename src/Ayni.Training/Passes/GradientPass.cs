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
    private readonly NormGradient _normGradient;
    private readonly RotaryAngles _angles;
    private readonly FloatBuffer _normed = new();
    private readonly FloatBuffer _gradient = new();

    /// <summary>Prepares passes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="context">Team and tier.</param>
    /// <param name="recompute">True to keep only what enters each layer and compute the rest again on the way back (Chen et al. 2016,
    /// arXiv:1604.06174): a third more arithmetic, and memory for one layer's activations instead of all.</param>
    /// <param name="precision">To what the operands of products are rounded, forward and backward. Weights, gradients and all that lies
    /// between products stay in float32, and so do the products of routers and adapters; only a gate and what it lets through are kept in
    /// BF16 for the way back, where the processor has <c>vdpbf16ps</c>.</param>
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
        _angles = new RotaryAngles(model);
        _normGradient = new NormGradient(model.Config.RmsNormEpsilon);
        _head = new LossHead(model, _pass, _normGradient);
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
        var plan = new BatchPlan(batch, _angles, _model.Config);
        Forward(batch, plan, keeps: true);
        var loss = _head.Apply(Last, batch.Targets, 1f / lossTerms, _gradient);
        Backward(batch, plan);
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
        var plan = new BatchPlan(batch, _angles, _model.Config);
        Forward(batch, plan, keeps: true);
        var scales = new float[plan.Tokens];
        var loss = ComparePairs(batch, DocumentLosses(batch), before, beta, scales);
        _head.Apply(Last, batch.Targets, 1f / pairs, _gradient, scales);
        Backward(batch, plan);
        return loss;
    }

    /// <summary>The sum of the losses of a batch's preferences, in nats, without dropout.</summary>
    public double EvaluatePreferences(TrainingBatch batch, double beta)
    {
        var before = DocumentLossesBefore(batch);
        _pass.DropoutSeed = null;
        var plan = new BatchPlan(batch, _angles, _model.Config);
        Forward(batch, plan, keeps: false);
        return ComparePairs(batch, DocumentLosses(batch), before, beta, []);
    }

    /// <summary>The sum of a batch's losses, in nats, without dropout.</summary>
    public double Evaluate(TrainingBatch batch)
    {
        _pass.DropoutSeed = null;
        var plan = new BatchPlan(batch, _angles, _model.Config);
        Forward(batch, plan, keeps: false);
        return _head.Apply(Last, batch.Targets, scale: 1, gradient: null);
    }

    /// <summary>The logits behind every token, without dropout.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="logits">Receives <c>[tokens, vocabulary]</c>.</param>
    public void ComputeLogits(TrainingBatch batch, Span<float> logits)
    {
        _pass.DropoutSeed = null;
        var plan = new BatchPlan(batch, _angles, _model.Config);
        Forward(batch, plan, keeps: false);
        _head.Project(Last.Rows(plan.All, _model.Config.HiddenSize), logits);
    }

    /// <summary>The sum of each document's losses in the model without its adapter.</summary>
    private double[] DocumentLossesBefore(TrainingBatch batch)
    {
        _pass.DropoutSeed = null;
        _pass.UsesAdapters = false;
        try
        {
            var plan = new BatchPlan(batch, _angles, _model.Config);
            Forward(batch, plan, keeps: false);
            return DocumentLosses(batch);
        }
        finally
        {
            _pass.UsesAdapters = true;
        }
    }

    private double[] DocumentLosses(TrainingBatch batch)
    {
        var losses = new double[batch.TokenCount];
        _head.Apply(Last, batch.Targets, scale: 1, gradient: null, tokenLosses: losses);
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

    private void Backward(TrainingBatch batch, BatchPlan plan)
    {
        for (var layer = _model.Config.LayerCount - 1; layer >= 0; layer--)
            Backward(layer, plan);
        if (_model.Embedding.IsTrainable)
            SelectedRows.Add(_gradient.Take(StreamLength(plan)), batch.Ids, _model.Embedding.Gradient, _pass.Context);
    }

    private long StreamLength(BatchPlan plan) => (long)plan.Tokens * _model.Config.HiddenSize;

    /// <summary>The residual stream behind the last layer.</summary>
    private FloatBuffer Last => _streams[^1];

    private void Forward(TrainingBatch batch, BatchPlan plan, bool keeps)
    {
        var hidden = _model.Config.HiddenSize;
        var stream = _streams[0].Take(StreamLength(plan));
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
        var (weights, hidden) = (_model.Layers[layer], _model.Config.HiddenSize);
        var (input, output) = (_streams[layer], _streams[layer + 1]);
        kept.Reserve(_model.Config, weights, plan.Tokens);
        output.Take(StreamLength(plan));
        _pass.ForEachBlock(plan.Tokens, [[weights.Query, weights.Key, weights.Value]], PassDirection.Forward, (tokens, pass) =>
            _attention.Project(layer, weights, tokens, input.Rows(tokens, hidden), kept, plan, pass));
        _attention.Attend(layer, kept, plan, _pass);
        if (weights.FeedForward is { } network)
        {
            _pass.ForEachBlock(plan.Tokens, [[weights.AttentionOutput], .. network.Groups], PassDirection.Forward, (tokens, pass) =>
            {
                var middle = AddAttended(weights, kept, input, tokens, pass);
                var normed = pass.Normalize(middle, weights.FeedForwardNorm, _model.Config.RmsNormEpsilon);
                FeedForwardPass.Forward(network, tokens, normed, kept.Gate, kept.Up, middle, output.Rows(tokens, hidden), pass);
            });
            return;
        }
        var whole = AddAttended(weights, kept, input, plan.All, _pass);
        var normed = _normed.Take(whole.Length);
        Normalize(whole, weights.FeedForwardNorm, normed, _pass);
        whole.CopyTo(output.Rows(plan.All, hidden));
        ExpertPass.Forward(weights.Experts!, normed, kept, output.Rows(plan.All, hidden), _pass);
    }

    /// <summary>The stream of some tokens with what they attended to.</summary>
    private Span<float> AddAttended(LayerParameters weights, LayerActivations kept, FloatBuffer input, TokenRange tokens, PassState pass)
    {
        var middle = kept.Middle.Rows(tokens, _model.Config.HiddenSize);
        weights.AttentionOutput.Forward(
            kept.Attended.Rows(tokens, _model.Config.QueryWidth), input.Rows(tokens, _model.Config.HiddenSize), middle, pass);
        return middle;
    }

    /// <summary>Turns the gradient of a layer's output into that of its input.</summary>
    private void Backward(int layer, BatchPlan plan)
    {
        if (_kept.Length == 0)
            Forward(layer, plan, _forgotten);
        var kept = _kept.Length == 0 ? _forgotten : _kept[layer];
        var weights = _model.Layers[layer];
        if (weights.FeedForward is { } network)
            BackwardThroughNetwork(weights, network, kept, plan);
        else
            BackwardThroughExperts(weights, kept, plan);
        _attention.AttendBackward(layer, kept, plan, _pass);
        BackwardThroughProjections(layer, weights, kept, plan);
    }

    /// <summary>
    /// From the gradient of a layer's output to that of the stream before its feed-forward network and to those of what its queries
    /// attended to.
    /// </summary>
    private void BackwardThroughNetwork(LayerParameters weights, FeedForwardParameters network, LayerActivations kept, BatchPlan plan)
    {
        var (hidden, queryWidth) = (_model.Config.HiddenSize, _model.Config.QueryWidth);
        var norm = weights.FeedForwardNorm;
        _pass.AttendedGradient.Take((long)plan.Tokens * queryWidth);
        _normGradient.Begin(norm, plan.Tokens);
        _pass.ForEachBlock(plan.Tokens, [.. network.Groups, [weights.AttentionOutput]], PassDirection.Backward, (tokens, pass) =>
        {
            var middle = kept.Middle.Rows(tokens, hidden);
            var gradient = _gradient.Rows(tokens, hidden);
            var normedGradient = pass.NormedGradient.Take(gradient.Length);
            var attended = kept.Attended.Rows(tokens, queryWidth);
            var attendedGradient = _pass.AttendedGradient.Rows(tokens, queryWidth);
            if (pass.RoundsRows)
            {
                FeedForwardPass.Backward(network, tokens, [], kept.Gate, kept.Up, gradient, normedGradient, pass);
                _normGradient.Add(
                    network.Gate, weights.AttentionOutput, norm, tokens, middle, normedGradient, gradient, pass);
                weights.AttentionOutput.BackwardToInput(pass.StreamGradientRows, attendedGradient, pass);
                pass.Gradients.AddInput(weights.AttentionOutput, tokens, attended, pass);
                return;
            }
            var normed = pass.Normed.Take(middle.Length);
            Normalize(middle, norm, normed, pass);
            FeedForwardPass.Backward(network, tokens, normed, kept.Gate, kept.Up, gradient, normedGradient, pass);
            _normGradient.Add(norm, tokens, middle, normedGradient, gradient, pass);
            weights.AttentionOutput.BackwardToInput(gradient, attendedGradient, pass);
            weights.AttentionOutput.BackwardToParameters(tokens, attended, gradient, pass);
        });
        _normGradient.End(norm);
    }

    /// <summary>The same through a mixture of experts.</summary>
    private void BackwardThroughExperts(LayerParameters weights, LayerActivations kept, BatchPlan plan)
    {
        var (hidden, norm) = (_model.Config.HiddenSize, weights.FeedForwardNorm);
        var middle = kept.Middle.Rows(plan.All, hidden);
        var normed = _normed.Take(middle.Length);
        Normalize(middle, norm, normed, _pass);
        var gradient = _gradient.Rows(plan.All, hidden);
        var normedGradient = _pass.NormedGradient.Take(gradient.Length);
        ExpertPass.Backward(weights.Experts!, normed, kept, gradient, normedGradient, _pass);
        _normGradient.Begin(norm, plan.Tokens);
        _normGradient.Add(norm, plan.All, middle, normedGradient, gradient, _pass);
        _normGradient.End(norm);
        var queryWidth = _model.Config.QueryWidth;
        weights.AttentionOutput.BackwardToInput(gradient, _pass.AttendedGradient.Take((long)plan.Tokens * queryWidth), _pass);
        _pass.Gradients.Begin(plan.All, [[weights.AttentionOutput]], _pass);
        weights.AttentionOutput.BackwardToParameters(plan.All, kept.Attended.Rows(plan.All, queryWidth), gradient, _pass);
        _pass.Gradients.End(_pass);
    }

    /// <summary>From the gradients of queries, keys and values to that of the layer's input.</summary>
    private void BackwardThroughProjections(int layer, LayerParameters weights, LayerActivations kept, BatchPlan plan)
    {
        var (hidden, queryWidth, keyWidth) = (_model.Config.HiddenSize, _model.Config.QueryWidth, _model.Config.KeyValueWidth);
        var (norm, input) = (weights.AttentionNorm, _streams[layer]);
        _normGradient.Begin(norm, plan.Tokens);
        _pass.ForEachBlock(plan.Tokens, [[weights.Query, weights.Key, weights.Value]], PassDirection.Backward, (tokens, pass) =>
        {
            var query = _pass.QueryGradient.Rows(tokens, queryWidth);
            var key = _pass.KeyGradient.Rows(tokens, keyWidth);
            var value = _pass.ValueGradient.Rows(tokens, keyWidth);
            _attention.RotateBackward(layer, tokens, kept, query, key, plan, pass);
            var stream = input.Rows(tokens, hidden);
            var gradient = _gradient.Rows(tokens, hidden);
            var normedGradient = pass.NormedGradient.Take(stream.Length);
            weights.Query.BackwardToInput(query, normedGradient, pass);
            weights.Key.BackwardToInput(key, normedGradient, pass, accumulate: true);
            weights.Value.BackwardToInput(value, normedGradient, pass, accumulate: true);
            if (pass.RoundsRows)
            {
                pass.Gradients.AddOutputGradient(weights.Query, tokens, query, pass);
                pass.Gradients.AddOutputGradient(weights.Key, tokens, key, pass);
                pass.Gradients.AddOutputGradient(weights.Value, tokens, value, pass);
                _normGradient.Add(weights.Query, null, norm, tokens, stream, normedGradient, gradient, pass);
                return;
            }
            var normed = pass.Normed.Take(stream.Length);
            Normalize(stream, norm, normed, pass);
            weights.Query.BackwardToParameters(tokens, normed, query, pass);
            weights.Key.BackwardToParameters(tokens, normed, key, pass);
            weights.Value.BackwardToParameters(tokens, normed, value, pass);
            _normGradient.Add(norm, tokens, stream, normedGradient, gradient, pass);
        });
        _normGradient.End(norm);
    }

    private void Normalize(ReadOnlySpan<float> stream, Parameter norm, Span<float> normed, PassState pass) =>
        RmsNorm.Apply(stream, norm.Values, _model.Config.RmsNormEpsilon, normed, pass.Context);
}
