using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>
/// A layer's mixture of experts (<see cref="Llama.MixtureOfExperts"/>), forward and backward. Gradients flow through the router's score, by
/// which the chosen expert's input is multiplied; the choice itself has none.
/// </summary>
internal static class ExpertPass
{
    /// <summary>Adds the experts' result to the output, <c>[tokens, hidden]</c>.</summary>
    public static void Forward(ExpertParameters weights, ReadOnlySpan<float> input, LayerActivations kept, Span<float> output,
        PassState pass)
    {
        var hidden = weights.Router.Weight.Columns;
        var (experts, width) = (weights.Experts.Length, weights.Shared.Width);
        var tokens = input.Length / hidden;
        var scores = kept.RouterScores.Take((long)tokens * experts);
        weights.Router.Forward(input, scores, pass);
        kept.Routing.Choose(scores, experts);

        var routed = Gather(input, kept.Routing, pass.Routed, hidden);
        var results = pass.RoutedGradient.Take(input.Length);
        kept.RoutedGate.Take((long)tokens * width);
        kept.RoutedUp.Take((long)tokens * width);
        for (var expert = 0; expert < experts; expert++)
        {
            var (start, count) = kept.Routing.Range(expert);
            if (count == 0)
                continue;
            FeedForwardPass.Forward(
                weights.Experts[expert], new TokenRange(start, count), routed.Slice(start * hidden, count * hidden), kept.RoutedGate,
                kept.RoutedUp, [], results.Slice(start * hidden, count * hidden), pass);
        }
        FeedForwardPass.Forward(weights.Shared, new TokenRange(0, tokens), input, kept.Gate, kept.Up, output, output, pass);
        for (var i = 0; i < tokens; i++)
            Residual.Add(output.Slice(kept.Routing.Order[i] * hidden, hidden), results.Slice(i * hidden, hidden));
    }

    /// <summary>Adds to the gradients of the experts, and gives that of their input.</summary>
    public static void Backward(
        ExpertParameters weights, ReadOnlySpan<float> input, LayerActivations kept, ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient, PassState pass)
    {
        var hidden = weights.Router.Weight.Columns;
        var experts = weights.Experts.Length;
        var tokens = input.Length / hidden;
        var routing = kept.Routing;
        Backward(weights.Shared, new TokenRange(0, tokens), input, kept.Gate, kept.Up, outputGradient, inputGradient, pass);

        var routed = Gather(input, routing, pass.Routed, hidden);
        var resultGradient = pass.RoutedGradient.Take(input.Length);
        for (var i = 0; i < tokens; i++)
            outputGradient.Slice(routing.Order[i] * hidden, hidden).CopyTo(resultGradient[(i * hidden)..]);
        var routedGradient = pass.RoutedInputGradient.Take(input.Length);
        for (var expert = 0; expert < experts; expert++)
        {
            var (start, count) = routing.Range(expert);
            if (count == 0)
                continue;
            Backward(
                weights.Experts[expert], new TokenRange(start, count), routed.Slice(start * hidden, count * hidden), kept.RoutedGate,
                kept.RoutedUp, resultGradient.Slice(start * hidden, count * hidden), routedGradient.Slice(start * hidden, count * hidden),
                pass);
        }

        var scoreGradient = pass.RouterGradient.Take((long)tokens * experts);
        scoreGradient.Clear();
        for (var i = 0; i < tokens; i++)
        {
            var token = routing.Order[i];
            var share = routing.Shares[token];
            var gradient = routedGradient.Slice(i * hidden, hidden);
            var shareGradient = AddScaled(gradient, share, input.Slice(token * hidden, hidden),
                inputGradient.Slice(token * hidden, hidden));
            scoreGradient[token * experts + routing.Experts[token]] = shareGradient * share * (1 - share);
        }
        if (pass.BalanceFactor > 0)
        {
            LoadBalance.AddGradient(
                kept.RouterScores.Take(scoreGradient.Length), routing, experts, pass.BalanceFactor, scoreGradient);
        }
        weights.Router.BackwardToInput(scoreGradient, inputGradient, pass, accumulate: true);
        pass.Gradients.Begin(new TokenRange(0, tokens), [[weights.Router]], pass);
        weights.Router.BackwardToParameters(new TokenRange(0, tokens), input, scoreGradient, pass);
        pass.Gradients.End(pass);
    }

    private static void Backward(
        FeedForwardParameters weights, TokenRange tokens, ReadOnlySpan<float> input, FloatBuffer gate, FloatBuffer up,
        ReadOnlySpan<float> outputGradient, Span<float> inputGradient, PassState pass)
    {
        pass.Gradients.Begin(tokens, weights.Groups, pass);
        FeedForwardPass.Backward(weights, tokens, input, gate, up, outputGradient, inputGradient, pass);
        pass.Gradients.End(pass);
    }

    /// <summary>Each token's input times its share, in the experts' order.</summary>
    private static Span<float> Gather(ReadOnlySpan<float> input, Routing routing, FloatBuffer buffer, int hidden)
    {
        var routed = buffer.Take(input.Length);
        for (var i = 0; i < routing.Order.Length; i++)
        {
            var token = routing.Order[i];
            var share = routing.Shares[token];
            var (from, to) = (token * hidden, i * hidden);
            for (var j = 0; j < hidden; j++)
                routed[to + j] = input[from + j] * share;
        }
        return routed;
    }

    /// <summary>Adds the gradient of <c>share · input</c> to that of the input; returns that of the share.</summary>
    private static float AddScaled(ReadOnlySpan<float> gradient, float share, ReadOnlySpan<float> input, Span<float> inputGradient)
    {
        var sum = 0f;
        for (var i = 0; i < gradient.Length; i++)
        {
            sum += gradient[i] * input[i];
            inputGradient[i] += gradient[i] * share;
        }
        return sum;
    }
}
