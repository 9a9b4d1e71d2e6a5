namespace Ayni.Llama;

/// <summary>Turns a conversation into a prompt. Immutable and safe for use by many threads at once.</summary>
public abstract class ChatFormat
{
    /// <summary>The format's name, such as <c>llama-3</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Texts at which an answer ends, for formats whose turns do not end with a control token.</summary>
    public virtual IReadOnlyList<string> StopTexts => [];

    /// <summary>
    /// The ids of the conversation, BOS included, ready for the assistant's next message. Text inside a message never becomes a control
    /// token. Throws <see cref="ChatFormatException"/>.
    /// </summary>
    public abstract int[] Encode(IReadOnlyList<ChatMessage> messages);

    /// <summary>
    /// The same with tools the model may call. Throws <see cref="ChatFormatException"/> also where the format has no words for tools, and
    /// <see cref="ArgumentException"/> where a tool's parameters are not a JSON object.
    /// </summary>
    public virtual int[] Encode(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ToolDefinition> tools)
    {
        RequireNoTools(tools);
        return Encode(messages);
    }

    /// <summary>
    /// The ids of a whole conversation, which ends with its last message instead of asking for another, and which of them the assistant
    /// wrote. What comes before each of its turns is what <see cref="Encode(IReadOnlyList{ChatMessage}, IReadOnlyList{ToolDefinition})"/>
    /// gives for the messages before, and throws.
    /// </summary>
    public virtual EncodedConversation EncodeConversation(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ToolDefinition> tools) =>
        throw new ChatFormatException(0, $"the chat format {Name} does not say where a turn ends, so nothing can be learned from it");

    /// <summary>
    /// The chat format of a model, or null for a base model, which only continues text.
    /// </summary>
    /// <remarks>
    /// A template decides where there is one. Those of Llama 3, Llama 4 and Llama 2 are known by the texts of their headers
    /// (<c>&lt;|start_header_id|&gt;</c>; <c>&lt;|header_start|&gt;</c>; <c>[INST]</c> with <c>&lt;&lt;SYS&gt;&gt;</c>) and give the native
    /// format, unless the vocabulary lacks its tokens; any other is run as it is. Without a template a vocabulary that has the header and
    /// end-of-turn tokens of Llama 3 or 4 is taken for such a model (base models have them as well, and can't be told apart), any other for
    /// a base model: Llama 2's vocabulary says nothing about chat.
    /// </remarks>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">The model's chat template (<c>tokenizer.chat_template</c> in GGUF), or null.</param>
    /// <param name="clock">What time it is, for templates that tell the model the date; the system's clock where it is null.</param>
    public static ChatFormat? For(Tokenizer tokenizer, string? template, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (string.IsNullOrWhiteSpace(template))
            return Llama3ChatFormat.TryCreate(tokenizer) ?? (ChatFormat?)Llama4ChatFormat.TryCreate(tokenizer);
        if (Has("<|start_header_id|>"))
            return Llama3ChatFormat.TryCreate(tokenizer);
        if (Has("<|header_start|>"))
            return Llama4ChatFormat.TryCreate(tokenizer);
        if (Has("[INST]") && Has("<<SYS>>"))
            return Llama2ChatFormat.TryCreate(tokenizer);
        return new TemplateChatFormat(tokenizer, template, clock);

        bool Has(string text) => template.Contains(text, StringComparison.Ordinal);
    }

    private protected void RequireNoTools(IReadOnlyList<ToolDefinition> tools)
    {
        ArgumentNullException.ThrowIfNull(tools);
        if (tools.Count > 0)
            throw new ChatFormatException(0, $"the chat format {Name} has no words for tools");
    }

    private protected static void RequireMessages(IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (messages.Count == 0)
            throw new ChatFormatException(0, "a conversation has at least one message");
    }
}
