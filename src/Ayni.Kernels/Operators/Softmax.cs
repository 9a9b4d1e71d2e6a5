namespace Ayni.Kernels;

/// <summary>The softmax function, <c>exp(x) / Σ exp(x)</c>, shifted by the largest value so that nothing overflows.</summary>
public static class Softmax
{
    /// <summary>Replaces values by their probabilities. Values of negative infinity get 0; at least one must be finite.</summary>
    /// <param name="values">Any length but 0. In double precision: sampling sums probabilities over 128 thousand tokens.</param>
    public static void Apply(Span<double> values)
    {
        var largest = double.NegativeInfinity;
        foreach (var value in values)
            largest = Math.Max(largest, value);
        var sum = 0.0;
        for (var i = 0; i < values.Length; i++)
            sum += values[i] = Math.Exp(values[i] - largest);
        for (var i = 0; i < values.Length; i++)
            values[i] /= sum;
    }
}
