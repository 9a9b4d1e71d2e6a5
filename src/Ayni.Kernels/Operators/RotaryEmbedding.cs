namespace Ayni.Kernels;

/// <summary>
/// Rotary position embedding (Su et al. 2021, arXiv:2104.09864): each adjacent pair of a head's values is turned by an angle that grows
/// with the position.
/// </summary>
public static class RotaryEmbedding
{
    /// <summary>
    /// The frequencies of a head's pairs: <c>theta^(-2i / rotaryDim)</c>, each divided by its divisor if there are divisors.
    /// </summary>
    /// <param name="rotaryDim">Values of a head that are turned; even.</param>
    /// <param name="theta">The base.</param>
    /// <param name="divisors"><c>[rotaryDim / 2]</c>, or empty for none.</param>
    public static double[] InverseFrequencies(int rotaryDim, double theta, ReadOnlySpan<float> divisors)
    {
        var frequencies = new double[rotaryDim / 2];
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] = Math.Pow(theta, -2.0 * i / rotaryDim) / (divisors.IsEmpty ? 1 : divisors[i]);
        return frequencies;
    }

    /// <summary>
    /// The cosines and sines of all pairs at the given positions. Angles are computed in double precision: at positions beyond 100,000 a
    /// float32 angle is wrong by 1e-2.
    /// </summary>
    /// <param name="positions"><c>[tokens]</c>.</param>
    /// <param name="inverseFrequencies"><c>[pairs]</c>.</param>
    /// <param name="magnitude">A factor on all cosines and sines; 1 leaves a pair's length as it is.</param>
    /// <param name="cosines">Receives <c>[tokens, pairs]</c>.</param>
    /// <param name="sines">Receives <c>[tokens, pairs]</c>.</param>
    public static void Angles(
        ReadOnlySpan<int> positions, ReadOnlySpan<double> inverseFrequencies, double magnitude, Span<float> cosines, Span<float> sines)
    {
        ShapeMismatchException.ThrowUnlessEqual(cosines.Length, (long)positions.Length * inverseFrequencies.Length, nameof(cosines));
        ShapeMismatchException.ThrowUnlessEqual(sines.Length, cosines.Length, nameof(sines));
        var i = 0;
        foreach (var position in positions)
        {
            foreach (var frequency in inverseFrequencies)
            {
                var (sine, cosine) = Math.SinCos(position * frequency);
                cosines[i] = (float)(magnitude * cosine);
                sines[i++] = (float)(magnitude * sine);
            }
        }
    }

    /// <summary>Turns every head of every token in place. Values of a head beyond the rotary ones stay as they are.</summary>
    /// <param name="heads"><c>[tokens, heads, headDim]</c>.</param>
    /// <param name="headDim">Values in a head.</param>
    /// <param name="cosines"><c>[tokens, pairs]</c>.</param>
    /// <param name="sines"><c>[tokens, pairs]</c>.</param>
    /// <param name="tokens">Tokens.</param>
    public static void Apply(Span<float> heads, int headDim, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines, int tokens)
    {
        if (tokens == 0)
            return;
        var pairs = cosines.Length / tokens;
        var headsPerToken = heads.Length / tokens / headDim;
        ShapeMismatchException.ThrowUnlessEqual(heads.Length, (long)tokens * headsPerToken * headDim, nameof(heads));
        ShapeMismatchException.ThrowUnlessEqual(sines.Length, cosines.Length, nameof(sines));
        ShapeMismatchException.ThrowUnlessEqual(cosines.Length, (long)tokens * pairs, nameof(cosines));
        for (var token = 0; token < tokens; token++)
        {
            var cosine = cosines.Slice(token * pairs, pairs);
            var sine = sines.Slice(token * pairs, pairs);
            for (var head = 0; head < headsPerToken; head++)
            {
                var values = heads.Slice((token * headsPerToken + head) * headDim, headDim);
                for (var i = 0; i < pairs; i++)
                {
                    var (even, odd) = (values[2 * i], values[2 * i + 1]);
                    values[2 * i] = even * cosine[i] - odd * sine[i];
                    values[2 * i + 1] = even * sine[i] + odd * cosine[i];
                }
            }
        }
    }
}
