namespace Ayni.Training;

/// <summary>
/// The loss that keeps a layer's experts equally busy: <c>experts · Σ f·P</c>, with the share f of tokens that go to an expert and
/// the mean probability P that the softmax of router scores gives it (Fedus et al. 2021, arXiv:2101.03961, equations 4 to 6). It is 1 where
/// all are as busy, and the number of experts where one does everything. Its gradient flows through P alone.
/// </summary>
internal static class LoadBalance
{
    /// <summary>The loss of one layer.</summary>
    /// <param name="scores">Router scores, <c>[tokens, experts]</c>.</param>
    /// <param name="routing">What was chosen by them.</param>
    /// <param name="experts">Experts.</param>
    public static double Loss(ReadOnlySpan<float> scores, Routing routing, int experts)
    {
        var sums = new double[experts];
        var probabilities = new double[experts];
        for (var start = 0; start < scores.Length; start += experts)
        {
            Softmax(scores.Slice(start, experts), probabilities);
            for (var expert = 0; expert < experts; expert++)
                sums[expert] += probabilities[expert];
        }
        var tokens = (double)scores.Length / experts;
        var loss = 0.0;
        for (var expert = 0; expert < experts; expert++)
            loss += routing.Range(expert).Count / tokens * (sums[expert] / tokens);
        return experts * loss;
    }

    /// <summary>Adds the loss's gradient, times a factor, to that of the scores.</summary>
    /// <param name="scores">Router scores, <c>[tokens, experts]</c>.</param>
    /// <param name="routing">What was chosen by them.</param>
    /// <param name="experts">Experts.</param>
    /// <param name="factor">What the loss counts.</param>
    /// <param name="gradient"><c>[tokens, experts]</c>; added to.</param>
    public static void AddGradient(ReadOnlySpan<float> scores, Routing routing, int experts, double factor, Span<float> gradient)
    {
        var tokens = (double)scores.Length / experts;
        var probabilities = new double[experts];
        for (var start = 0; start < scores.Length; start += experts)
        {
            Softmax(scores.Slice(start, experts), probabilities);
            var mean = 0.0;
            for (var expert = 0; expert < experts; expert++)
                mean += probabilities[expert] * routing.Range(expert).Count / tokens;
            for (var expert = 0; expert < experts; expert++)
            {
                gradient[start + expert] +=
                    (float)(factor * experts / tokens * probabilities[expert] * (routing.Range(expert).Count / tokens - mean));
            }
        }
    }

    private static void Softmax(ReadOnlySpan<float> scores, Span<double> probabilities)
    {
        var largest = double.NegativeInfinity;
        foreach (var score in scores)
            largest = Math.Max(largest, score);
        var sum = 0.0;
        for (var i = 0; i < scores.Length; i++)
            sum += probabilities[i] = Math.Exp(scores[i] - largest);
        for (var i = 0; i < scores.Length; i++)
            probabilities[i] /= sum;
    }
}
