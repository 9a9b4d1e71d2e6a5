namespace Ayni.Kernels.Tests;

/// <summary>The scalar reference of the activations' rounding, as an emitted product sees it.</summary>
internal static class ActivationsReference
{
    /// <summary>The signed bytes of 32 activations and their scale.</summary>
    public static (sbyte[] Values, float Scale) Quantize(ReadOnlySpan<float> block)
    {
        var most = 0f;
        foreach (var value in block)
            most = MathF.Max(most, MathF.Abs(value));
        var values = new sbyte[block.Length];
        if (most >= 1e-30f)
        {
            var inverse = 127 / most;
            for (var i = 0; i < values.Length; i++)
                values[i] = (sbyte)MathF.Round(block[i] * inverse, MidpointRounding.ToEven);
        }
        return (values, most / 127);
    }

    /// <summary>Activations as they come back from their rounding.</summary>
    public static float[] Round(float[] activations)
    {
        var rounded = new float[activations.Length];
        for (var i = 0; i < activations.Length; i += BlockShape.Columns)
        {
            var (values, scale) = Quantize(activations.AsSpan(i, BlockShape.Columns));
            for (var j = 0; j < values.Length; j++)
                rounded[i + j] = scale * values[j];
        }
        return rounded;
    }
}
