namespace Ayni.Kernels;

/// <summary>What an error of each weight of a block costs when its scale is chosen.</summary>
internal static class ErrorWeights
{
    /// <summary>The same for all, times the measured importance.</summary>
    public static void Uniform(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<float> weights)
    {
        for (var i = 0; i < values.Length; i++)
            weights[i] = importance.IsEmpty ? 1 : importance[i];
    }

    /// <summary>More for large values, whose errors move products more: the root mean square of the block plus the value's size.</summary>
    public static void BySize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<float> weights)
    {
        var squares = 0f;
        foreach (var value in values)
            squares += value * value;
        var typical = MathF.Sqrt(squares / values.Length);
        for (var i = 0; i < values.Length; i++)
            weights[i] = (typical + MathF.Abs(values[i])) * (importance.IsEmpty ? 1 : importance[i]);
    }
}
