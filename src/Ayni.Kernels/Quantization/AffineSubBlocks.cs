namespace Ayni.Kernels;

/// <summary>
/// The scales and minima of the sub-blocks of Q2_K, Q4_K and Q5_K: whole multiples of one scale and of one scale of the minima, which the
/// block stores as F16.
/// </summary>
internal static class AffineSubBlocks
{
    /// <summary>Chooses a scale and a minimum for every sub-block.</summary>
    /// <param name="values">The block's 256 weights.</param>
    /// <param name="importance">Their importance, or empty.</param>
    /// <param name="levels">The largest level of a weight.</param>
    /// <param name="multiples">The largest multiple of a sub-block.</param>
    /// <param name="scaleBytes">Receives the scale as F16.</param>
    /// <param name="minimumBytes">Receives the scale of the minima as F16.</param>
    /// <param name="subScales">Receives each sub-block's multiple of the scale.</param>
    /// <param name="subMinima">Receives each sub-block's multiple of the scale of the minima.</param>
    /// <param name="levelsOf">Receives each weight's level.</param>
    public static void Choose(
        ReadOnlySpan<float> values, ReadOnlySpan<float> importance, int levels, int multiples,
        Span<byte> scaleBytes, Span<byte> minimumBytes, Span<byte> subScales, Span<byte> subMinima, Span<byte> levelsOf)
    {
        var length = values.Length / subScales.Length;
        Span<float> scales = stackalloc float[subScales.Length];
        Span<float> minima = stackalloc float[subScales.Length];
        Span<float> weights = stackalloc float[length];
        for (var sub = 0; sub < subScales.Length; sub++)
        {
            var part = values.Slice(sub * length, length);
            ErrorWeights.BySize(part, importance.IsEmpty ? [] : importance.Slice(sub * length, length), weights);
            (scales[sub], var minimum) = ScaleSearch.Affine(part, weights, levels);
            minima[sub] = -minimum;
        }

        var scale = HalfScale.Write(scaleBytes, ScaleSearch.Extreme(scales) / multiples);
        var minimumScale = HalfScale.Write(minimumBytes, ScaleSearch.Extreme(minima) / multiples);
        for (var sub = 0; sub < subScales.Length; sub++)
        {
            subScales[sub] = (byte)HalfScale.Round(scales[sub], scale, 0, multiples);
            subMinima[sub] = (byte)HalfScale.Round(minima[sub], minimumScale, 0, multiples);
            for (var i = sub * length; i < (sub + 1) * length; i++)
                levelsOf[i] = (byte)HalfScale.Round(values[i] + minimumScale * subMinima[sub], scale * subScales[sub], 0, levels);
        }
    }

    /// <summary>Writes eight 6-bit sub-scales and sub-minima in 12 bytes, as <see cref="SubScales"/> reads them.</summary>
    public static void WritePacked(ReadOnlySpan<byte> subScales, ReadOnlySpan<byte> subMinima, Span<byte> bytes)
    {
        for (var sub = 0; sub < 4; sub++)
        {
            bytes[sub] = (byte)(subScales[sub] | subScales[sub + 4] >> 4 << 6);
            bytes[sub + 4] = (byte)(subMinima[sub] | subMinima[sub + 4] >> 4 << 6);
            bytes[sub + 8] = (byte)(subScales[sub + 4] & 0xf | (subMinima[sub + 4] & 0xf) << 4);
        }
    }
}
