using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// How well a model foresees a text: the exponential of the mean negative log-likelihood of its tokens, as llama.cpp's <c>perplexity</c>
/// computes it, so that numbers compare.
/// </summary>
/// <remarks>
/// The text is cut into chunks of the context's length (<see cref="TextChunks"/>). The tokens of a chunk's second half are scored: those
/// before them are context.
/// </remarks>
/// <param name="Value">The perplexity.</param>
/// <param name="StandardError">Its standard error; NaN while only one token is scored.</param>
/// <param name="Chunks">Chunks computed.</param>
/// <param name="ScoredTokens">Tokens scored.</param>
public readonly record struct Perplexity(double Value, double StandardError, int Chunks, int ScoredTokens)
{
    /// <summary>The shortest context: with a shorter one nothing is scored.</summary>
    public const int MinContext = 4;

    /// <summary>Measures a model on a text, while no engine uses it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ids">The text's ids, opened as the model wants it: <see cref="LlamaModel.EncodePrompt"/>'s.</param>
    /// <param name="context">Tokens in a chunk, at least <see cref="MinContext"/> and at most half of the text's.</param>
    /// <param name="progress">Told what is known after each chunk.</param>
    /// <param name="cacheType">How keys and values are stored.</param>
    /// <param name="cancellationToken">Looked at between parts of a chunk.</param>
    public static Perplexity Measure(
        LlamaModel model,
        ReadOnlySpan<int> ids,
        int context,
        IProgress<Perplexity>? progress = null,
        CacheType cacheType = CacheType.F32,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(context, MinContext);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(context, ids.Length / 2);
        using var evaluator = new SequenceEvaluator(model, context, cacheType: cacheType);
        var tally = new Tally();
        var chunk = new int[context];
        var chunks = new TextChunks(model, ids, context);
        var half = context / 2;
        for (var index = 0; index < chunks.Count; index++)
        {
            chunks.CopyTo(index, chunk);

            // A token is scored by the logits of the one before it; those of the last would score a token of the next chunk.
            var following = half + 1;
            evaluator.Evaluate(chunk.AsSpan(0, half), 0, receive: null, cancellationToken);
            evaluator.Evaluate(
                chunk.AsSpan(half..^1), half, logits => tally.Add(NegativeLogLikelihood(logits, chunk[following++])), cancellationToken);
            evaluator.Clear();
            progress?.Report(tally.Result(index + 1));
        }
        return tally.Result(chunks.Count);
    }

    /// <summary>-ln of the softmax at one id; the sum over the vocabulary in double precision.</summary>
    private static double NegativeLogLikelihood(ReadOnlySpan<float> logits, int id)
    {
        var largest = float.NegativeInfinity;
        foreach (var logit in logits)
            largest = MathF.Max(largest, logit);
        var sum = 0.0;
        foreach (var logit in logits)
            sum += MathF.Exp(logit - largest);
        return Math.Log(sum) - (logits[id] - largest);
    }

    /// <summary>The sums over all scored tokens.</summary>
    private sealed class Tally
    {
        private double _sum;
        private double _sumOfSquares;
        private int _count;

        public void Add(double negativeLogLikelihood)
        {
            _sum += negativeLogLikelihood;
            _sumOfSquares += negativeLogLikelihood * negativeLogLikelihood;
            _count++;
        }

        public Perplexity Result(int chunks)
        {
            var mean = _sum / _count;
            var variance = Math.Max(0, _sumOfSquares / _count - mean * mean);
            var value = Math.Exp(mean);
            return new Perplexity(value, _count > 1 ? value * Math.Sqrt(variance / (_count - 1)) : double.NaN, chunks, _count);
        }
    }
}
