namespace Ayni.Kernels;

/// <summary>How keys and values are stored: rounded as they are written, and computed with in 32 bits.</summary>
#pragma warning disable CA1707 // The names are those of the tensor types.
public enum CacheType
{
    /// <summary>32-bit floats: nothing is rounded.</summary>
    F32,

    /// <summary>16-bit IEEE floats, rounded to the nearest, ties to even.</summary>
    F16,

    /// <summary>The upper half of 32-bit floats, rounded to the nearest, ties to even.</summary>
    BF16,

    /// <summary>Blocks of 32 values of a head: an F16 scale and signed bytes, as in llama.cpp. Heads must be whole blocks.</summary>
    Q8_0,
}

/// <summary>A model's heads cannot be stored in the cache type asked for.</summary>
public sealed class UnsupportedCacheTypeException(CacheType type, int headDim)
    : Exception($"A {type.ToString().ToLowerInvariant()} cache takes heads of a multiple of 32 values; this model's have {headDim}. Take f16 or bf16.")
{
    /// <summary>The type asked for.</summary>
    public CacheType Type { get; } = type;

    /// <summary>Values in a head of the model.</summary>
    public int HeadDim { get; } = headDim;
}
