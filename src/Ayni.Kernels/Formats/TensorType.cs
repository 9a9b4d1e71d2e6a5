namespace Ayni.Kernels;

/// <summary>The storage type of a tensor, numbered as in GGUF files (ggml's <c>ggml_type</c>). A number without a name here is unknown.</summary>
#pragma warning disable CA1707 // The names are the file format's own.
public enum TensorType
{
    /// <summary>32-bit IEEE float.</summary>
    F32 = 0,

    /// <summary>16-bit IEEE float.</summary>
    F16 = 1,

    /// <summary>Blocks of 32 weights: an F16 scale and 4-bit unsigned values, less 8.</summary>
    Q4_0 = 2,

    /// <summary>Blocks of 32 weights: an F16 scale and 8-bit signed values.</summary>
    Q8_0 = 8,

    /// <summary>Blocks of 256 weights: an F16 scale, sixteen 8-bit sub-scales and 6-bit unsigned values, less 32.</summary>
    Q6_K = 14,

    /// <summary>The upper half of a 32-bit IEEE float.</summary>
    BF16 = 30,
}
