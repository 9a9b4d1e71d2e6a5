using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Llama 3.1's rotary scaling as GGUF keeps it, in <c>rope_freqs.weight</c>: the float32 numbers that the frequencies are divided by. The
/// four numbers that they come from are found again.
/// </summary>
internal static class Llama3ScalingFit
{
    // Converters compute the divisors in float32; other scalings differ far more.
    private const double Tolerance = 4e-6;

    private const int DocumentedContext = 8192;

    /// <summary>The divisors that a scaling means.</summary>
    public static float[] Divisors(Llama3RotaryScaling scaling, int rotaryDim, double theta)
    {
        var unscaled = RotaryEmbedding.InverseFrequencies(rotaryDim, theta, []);
        var scaled = unscaled.ToArray();
        scaling.Apply(scaled, theta);
        return [.. unscaled.Zip(scaled, (before, after) => (float)(before / after))];
    }

    /// <summary>The scaling that gives the divisors, or null where none does.</summary>
    /// <param name="divisors"><c>[rotaryDim / 2]</c>, the fastest pair's first; positive.</param>
    /// <param name="theta">The base of the frequencies.</param>
    public static Llama3RotaryScaling? Find(ReadOnlySpan<float> divisors, double theta)
    {
        if (divisors.IsEmpty)
            return null;
        var expected = divisors.ToArray();
        var factor = Neat(expected.Max());
        return Candidates(expected, theta, factor).FirstOrDefault(candidate => Fits(candidate, expected, theta));
    }

    private static bool Fits(Llama3RotaryScaling scaling, float[] expected, double theta) =>
        scaling is { LowFrequencyFactor: > 0, HighFrequencyFactor: > 0 }
        && Divisors(scaling, 2 * expected.Length, theta).Zip(expected).All(pair => Math.Abs(pair.First - pair.Second) <= Tolerance * pair.Second);

    /// <summary>The published ones first; then what the divisors themselves ask for.</summary>
    private static IEnumerable<Llama3RotaryScaling> Candidates(float[] divisors, double theta, double factor)
    {
        yield return Scaling(factor, 1, 4);
        yield return Scaling(factor, 1, 1);
        var turns = RotaryEmbedding.InverseFrequencies(2 * divisors.Length, theta, []).Select(f => DocumentedContext * f / (2 * Math.PI)).ToArray();
        // Between the two limits a pair's share of the unscaled frequency is a straight line over its turns.
        int[] blended = [.. Enumerable.Range(0, divisors.Length).Where(i => divisors[i] > 1 + Tolerance && divisors[i] < factor * (1 - Tolerance))];
        if (blended.Length >= 2)
        {
            var (first, last) = (blended[0], blended[^1]);
            var slope = (Share(first) - Share(last)) / (turns[first] - turns[last]);
            var low = turns[last] - Share(last) / slope;
            var high = low + 1 / slope;
            yield return Scaling(factor, Neat(low), Neat(high));
            yield return Scaling(factor, low, high);
        }
        else if (blended.Length == 1)
        {
            // One pair leaves one number open; the lower limit is 1 in all that is published.
            yield return Scaling(factor, 1, 1 + (turns[blended[0]] - 1) / Share(blended[0]));
        }
        else if (Array.FindIndex(divisors, divisor => divisor > 1 + Tolerance) is > 0 and var slow)
        {
            // A step: any limit between the two pairs is the same.
            var limit = Math.Sqrt(turns[slow - 1] * turns[slow]);
            yield return Scaling(factor, limit, limit);
        }

        double Share(int pair) => (1 / (double)divisors[pair] - 1 / factor) / (1 - 1 / factor);
    }

    private static Llama3RotaryScaling Scaling(double factor, double low, double high) => new()
    {
        Factor = factor,
        LowFrequencyFactor = low,
        HighFrequencyFactor = high,
        OriginalContextLength = DocumentedContext,
    };

    /// <summary>A number as people write it, where it is nearly one.</summary>
    private static double Neat(double value) => Math.Round(value, 3) is var neat && Math.Abs(neat - value) <= 1e-4 * Math.Abs(value) ? neat : value;
}
