using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Ayni.Kernels;

/// <summary>What is known of each <see cref="TensorType"/>: the size of its blocks, and whether Ayni computes with it.</summary>
public static class TensorTypes
{
    /// <summary>The types whose weights Ayni reads.</summary>
    public static ImmutableArray<TensorType> Readable { get; } =
        [
            TensorType.F32, TensorType.F16, TensorType.BF16,
            TensorType.Q4_0, TensorType.Q4_1, TensorType.Q5_0, TensorType.Q5_1, TensorType.Q8_0,
            TensorType.Q2_K, TensorType.Q3_K, TensorType.Q4_K, TensorType.Q5_K, TensorType.Q6_K,
            TensorType.IQ4_NL, TensorType.IQ4_XS, TensorType.TQ1_0, TensorType.TQ2_0, TensorType.MXFP4,
        ];

    // ggml's type traits. The removed types keep the sizes they had, so that a file that holds one is understood and refused by name.
    private static readonly FrozenDictionary<TensorType, BlockFormat> Formats = new Dictionary<TensorType, BlockFormat>
    {
        [TensorType.F64] = new(1, 8),
        [TensorType.F32] = new(1, 4),
        [TensorType.F16] = new(1, 2),
        [TensorType.BF16] = new(1, 2),
        [TensorType.I8] = new(1, 1),
        [TensorType.I16] = new(1, 2),
        [TensorType.I32] = new(1, 4),
        [TensorType.I64] = new(1, 8),
        [TensorType.Q1_0] = new(128, 18),
        [TensorType.Q4_0] = new(32, 18),
        [TensorType.Q4_1] = new(32, 20),
        [TensorType.Q4_2] = new(16, 10),
        [TensorType.Q4_3] = new(16, 12),
        [TensorType.Q5_0] = new(32, 22),
        [TensorType.Q5_1] = new(32, 24),
        [TensorType.Q8_0] = new(32, 34),
        [TensorType.Q8_1] = new(32, 36),
        [TensorType.Q4_0_4_4] = new(32, 18),
        [TensorType.Q4_0_4_8] = new(32, 18),
        [TensorType.Q4_0_8_8] = new(32, 18),
        [TensorType.Q2_K] = new(256, 84),
        [TensorType.Q3_K] = new(256, 110),
        [TensorType.Q4_K] = new(256, 144),
        [TensorType.Q5_K] = new(256, 176),
        [TensorType.Q6_K] = new(256, 210),
        [TensorType.Q8_K] = new(256, 292),
        [TensorType.IQ1_S] = new(256, 50),
        [TensorType.IQ1_M] = new(256, 56),
        [TensorType.IQ2_XXS] = new(256, 66),
        [TensorType.IQ2_XS] = new(256, 74),
        [TensorType.IQ2_S] = new(256, 82),
        [TensorType.IQ3_XXS] = new(256, 98),
        [TensorType.IQ3_S] = new(256, 110),
        [TensorType.IQ4_XS] = new(256, 136),
        [TensorType.IQ4_NL] = new(32, 18),
        [TensorType.IQ4_NL_4_4] = new(32, 18),
        [TensorType.IQ4_NL_4_8] = new(32, 18),
        [TensorType.IQ4_NL_8_8] = new(32, 18),
        [TensorType.TQ1_0] = new(256, 54),
        [TensorType.TQ2_0] = new(256, 66),
        [TensorType.MXFP4] = new(32, 17),
        [TensorType.NVFP4] = new(64, 36),
    }.ToFrozenDictionary();

    /// <summary>The blocks of a type, or null where its number is unknown.</summary>
    public static BlockFormat? Find(TensorType type) => Formats.TryGetValue(type, out var format) ? format : null;

    /// <summary>The blocks of a known type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type's number is unknown.</exception>
    public static BlockFormat FormatOf(TensorType type) =>
        Find(type) ?? throw new ArgumentOutOfRangeException(nameof(type), type, "There is no such tensor type.");

    /// <summary>Whether Ayni reads weights of this type. Of the others it knows name and size only.</summary>
    public static bool IsReadable(TensorType type) => Readable.Contains(type);
}
