using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>The left side of a projection's products: rows in float32, or rounded where they were computed.</summary>
internal readonly ref struct ProductRows
{
    private ProductRows(ReadOnlySpan<float> values, RoundedRows? rounded)
    {
        Values = values;
        Rounded = rounded;
    }

    /// <summary>The rows in float32; empty where they are rounded.</summary>
    public ReadOnlySpan<float> Values { get; }

    /// <summary>The rounded rows; null where they are in float32.</summary>
    public RoundedRows? Rounded { get; }

    public static implicit operator ProductRows(ReadOnlySpan<float> values) => new(values, null);

    public static implicit operator ProductRows(Span<float> values) => new(values, null);

    public static implicit operator ProductRows(RoundedRows rows) => new([], rows);
}
