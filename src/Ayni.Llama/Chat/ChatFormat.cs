namespace Ayni.Llama;

/// <summary>Who speaks in a conversation.</summary>
public enum ChatRole
{
    /// <summary>The instructions of the application.</summary>
    System,

    /// <summary>The person.</summary>
    User,

    /// <summary>The model.</summary>
    Assistant,
}

/// <summary>One message of a conversation.</summary>
public readonly record struct ChatMessage(ChatRole Role, string Content);

/// <summary>A conversation cannot be said in the model's chat format, for example because roles don't alternate.</summary>
public sealed class ChatFormatException(int messageIndex, string problem) : Exception($"messages[{messageIndex}]: {problem}")
{
    /// <summary>The message at fault, from 0.</summary>
    public int MessageIndex { get; } = messageIndex;
}

/// <summary>Turns a conversation into a prompt. Immutable and safe for use by many threads at once.</summary>
public abstract class ChatFormat
{
    /// <summary>The format's name, such as <c>llama-3</c>.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// The ids of the conversation, BOS included, ready for the assistant's next message. Text inside a message never becomes a control token.
    /// Throws <see cref="ChatFormatException"/>.
    /// </summary>
    public abstract int[] Encode(IReadOnlyList<ChatMessage> messages);
}
