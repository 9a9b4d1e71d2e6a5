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
