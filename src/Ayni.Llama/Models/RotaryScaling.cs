namespace Ayni.Llama;

/// <summary>
/// How rotary frequencies are slowed down for contexts longer than the first training's. Computed in double precision, as the angles are.
/// </summary>
public abstract record RotaryScaling
{
    /// <summary>How many times longer the context becomes.</summary>
    public required double Factor { get; init; }

    /// <summary>A factor on the cosines and sines, by which attention stays as sharp over a longer context; 1 but for YaRN.</summary>
    public virtual double Magnitude => 1;

    /// <summary>Scales the frequencies of a head's pairs in place.</summary>
    /// <param name="frequencies"><c>[rotaryDim / 2]</c>, the fastest first.</param>
    /// <param name="theta">The base of the frequencies.</param>
    public abstract void Apply(Span<double> frequencies, double theta);
}

/// <summary>Every position counts for less (Chen et al. 2023, arXiv:2306.15595).</summary>
public sealed record LinearRotaryScaling : RotaryScaling
{
    /// <inheritdoc/>
    public override void Apply(Span<double> frequencies, double theta)
    {
        foreach (ref var frequency in frequencies)
            frequency /= Factor;
    }
}

/// <summary>
/// Llama 3.1's scaling (Llama Team 2024, arXiv:2407.21783, and Meta's code): pairs that turn slowly are slowed down, those that turn fast
/// are not, and between them the two are blended.
/// </summary>
public sealed record Llama3RotaryScaling : RotaryScaling
{
    /// <summary>Pairs with fewer turns than this in the original context are slowed down in full.</summary>
    public required double LowFrequencyFactor { get; init; }

    /// <summary>Pairs with more turns than this in the original context stay as they are.</summary>
    public required double HighFrequencyFactor { get; init; }

    /// <summary>The context of the first training, in tokens.</summary>
    public required int OriginalContextLength { get; init; }

    /// <inheritdoc/>
    public override void Apply(Span<double> frequencies, double theta)
    {
        foreach (ref var frequency in frequencies)
        {
            var turns = OriginalContextLength * frequency / (2 * Math.PI);
            if (turns < LowFrequencyFactor)
            {
                frequency /= Factor;
            }
            else if (turns <= HighFrequencyFactor && HighFrequencyFactor > LowFrequencyFactor)
            {
                var unscaled = (turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
                frequency = (1 - unscaled) * frequency / Factor + unscaled * frequency;
            }
        }
    }
}

/// <summary>
/// YaRN (Peng et al. 2023, arXiv:2309.00071): as Llama 3's, but blended along the number of the pair, and attention is sharpened.
/// </summary>
public sealed record YarnRotaryScaling : RotaryScaling
{
    /// <summary>The number of turns in the original context above which a pair stays as it is, where files don't say.</summary>
    public const double DefaultBetaFast = 32;

    /// <summary>The number of turns in the original context below which a pair is slowed down in full, where files don't say.</summary>
    public const double DefaultBetaSlow = 1;

    /// <summary>Pairs with more turns than this in the original context stay as they are.</summary>
    public double BetaFast { get; init; } = DefaultBetaFast;

    /// <summary>Pairs with fewer turns than this in the original context are slowed down in full.</summary>
    public double BetaSlow { get; init; } = DefaultBetaSlow;

    /// <summary>The context of the first training, in tokens.</summary>
    public required int OriginalContextLength { get; init; }

    /// <summary>Whether the ends of the blend are rounded outwards to whole pairs.</summary>
    public bool Truncates { get; init; } = true;

    /// <summary>The factor on cosines and sines.</summary>
    public required double AttentionFactor { get; init; }

    /// <inheritdoc/>
    public override double Magnitude => AttentionFactor;

    /// <summary>The factor on cosines and sines that the paper recommends, with a weight on its logarithm.</summary>
    public static double RecommendedAttentionFactor(double factor, double weight = 1) => factor <= 1 ? 1 : 0.1 * weight * Math.Log(factor) + 1;

    /// <inheritdoc/>
    public override void Apply(Span<double> frequencies, double theta)
    {
        var rotaryDim = 2 * frequencies.Length;
        var (first, last) = (PairWithTurns(BetaFast), PairWithTurns(BetaSlow));
        if (Truncates)
            (first, last) = (Math.Floor(first), Math.Ceiling(last));
        first = Math.Max(first, 0);
        last = Math.Min(last, rotaryDim - 1);
        for (var pair = 0; pair < frequencies.Length; pair++)
        {
            var scaled = Math.Clamp((pair - first) / Math.Max(0.001, last - first), 0, 1);
            frequencies[pair] = scaled * frequencies[pair] / Factor + (1 - scaled) * frequencies[pair];
        }

        double PairWithTurns(double turns) =>
            rotaryDim * Math.Log(OriginalContextLength / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
    }
}
