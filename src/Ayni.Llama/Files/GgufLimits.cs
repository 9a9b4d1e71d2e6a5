namespace Ayni.Llama;

/// <summary>
/// How much a GGUF header may say. Every bound is far beyond real models (a vocabulary of 200,000 tokens with its merges takes some 15 MB)
/// and keeps a hostile file from filling memory.
/// </summary>
internal static class GgufLimits
{
    /// <summary>Metadata and tensor descriptions together.</summary>
    public const int HeaderBytes = 256 << 20;

    /// <summary>One string value: a whole <c>tokenizer.json</c> fits.</summary>
    public const int StringBytes = 64 << 20;

    /// <summary>A metadata key; the specification's own bound.</summary>
    public const int KeyBytes = 65_535;

    /// <summary>A tensor's name; the specification says 64, some converters write more.</summary>
    public const int TensorNameBytes = 256;

    /// <summary>Metadata pairs.</summary>
    public const int Pairs = 65_536;

    /// <summary>Tensors; the largest Llama has about 1,100.</summary>
    public const int Tensors = 65_536;

    /// <summary>A tensor's dimensions (ggml's <c>GGML_MAX_DIMS</c>).</summary>
    public const int Dimensions = 4;

    /// <summary>The key that holds the alignment of tensor data, in bytes.</summary>
    public const string AlignmentKey = "general.alignment";

    /// <summary>The largest alignment of tensor data, in bytes.</summary>
    public const int Alignment = 1 << 20;

    /// <summary>The alignment where a file doesn't say.</summary>
    public const int DefaultAlignment = 32;
}
