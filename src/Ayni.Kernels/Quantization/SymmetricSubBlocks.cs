namespace Ayni.Kernels;

/// <summary>
/// The scales of the sub-blocks of Q3_K and Q6_K: whole multiples, of either sign, of one scale that the block stores as F16.
/// </summary>
internal static class SymmetricSubBlocks
{
    /// <summary>Chooses a scale for every sub-block of 16.</summary>
    /// <param name="values">The block's 256 weights.</param>
    /// <param name="importance">Their importance, or empty.</param>
    /// <param name="levels">Half the number of a weight's levels.</param>
    /// <param name="multiples">Half the number of a sub-block's multiples.</param>
    /// <param name="scaleBytes">Receives the scale as F16.</param>
    /// <param name="subScales">Receives each sub-block's multiple of the scale.</param>
    /// <param name="levelsOf">Receives each weight's level, from −<paramref name="levels"/> on.</param>
    public static void Choose(
        ReadOnlySpan<float> values, ReadOnlySpan<float> importance, int levels, int multiples,
        Span<byte> scaleBytes, Span<sbyte> subScales, Span<sbyte> levelsOf)
    {
        var length = values.Length / subScales.Length;
        Span<float> scales = stackalloc float[subScales.Length];
        Span<float> weights = stackalloc float[length];
        for (var sub = 0; sub < subScales.Length; sub++)
        {
            var part = values.Slice(sub * length, length);
            ErrorWeights.BySize(part, importance.IsEmpty ? [] : importance.Slice(sub * length, length), weights);
            scales[sub] = ScaleSearch.Symmetric(part, weights, levels);
        }

        // The extreme goes to −multiples, where there is one more.
        var scale = HalfScale.Write(scaleBytes, -ScaleSearch.Extreme(scales) / multiples);
        for (var sub = 0; sub < subScales.Length; sub++)
        {
            subScales[sub] = (sbyte)HalfScale.Round(scales[sub], scale, -multiples, multiples - 1);
            for (var i = sub * length; i < (sub + 1) * length; i++)
                levelsOf[i] = (sbyte)HalfScale.Round(values[i], scale * subScales[sub], -levels, levels - 1);
        }
    }
}
