namespace Ayni.Kernels;

/// <summary>
/// Finds the scales of a block that is to be stored in few bits: tries scales around the obvious one, rounds the values with each, and
/// takes the scale that is the least-squares fit of the roundings with the least weighted error.
/// </summary>
internal static class ScaleSearch
{
    // How far around the obvious scale is searched, in tenths of a step.
    private const int Reach = 10;

    /// <summary>
    /// A scale for values stored as whole numbers from −<paramref name="levels"/> to <paramref name="levels"/> − 1; 0 if all are 0.
    /// </summary>
    /// <param name="values">The block.</param>
    /// <param name="importance">What an error of each value costs; as long as the block.</param>
    /// <param name="levels">Half the number of levels.</param>
    public static float Symmetric(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, int levels)
    {
        var extreme = Extreme(values);
        if (extreme == 0)
            return 0;
        var (best, bestScale) = (-1f, 0f);
        for (var step = -Reach; step <= Reach; step++)
        {
            // The extreme value goes to −levels, where there is one level more.
            var inverse = -(levels + 0.1f * step) / extreme;
            var (products, squares) = (0f, 0f);
            for (var i = 0; i < values.Length; i++)
            {
                var level = Math.Clamp(MathF.Round(inverse * values[i]), -levels, levels - 1);
                products += importance[i] * values[i] * level;
                squares += importance[i] * level * level;
            }
            // The weighted error of the fit is Σ w·x² − products² / squares.
            if (squares > 0 && products * products > best * squares)
            {
                bestScale = products / squares;
                best = products * bestScale;
            }
        }
        return bestScale;
    }

    /// <summary>
    /// A scale and a minimum, not above 0, for values stored as whole numbers from 0 to <paramref name="levels"/>, times the scale plus
    /// the minimum.
    /// </summary>
    /// <param name="values">The block.</param>
    /// <param name="importance">What an error of each value costs; as long as the block.</param>
    /// <param name="levels">The largest level.</param>
    public static (float Scale, float Minimum) Affine(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, int levels)
    {
        var (minimum, maximum) = (0f, values[0]);
        foreach (var value in values)
            (minimum, maximum) = (MathF.Min(minimum, value), MathF.Max(maximum, value));
        if (maximum <= minimum)
            return (0, minimum);

        var best = (Scale: (maximum - minimum) / levels, Minimum: minimum);
        var bestError = AffineError(values, importance, levels, best.Scale, best.Minimum);
        for (var step = -Reach; step <= Reach; step++)
        {
            var inverse = (levels + 0.1f * step) / (maximum - minimum);
            var fit = Fit(values, importance, levels, inverse, minimum);
            var error = AffineError(values, importance, levels, fit.Scale, fit.Minimum);
            if (error < bestError)
                (best, bestError) = (fit, error);
        }
        return best;
    }

    /// <summary>The value farthest from 0.</summary>
    public static float Extreme(ReadOnlySpan<float> values)
    {
        var extreme = 0f;
        foreach (var value in values)
        {
            if (MathF.Abs(value) > MathF.Abs(extreme))
                extreme = value;
        }
        return extreme;
    }

    /// <summary>The least-squares scale and minimum for the levels that a first scale and minimum give.</summary>
    private static (float Scale, float Minimum) Fit(
        ReadOnlySpan<float> values, ReadOnlySpan<float> importance, int levels, float inverse, float minimum)
    {
        double weights = 0, x = 0, l = 0, ll = 0, xl = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var level = Math.Clamp(MathF.Round(inverse * (values[i] - minimum)), 0, levels);
            weights += importance[i];
            x += importance[i] * values[i];
            l += importance[i] * level;
            ll += importance[i] * level * level;
            xl += importance[i] * values[i] * level;
        }
        var determinant = weights * ll - l * l;
        if (determinant <= 0)
            return (1 / inverse, minimum);
        var offset = (ll * x - l * xl) / determinant;
        // A minimum above 0 can't be stored: then the line goes through 0.
        return offset > 0 ? ((float)(xl / ll), 0) : ((float)((weights * xl - x * l) / determinant), (float)offset);
    }

    private static float AffineError(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, int levels, float scale, float minimum)
    {
        var inverse = scale == 0 ? 0 : 1 / scale;
        var error = 0f;
        for (var i = 0; i < values.Length; i++)
        {
            var level = Math.Clamp(MathF.Round(inverse * (values[i] - minimum)), 0, levels);
            var difference = scale * level + minimum - values[i];
            error += importance[i] * difference * difference;
        }
        return error;
    }
}
