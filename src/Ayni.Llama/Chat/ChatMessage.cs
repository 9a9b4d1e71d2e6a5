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

    /// <summary>A tool the model called, which says what came out.</summary>
    Tool,
}

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks.</param>
/// <param name="Content">What is said; empty where a message has tool calls only.</param>
public sealed record ChatMessage(ChatRole Role, string Content)
{
    /// <summary>The tools the assistant calls with this message.</summary>
    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];

    /// <summary>The speaker's or the tool's name, for formats that write it; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>In a tool's message, the <see cref="ToolCall.Id"/> it answers; null where ids are not used.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>Whether the assistant's turn goes on after a tool has answered (Meta's <c>end_of_message</c>).</summary>
    public bool AwaitsTool { get; init; }

    /// <summary>Whether an assistant's content is code or a built-in call to be run (Llama 3's <c>&lt;|python_tag|&gt;</c>).</summary>
    public bool IsCode { get; init; }
}
