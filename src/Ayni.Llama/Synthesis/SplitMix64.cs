namespace Ayni.Llama;

/// <summary>
/// Random numbers that are the same on every machine and in every version (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number
/// generators"). For one thread at a time.
/// </summary>
internal struct SplitMix64(ulong seed)
{
    // Four 16-bit numbers summed: their mean, and their standard deviation (each has the variance (65536² - 1) / 12).
    private const float SumMean = 2 * 65_535f;
    private static readonly float SumDeviation = MathF.Sqrt((65_536f * 65_536f - 1) / 3);

    private ulong _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        var bits = _state += 0x9E3779B97F4A7C15;
        bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ bits >> 27) * 0x94D049BB133111EB;
        return bits ^ bits >> 31;
    }

    /// <summary>
    /// A number of mean 0 and standard deviation 1, nearly normal: the sum of four uniform ones, which needs no function whose last bit
    /// differs between systems.
    /// </summary>
    public float NextNormal()
    {
        var bits = Next();
        var sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48);
        return (sum - SumMean) / SumDeviation;
    }
}
