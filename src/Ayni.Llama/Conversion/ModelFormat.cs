namespace Ayni.Llama;

/// <summary>The kinds of files a model can be written in.</summary>
public enum ModelFormat
{
    /// <summary>One GGUF file.</summary>
    Gguf,

    /// <summary>A Hugging Face folder: safetensors, <c>config.json</c> and the tokenizer's files.</summary>
    Safetensors,

    /// <summary>A folder as Meta distributes Llamas: <c>params.json</c>, <c>consolidated.00.pth</c> and <c>tokenizer.model</c>.</summary>
    Meta,
}
