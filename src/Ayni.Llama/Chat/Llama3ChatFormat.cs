namespace Ayni.Llama;

/// <summary>
/// The format of Llama 3, 3.1, 3.2 and 3.3 by Meta's <c>ChatFormat</c> code: each message is a header with its role, two line ends, its
/// content as it is and <c>&lt;|eot_id|&gt;</c>. Roles may come in any order.
/// </summary>
public sealed class Llama3ChatFormat : ChatFormat
{
    private readonly Tokenizer _tokenizer;
    private readonly int _begin;
    private readonly int _headerStart;
    private readonly int _headerEnd;
    private readonly int _endOfTurn;

    private Llama3ChatFormat(Tokenizer tokenizer, int begin, int headerStart, int headerEnd, int endOfTurn) =>
        (_tokenizer, _begin, _headerStart, _headerEnd, _endOfTurn) = (tokenizer, begin, headerStart, headerEnd, endOfTurn);

    /// <inheritdoc/>
    public override string Name => "llama-3";

    /// <summary>The format over a vocabulary, or null where it lacks one of the tokens.</summary>
    public static Llama3ChatFormat? TryCreate(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return (tokenizer.BeginOfText ?? tokenizer.FindSpecial("<|begin_of_text|>")) is { } begin
            && tokenizer.FindSpecial("<|start_header_id|>") is { } headerStart
            && tokenizer.FindSpecial("<|end_header_id|>") is { } headerEnd
            && tokenizer.FindSpecial("<|eot_id|>") is { } endOfTurn
            ? new Llama3ChatFormat(tokenizer, begin, headerStart, headerEnd, endOfTurn)
            : null;
    }

    /// <inheritdoc/>
    public override int[] Encode(IReadOnlyList<ChatMessage> messages)
    {
        RequireMessages(messages);
        var ids = new List<int> { _begin };
        for (var i = 0; i < messages.Count; i++)
        {
            AppendHeader(ids, RoleName(messages[i].Role, i));
            _tokenizer.Encode(messages[i].Content, ids);
            ids.Add(_endOfTurn);
        }
        AppendHeader(ids, "assistant");
        return [.. ids];
    }

    // The line ends are encoded apart from the content, as in Meta's code: a content that starts with one would merge with them.
    private void AppendHeader(List<int> ids, string role)
    {
        ids.Add(_headerStart);
        _tokenizer.Encode(role, ids);
        ids.Add(_headerEnd);
        _tokenizer.Encode("\n\n", ids);
    }

    private static string RoleName(ChatRole role, int index) => role switch
    {
        ChatRole.System => "system",
        ChatRole.User => "user",
        ChatRole.Assistant => "assistant",
        _ => throw new ChatFormatException(index, $"Llama 3 has no role {role}"),
    };
}
