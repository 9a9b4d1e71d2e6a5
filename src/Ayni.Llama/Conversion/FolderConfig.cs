using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// The shape of a model as files outside GGUF say it, where the rotary scaling is in the configuration and not a tensor of divisors.
/// </summary>
internal static class FolderConfig
{
    private const string DivisorsName = "rope_freqs.weight";

    /// <summary>Reads the shape, and finds the scaling that divisors mean.</summary>
    /// <exception cref="ModelFormatException">The divisors are not those of Llama 3's scaling, or the shape is none that other files can
    /// say.</exception>
    public static LlamaConfig Of(ModelSource source, Tokenizer? tokenizer)
    {
        var config = source.ReadConfig(tokenizer);
        if (config.RotaryDim != config.HeadDim)
        {
            throw new ModelFormatException(
                source.ConfigPath, -1, "rope.dimension_count", $"only {config.RotaryDim} of a head's {config.HeadDim} values are rotated, which only GGUF can say");
        }
        return source.Tensors.FirstOrDefault(tensor => tensor.Name == DivisorsName) is { } divisors
            ? config with { RotaryScaling = Scaling(source, config, divisors) }
            : config;
    }

    private static Llama3RotaryScaling Scaling(ModelSource source, LlamaConfig config, ModelTensor tensor)
    {
        if (config.RotaryScaling is not null)
            throw tensor.Error("the divisors and the scaling of the configuration together can be said in GGUF only");
        if (tensor.Type != TensorType.F32 || tensor.Weights != config.RotaryDim / 2)
            throw tensor.Error($"expected {config.RotaryDim / 2} numbers of type F32");
        using var content = source.Read(tensor);
        var divisors = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(content.Data.Span(0, checked((int)tensor.Bytes)));
        return Llama3ScalingFit.Find(divisors, config.RopeTheta)
            ?? throw tensor.Error("these divisors are not those of Llama 3's rotary scaling, so no configuration can say them; they stay in GGUF");
    }
}
