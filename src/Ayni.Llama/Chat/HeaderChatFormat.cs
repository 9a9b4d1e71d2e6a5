namespace Ayni.Llama;

/// <summary>
/// What the formats of Llama 3 and Llama 4 have in common, by Meta's <c>ChatFormat</c> code: each message is a header with its role, two
/// line ends, its content as it is, its tool calls and an end token. Roles may come in any order; a tool's is written <c>ipython</c>.
/// </summary>
public abstract class HeaderChatFormat : ChatFormat
{
    private readonly Tokenizer _tokenizer;
    private readonly HeaderTokens _tokens;
    private readonly ToolPromptFormat _toolFormat;

    private protected HeaderChatFormat(Tokenizer tokenizer, HeaderTokens tokens, ToolPromptFormat toolFormat) =>
        (_tokenizer, _tokens, _toolFormat) = (tokenizer, tokens, toolFormat);

    /// <inheritdoc/>
    public sealed override int[] Encode(IReadOnlyList<ChatMessage> messages) => Encode(messages, []);

    /// <inheritdoc/>
    public sealed override int[] Encode(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ToolDefinition> tools)
    {
        RequireMessages(messages);
        var introduced = FirstUser(messages, tools);
        var ids = new List<int> { _tokens.Begin };
        for (var i = 0; i < messages.Count; i++)
        {
            AppendHeader(ids, RoleName(messages[i].Role, i));
            AppendBody(ids, messages[i], i, i == introduced ? ToolText.OfDefinitions(tools) : "");
        }
        AppendHeader(ids, "assistant");
        return [.. ids];
    }

    /// <inheritdoc/>
    public sealed override EncodedConversation EncodeConversation(
        IReadOnlyList<ChatMessage> messages, IReadOnlyList<ToolDefinition> tools)
    {
        RequireMessages(messages);
        var introduced = FirstUser(messages, tools);
        var ids = new List<int> { _tokens.Begin };
        var writers = new List<int> { -1 };
        for (var i = 0; i < messages.Count; i++)
        {
            AppendHeader(ids, RoleName(messages[i].Role, i));
            writers.AddRange(Enumerable.Repeat(-1, ids.Count - writers.Count));
            AppendBody(ids, messages[i], i, i == introduced ? ToolText.OfDefinitions(tools) : "");
            writers.AddRange(Enumerable.Repeat(messages[i].Role == ChatRole.Assistant ? i : -1, ids.Count - writers.Count));
        }
        return new EncodedConversation([.. ids], [.. writers]);
    }

    /// <summary>Whether a message ends without ending the turn.</summary>
    private protected abstract bool EndsMessageOnly(ChatMessage message);

    /// <summary>The message that tells of the tools, -1 where there are none.</summary>
    private static int FirstUser(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ToolDefinition> tools)
    {
        ArgumentNullException.ThrowIfNull(tools);
        return tools.Count == 0 ? -1 : messages.Index().Where(entry => entry.Item.Role == ChatRole.User)
            .Select(entry => (int?)entry.Index).FirstOrDefault()
            ?? throw new ChatFormatException(0, "tools are told to the model in the first user message, and there is none");
    }

    private static bool WritesPythonTag(ChatMessage message) =>
        message.IsCode || message.ToolCalls is [{ Name: ToolText.CodeInterpreter }, ..];

    /// <summary>What follows a header: the content, calls of tools and the end.</summary>
    private void AppendBody(List<int> ids, ChatMessage message, int index, string introduction)
    {
        if (WritesPythonTag(message) && _tokens.PythonTag is { } pythonTag)
            ids.Add(pythonTag);
        _tokenizer.Encode(introduction + message.Content, ids);
        foreach (var call in message.ToolCalls)
            _tokenizer.Encode(ToolText.OfCall(call, _toolFormat, index), ids);
        ids.Add(EndsMessageOnly(message) && _tokens.EndOfMessage is { } endOfMessage ? endOfMessage : _tokens.EndOfTurn);
    }

    // The line ends are encoded apart from the content, as in Meta's code: a content that starts with one would merge with them.
    private void AppendHeader(List<int> ids, string role)
    {
        ids.Add(_tokens.HeaderStart);
        _tokenizer.Encode(role, ids);
        ids.Add(_tokens.HeaderEnd);
        _tokenizer.Encode("\n\n", ids);
    }

    private static string RoleName(ChatRole role, int index) => role switch
    {
        ChatRole.System => "system",
        ChatRole.User => "user",
        ChatRole.Assistant => "assistant",
        ChatRole.Tool => "ipython",
        _ => throw new ChatFormatException(index, $"there is no role {role} in this format"),
    };
}

/// <summary>The control tokens of such a format. Where there is no end of message, the end of turn stands for it.</summary>
internal sealed record HeaderTokens(int Begin, int HeaderStart, int HeaderEnd, int EndOfTurn, int? EndOfMessage, int? PythonTag)
{
    /// <summary>The tokens by their texts, or null where the vocabulary lacks one that is needed.</summary>
    public static HeaderTokens? Find(
        Tokenizer tokenizer, string headerStart, string headerEnd, string endOfTurn, string endOfMessage, string? pythonTag)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return (tokenizer.BeginOfText ?? tokenizer.FindSpecial("<|begin_of_text|>")) is { } begin
            && tokenizer.FindSpecial(headerStart) is { } start
            && tokenizer.FindSpecial(headerEnd) is { } end
            && tokenizer.FindSpecial(endOfTurn) is { } turn
            ? new HeaderTokens(begin, start, end, turn, tokenizer.FindSpecial(endOfMessage),
                pythonTag is null ? null : tokenizer.FindSpecial(pythonTag))
            : null;
    }
}
