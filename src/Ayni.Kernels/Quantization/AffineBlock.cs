namespace Ayni.Kernels;

/// <summary>The scale and minimum of a block of Q4_1 or Q5_1, whose minimum may have either sign.</summary>
internal static class AffineBlock
{
    /// <summary>Chooses both, writes them and returns what will be read.</summary>
    public static (float Scale, float Minimum) Write(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, int levels, Span<byte> block)
    {
        Span<float> weights = stackalloc float[values.Length];
        Span<float> shifted = stackalloc float[values.Length];
        ErrorWeights.Uniform(values, importance, weights);
        // The search wants a minimum of at most 0; the largest value, taken off all, gives it one.
        var shift = values[0];
        foreach (var value in values)
            shift = MathF.Max(shift, value);
        for (var i = 0; i < values.Length; i++)
            shifted[i] = values[i] - shift;
        var (scale, minimum) = ScaleSearch.Affine(shifted, weights, levels);
        return (HalfScale.Write(block, scale), HalfScale.Write(block[2..], minimum + shift));
    }
}
