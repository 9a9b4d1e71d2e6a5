using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>
/// The output norm and head with cross-entropy behind them. Only tokens that have something to learn get logits, and only some of them at a
/// time, so that all logits are never in memory together.
/// </summary>
internal sealed class LossHead(TrainableModel model, PassState pass, NormGradient normGradient)
{
    // Logits at a time: 64 MB.
    private const long MostLogits = 16 << 20;

    private readonly Linear _head = new(model.Head, bias: null);

    private int Hidden => model.Config.HiddenSize;

    private int ChunkRows => (int)Math.Max(1, MostLogits / model.Config.VocabularySize);

    /// <summary>The sum of the losses, in nats. With a gradient to fill, adds to those of norm and head as well.</summary>
    /// <param name="stream">The residual stream behind the last layer, <c>[tokens, hidden]</c>.</param>
    /// <param name="targets">The token that is to follow each, or masked, <c>[tokens]</c>.</param>
    /// <param name="scale">What every loss counts in the gradient.</param>
    /// <param name="gradient">Receives the stream's gradient, <c>[tokens, hidden]</c>; null where none is wanted.</param>
    /// <param name="tokenScales">What each token's loss counts beside in the gradient, <c>[tokens]</c>; null where all count alike.</param>
    /// <param name="tokenLosses">Receives each token's loss, <c>[tokens]</c>, 0 for those without a target; null where none is
    /// wanted.</param>
    public double Apply(
        FloatBuffer stream, ReadOnlySpan<int> targets, float scale, FloatBuffer? gradient, float[]? tokenScales = null,
        double[]? tokenLosses = null)
    {
        if (gradient is not null)
            GradientSums.Clear(gradient.Take((long)targets.Length * Hidden), pass.Context);
        var rows = Select(targets);
        var losses = new double[rows.Length];
        for (var start = 0; start < rows.Length; start += ChunkRows)
        {
            var range = start..Math.Min(rows.Length, start + ChunkRows);
            Apply(stream, targets, rows[range], scale, gradient, tokenScales, losses.AsMemory(range));
        }
        for (var i = 0; i < rows.Length && tokenLosses is not null; i++)
            tokenLosses[rows[i]] = losses[i];
        return losses.Sum();
    }

    /// <summary>The losses of the tokens that some rows of the stream are of.</summary>
    private void Apply(
        FloatBuffer stream, ReadOnlySpan<int> targets, int[] rows, float scale, FloatBuffer? gradient, float[]? tokenScales,
        Memory<double> losses)
    {
        var (norm, vocabulary) = (model.OutputNorm, model.Config.VocabularySize);
        var wanted = new int[rows.Length];
        for (var i = 0; i < rows.Length; i++)
            wanted[i] = targets[rows[i]];
        var all = new TokenRange(0, targets.Length);
        normGradient.Begin(norm, rows.Length);
        pass.ForEachBlock(rows.Length, [[_head]], gradient is null ? PassDirection.Forward : PassDirection.Both, (tokens, pass) =>
        {
            var chosen = rows.AsSpan(tokens.Start, tokens.Count);
            var selected = pass.Selected.Take((long)tokens.Count * Hidden);
            SelectedRows.Gather(stream.Rows(all, Hidden), chosen, selected, pass.Context);
            var normed = pass.Normed.Take(selected.Length);
            RmsNorm.Apply(selected, norm.Values, model.Config.RmsNormEpsilon, normed, pass.Context);
            var logits = pass.Logits.Take((long)tokens.Count * vocabulary);
            _head.Forward(normed, logits, pass);
            CrossEntropy.Apply(
                logits, wanted.AsSpan(tokens.Start, tokens.Count), scale, losses.Span.Slice(tokens.Start, tokens.Count), pass.Context);
            if (gradient is null)
                return;
            for (var i = 0; i < tokens.Count && tokenScales is not null; i++)
            {
                foreach (ref var value in logits.Slice(i * vocabulary, vocabulary))
                    value *= tokenScales[chosen[i]];
            }
            var normedGradient = pass.NormedGradient.Take(selected.Length);
            _head.BackwardToInput(logits, normedGradient, pass);
            _head.BackwardToParameters(tokens, normed, logits, pass);
            var selectedGradient = pass.SelectedGradient.Take(selected.Length);
            selectedGradient.Clear();
            normGradient.Add(norm, tokens, selected, normedGradient, selectedGradient, pass);
            SelectedRows.Scatter(selectedGradient, chosen, gradient.Rows(all, Hidden), pass.Context);
        });
        if (gradient is not null)
            normGradient.End(norm);
    }

    /// <summary>The logits of some tokens.</summary>
    /// <param name="stream">Their residual stream, <c>[tokens, hidden]</c>.</param>
    /// <param name="logits">Receives <c>[tokens, vocabulary]</c>.</param>
    public void Project(ReadOnlySpan<float> stream, Span<float> logits)
    {
        var normed = pass.Normed.Take(stream.Length);
        RmsNorm.Apply(stream, model.OutputNorm.Values, model.Config.RmsNormEpsilon, normed, pass.Context);
        _head.Forward(normed, logits, pass);
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
}
