namespace Ayni.Llama;

/// <summary>
/// The format of Llama 3, 3.1, 3.2 and 3.3 by Meta's <c>ChatFormat</c> code. A message ends the turn with <c>&lt;|eot_id|&gt;</c> or, where
/// it awaits a tool, itself with <c>&lt;|eom_id|&gt;</c>; code starts with <c>&lt;|python_tag|&gt;</c>.
/// </summary>
public sealed class Llama3ChatFormat : HeaderChatFormat
{
    private Llama3ChatFormat(Tokenizer tokenizer, HeaderTokens tokens, ToolPromptFormat toolFormat)
        : base(tokenizer, tokens, toolFormat)
    {
    }

    /// <inheritdoc/>
    public override string Name => "llama-3";

    /// <summary>The format over a vocabulary, or null where it lacks one of the tokens.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="toolFormat">How tool calls are written.</param>
    public static Llama3ChatFormat? TryCreate(Tokenizer tokenizer, ToolPromptFormat toolFormat = ToolPromptFormat.Json) =>
        HeaderTokens.Find(tokenizer, "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>", "<|python_tag|>") is { } tokens
            ? new Llama3ChatFormat(tokenizer, tokens, toolFormat)
            : null;

    private protected override bool EndsMessageOnly(ChatMessage message) => message.AwaitsTool;
}
