namespace Ayni.Kernels;

/// <summary>
/// The storage type of a tensor, numbered as in GGUF files (ggml's <c>ggml_type</c>). A number without a name here is unknown.
/// A name here doesn't mean that Ayni reads the type: see <see cref="TensorTypes.IsReadable"/>.
/// </summary>
#pragma warning disable CA1707 // The names are the file format's own.
public enum TensorType
{
    /// <summary>32-bit IEEE float.</summary>
    F32 = 0,

    /// <summary>16-bit IEEE float.</summary>
    F16 = 1,

    /// <summary>Blocks of 32 weights: an F16 scale and 4-bit unsigned values, less 8.</summary>
    Q4_0 = 2,

    /// <summary>Blocks of 32 weights: an F16 scale, an F16 minimum and 4-bit unsigned values.</summary>
    Q4_1 = 3,

    /// <summary>Blocks of 16 weights; removed from ggml before GGUF existed.</summary>
    Q4_2 = 4,

    /// <summary>Blocks of 16 weights; removed from ggml before GGUF existed.</summary>
    Q4_3 = 5,

    /// <summary>Blocks of 32 weights: an F16 scale and 5-bit unsigned values, less 16.</summary>
    Q5_0 = 6,

    /// <summary>Blocks of 32 weights: an F16 scale, an F16 minimum and 5-bit unsigned values.</summary>
    Q5_1 = 7,

    /// <summary>Blocks of 32 weights: an F16 scale and 8-bit signed values.</summary>
    Q8_0 = 8,

    /// <summary>Blocks of 32 activations: an F16 scale, the F16 sum of the values times the scale and 8-bit signed values.</summary>
    Q8_1 = 9,

    /// <summary>Blocks of 256 weights: 4-bit scales and minimums and 2-bit values.</summary>
    Q2_K = 10,

    /// <summary>Blocks of 256 weights: 6-bit scales and 3-bit values.</summary>
    Q3_K = 11,

    /// <summary>Blocks of 256 weights: 6-bit scales and minimums and 4-bit values.</summary>
    Q4_K = 12,

    /// <summary>Blocks of 256 weights: 6-bit scales and minimums and 5-bit values.</summary>
    Q5_K = 13,

    /// <summary>Blocks of 256 weights: an F16 scale, sixteen 8-bit sub-scales and 6-bit unsigned values, less 32.</summary>
    Q6_K = 14,

    /// <summary>Blocks of 256 activations: an F32 scale, 8-bit signed values and their sums by 16.</summary>
    Q8_K = 15,

    /// <summary>Blocks of 256 weights from a lattice codebook, 2.06 bits a weight.</summary>
    IQ2_XXS = 16,

    /// <summary>Blocks of 256 weights from a lattice codebook, 2.31 bits a weight.</summary>
    IQ2_XS = 17,

    /// <summary>Blocks of 256 weights from a lattice codebook, 3.06 bits a weight.</summary>
    IQ3_XXS = 18,

    /// <summary>Blocks of 256 weights from a lattice codebook, 1.56 bits a weight.</summary>
    IQ1_S = 19,

    /// <summary>Blocks of 32 weights: an F16 scale and 4-bit indices into a fixed non-linear table.</summary>
    IQ4_NL = 20,

    /// <summary>Blocks of 256 weights from a lattice codebook, 3.44 bits a weight.</summary>
    IQ3_S = 21,

    /// <summary>Blocks of 256 weights from a lattice codebook, 2.56 bits a weight.</summary>
    IQ2_S = 22,

    /// <summary>Blocks of 256 weights: 6-bit scales and 4-bit indices into a fixed non-linear table.</summary>
    IQ4_XS = 23,

    /// <summary>8-bit signed integer.</summary>
    I8 = 24,

    /// <summary>16-bit signed integer.</summary>
    I16 = 25,

    /// <summary>32-bit signed integer.</summary>
    I32 = 26,

    /// <summary>64-bit signed integer.</summary>
    I64 = 27,

    /// <summary>64-bit IEEE float.</summary>
    F64 = 28,

    /// <summary>Blocks of 256 weights from a lattice codebook, 1.75 bits a weight.</summary>
    IQ1_M = 29,

    /// <summary>The upper half of a 32-bit IEEE float.</summary>
    BF16 = 30,

    /// <summary>Q4_0 with four rows interleaved by four bytes; removed from ggml, which now repacks at load.</summary>
    Q4_0_4_4 = 31,

    /// <summary>Q4_0 with four rows interleaved by eight bytes; removed from ggml, which now repacks at load.</summary>
    Q4_0_4_8 = 32,

    /// <summary>Q4_0 with eight rows interleaved by eight bytes; removed from ggml, which now repacks at load.</summary>
    Q4_0_8_8 = 33,

    /// <summary>Blocks of 256 ternary weights, five to a byte, and an F16 scale.</summary>
    TQ1_0 = 34,

    /// <summary>Blocks of 256 ternary weights, four to a byte, and an F16 scale.</summary>
    TQ2_0 = 35,

    /// <summary>IQ4_NL with four rows interleaved by four bytes; removed from ggml, which now repacks at load.</summary>
    IQ4_NL_4_4 = 36,

    /// <summary>IQ4_NL with four rows interleaved by eight bytes; removed from ggml, which now repacks at load.</summary>
    IQ4_NL_4_8 = 37,

    /// <summary>IQ4_NL with eight rows interleaved by eight bytes; removed from ggml, which now repacks at load.</summary>
    IQ4_NL_8_8 = 38,

    /// <summary>Blocks of 32 weights: an E8M0 scale and 4-bit E2M1 floats (OCP Microscaling Formats 1.0).</summary>
    MXFP4 = 39,

    /// <summary>Blocks of 64 weights: four unsigned E4M3 scales, one for 16 weights, and 4-bit E2M1 floats.</summary>
    NVFP4 = 40,

    /// <summary>Blocks of 128 weights: an F16 scale and one bit a weight.</summary>
    Q1_0 = 41,
}
