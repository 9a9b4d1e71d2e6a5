namespace Ayni.Llama;

/// <summary>How much a safetensors file may say; far beyond real models, and enough to keep a hostile file from filling memory.</summary>
internal static class SafetensorsLimits
{
    /// <summary>The header; the reference implementation's own bound.</summary>
    public const int HeaderBytes = 100_000_000;

    /// <summary>Tensors of one file.</summary>
    public const int Tensors = 65_536;

    /// <summary>A tensor's dimensions.</summary>
    public const int Dimensions = 8;

    /// <summary>A tensor's name, in characters.</summary>
    public const int NameLength = 1024;

    /// <summary>Texts in <c>__metadata__</c>.</summary>
    public const int MetadataPairs = 4096;

    /// <summary><c>model.safetensors.index.json</c>; real ones have up to 100 kB.</summary>
    public const int IndexBytes = 64 << 20;

    /// <summary>Files of one model.</summary>
    public const int Shards = 4096;
}
