namespace Ayni.Llama;

/// <summary>
/// The format of Llama 4 by Meta's <c>ChatFormat</c> code. A message ends the turn with <c>&lt;|eot|&gt;</c>; one that calls a tool, awaits
/// one or comes from one ends with <c>&lt;|eom|&gt;</c>.
/// </summary>
public sealed class Llama4ChatFormat : HeaderChatFormat
{
    private Llama4ChatFormat(Tokenizer tokenizer, HeaderTokens tokens, ToolPromptFormat toolFormat)
        : base(tokenizer, tokens, toolFormat)
    {
    }

    /// <inheritdoc/>
    public override string Name => "llama-4";

    /// <summary>The format over a vocabulary, or null where it lacks one of the tokens.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="toolFormat">How tool calls are written.</param>
    public static Llama4ChatFormat? TryCreate(Tokenizer tokenizer, ToolPromptFormat toolFormat = ToolPromptFormat.Json) =>
        HeaderTokens.Find(tokenizer, "<|header_start|>", "<|header_end|>", "<|eot|>", "<|eom|>", pythonTag: null) is { } tokens
            ? new Llama4ChatFormat(tokenizer, tokens, toolFormat)
            : null;

    private protected override bool EndsMessageOnly(ChatMessage message) =>
        message.AwaitsTool || message.ToolCalls.Count > 0 || message.Role == ChatRole.Tool;
}
