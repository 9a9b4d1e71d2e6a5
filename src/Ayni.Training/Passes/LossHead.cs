using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>
/// The output norm and head with cross-entropy behind them. Only tokens that have something to learn get logits, and only some of them at a
/// time, so that all logits are never in memory together.
/// </summary>
internal sealed class LossHead(TrainableModel model, PassState pass)
{
    // Logits at a time: 64 MB.
    private const long MostLogits = 16 << 20;
    private const int MostRows = 1024;

    private readonly FloatBuffer _selected = new();
    private readonly FloatBuffer _normed = new();
    private readonly FloatBuffer _normedGradient = new();
    private readonly FloatBuffer _logits = new();

    private int Hidden => model.Config.HiddenSize;

    private int ChunkRows => (int)Math.Clamp(MostLogits / model.Config.VocabularySize, 1, MostRows);

    /// <summary>The sum of the losses, in nats. With a gradient to fill, adds to those of norm and head as well.</summary>
    /// <param name="stream">The residual stream behind the last layer, <c>[tokens, hidden]</c>.</param>
    /// <param name="targets">The token that is to follow each, or masked, <c>[tokens]</c>.</param>
    /// <param name="scale">What every loss counts in the gradient.</param>
    /// <param name="gradient">Receives the stream's gradient, <c>[tokens, hidden]</c>; empty where none is wanted.</param>
    /// <param name="tokenScales">What each token's loss counts beside in the gradient, <c>[tokens]</c>; empty where all count alike.</param>
    /// <param name="tokenLosses">Receives each token's loss, <c>[tokens]</c>, 0 for those without a target; empty where none is
    /// wanted.</param>
    public double Apply(
        ReadOnlySpan<float> stream, ReadOnlySpan<int> targets, float scale, Span<float> gradient, ReadOnlySpan<float> tokenScales = default,
        Span<double> tokenLosses = default)
    {
        GradientSums.Clear(gradient, pass.Context);
        tokenLosses.Clear();
        var rows = Select(targets);
        if (rows.Length == 0)
            return 0;
        var selected = _selected.Take((long)rows.Length * Hidden);
        SelectedRows.Gather(stream, rows, selected, pass.Context);
        var normed = _normed.Take(selected.Length);
        RmsNorm.Apply(selected, model.OutputNorm.Values, model.Config.RmsNormEpsilon, normed, pass.Context);
        var normedGradient = gradient.IsEmpty ? [] : _normedGradient.Take(selected.Length);

        var losses = new double[rows.Length];
        for (var start = 0; start < rows.Length; start += ChunkRows)
        {
            var count = Math.Min(ChunkRows, rows.Length - start);
            var chunkTargets = new int[count];
            for (var i = 0; i < count; i++)
                chunkTargets[i] = targets[rows[start + i]];
            var input = new MatrixView(normed.Slice(start * Hidden, count * Hidden), count, Hidden);
            var logits = _logits.Take((long)count * model.Config.VocabularySize);
            ProjectChunk(normed.Slice(start * Hidden, count * Hidden), logits);
            CrossEntropy.Apply(logits, chunkTargets, scale, losses.AsSpan(start, count), pass.Context);
            if (gradient.IsEmpty)
                continue;
            for (var i = 0; i < count && !tokenScales.IsEmpty; i++)
            {
                foreach (ref var value in logits.Slice(i * model.Config.VocabularySize, model.Config.VocabularySize))
                    value *= tokenScales[rows[start + i]];
            }
            var logitGradient = new MatrixView(logits, count, model.Config.VocabularySize);
            var rowGradient = normedGradient.Slice(start * Hidden, count * Hidden);
            if (model.Head.Packed is { } packed)
                FrozenProduct.BackwardToInput(packed, logits, rowGradient, pass, accumulate: false, pass.Precision);
            else
                FloatProduct.Multiply(logitGradient, model.Head.View, rowGradient, pass.Context, precision: pass.Precision);
            if (model.Head.IsTrainable)
            {
                FloatProduct.Multiply(
                    logitGradient.Transposed, input, model.Head.Gradient, pass.Context, accumulate: true, pass.Precision);
            }
        }
        if (!gradient.IsEmpty)
            Return(rows, selected, normedGradient, gradient);
        for (var i = 0; i < rows.Length && !tokenLosses.IsEmpty; i++)
            tokenLosses[rows[i]] = losses[i];
        return losses.Sum();
    }

    /// <summary>The logits of some tokens.</summary>
    /// <param name="stream">Their residual stream, <c>[tokens, hidden]</c>.</param>
    /// <param name="logits">Receives <c>[tokens, vocabulary]</c>.</param>
    public void Project(ReadOnlySpan<float> stream, Span<float> logits)
    {
        var normed = _normed.Take(stream.Length);
        RmsNorm.Apply(stream, model.OutputNorm.Values, model.Config.RmsNormEpsilon, normed, pass.Context);
        ProjectChunk(normed, logits);
    }

    private void ProjectChunk(ReadOnlySpan<float> normed, Span<float> logits)
    {
        if (model.Head.Packed is { } packed)
            FrozenProduct.Forward(packed, normed, [], logits, pass, pass.Precision);
        else
            FloatProduct.Multiply(
                new MatrixView(normed, normed.Length / Hidden, Hidden), model.Head.View.Transposed, logits, pass.Context,
                precision: pass.Precision);
    }

    private static int[] Select(ReadOnlySpan<int> targets)
    {
        var rows = new List<int>(targets.Length);
        for (var token = 0; token < targets.Length; token++)
        {
            if (targets[token] != TrainingBatch.Masked)
                rows.Add(token);
        }
        return [.. rows];
    }

    private void Return(int[] rows, ReadOnlySpan<float> selected, ReadOnlySpan<float> normedGradient, Span<float> gradient)
    {
        var selectedGradient = _normed.Take(selected.Length);
        GradientSums.Clear(selectedGradient, pass.Context);
        RmsNormGradient.Add(
            selected, model.OutputNorm.Values, model.Config.RmsNormEpsilon, normedGradient, selectedGradient, model.OutputNorm.Gradient,
            pass.Context);
        SelectedRows.Scatter(selectedGradient, rows, gradient, pass.Context);
    }
}
