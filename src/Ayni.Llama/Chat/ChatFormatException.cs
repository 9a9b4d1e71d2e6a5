namespace Ayni.Llama;

/// <summary>A conversation cannot be said in the model's chat format, for example because roles don't alternate.</summary>
public sealed class ChatFormatException(int messageIndex, string problem, Exception? inner = null)
    : Exception($"messages[{messageIndex}]: {problem}", inner)
{
    /// <summary>The message at fault, from 0.</summary>
    public int MessageIndex { get; } = messageIndex;
}
