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
    /// The chat format of a model, or null for a base model, which only continues text.
    /// </summary>
    /// <remarks>
    /// A template decides where there is one: <c>&lt;|start_header_id|&gt;</c> in it means Llama 3, <c>[INST]</c> Llama 2, anything else
    /// none of the formats here. Without a template a vocabulary that has Llama 3's header and end-of-turn tokens is taken for Llama 3
    /// (its base models have them as well, and can't be told apart), any other for a base model: Llama 2's vocabulary says nothing about
    /// chat. A format whose tokens the vocabulary lacks is never chosen.
    /// </remarks>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">The model's chat template (<c>tokenizer.chat_template</c> in GGUF), or null.</param>
    public static ChatFormat? For(Tokenizer tokenizer, string? template)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (string.IsNullOrWhiteSpace(template))
            return Llama3ChatFormat.TryCreate(tokenizer);
        if (template.Contains("<|start_header_id|>", StringComparison.Ordinal))
            return Llama3ChatFormat.TryCreate(tokenizer);
        if (template.Contains("[INST]", StringComparison.Ordinal))
            return Llama2ChatFormat.TryCreate(tokenizer);
        return null;
    }

    private protected static void RequireMessages(IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (messages.Count == 0)
            throw new ChatFormatException(0, "a conversation has at least one message");
    }
}
