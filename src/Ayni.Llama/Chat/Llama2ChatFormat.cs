namespace Ayni.Llama;

/// <summary>
/// The format of Llama 2 Chat and Code Llama Instruct by Meta's <c>chat_completion</c> code: <c>[INST] user [/INST] assistant </c>
/// between BOS and EOS for each turn, the system message folded into the first user message. After an optional system message, user and
/// assistant alternate and the user has the last word. Contents are stripped of white space at both ends.
/// </summary>
public sealed class Llama2ChatFormat : ChatFormat
{
    private readonly Tokenizer _tokenizer;
    private readonly int _begin;
    private readonly int _end;

    private Llama2ChatFormat(Tokenizer tokenizer, int begin, int end) => (_tokenizer, _begin, _end) = (tokenizer, begin, end);

    /// <inheritdoc/>
    public override string Name => "llama-2";

    /// <summary>The format over a vocabulary, or null where it lacks BOS or EOS.</summary>
    public static Llama2ChatFormat? TryCreate(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return tokenizer is { BeginOfText: { } begin, EndOfText: { } end } ? new Llama2ChatFormat(tokenizer, begin, end) : null;
    }

    /// <inheritdoc/>
    public override int[] Encode(IReadOnlyList<ChatMessage> messages)
    {
        RequireMessages(messages);
        var start = messages[0].Role == ChatRole.System ? 1 : 0;
        RequireAlternation(messages, start);
        if ((messages.Count - start) % 2 == 0)
            throw new ChatFormatException(messages.Count - 1, "the last message of a conversation in Llama 2's format is the user's");

        var ids = new List<int>();
        for (var i = start; i < messages.Count; i += 2)
        {
            var instruction = Instruction(messages, i);
            ids.Add(_begin);
            if (i + 1 < messages.Count)
                AppendTurn(ids, instruction, messages[i + 1]);
            else
                _tokenizer.Encode(instruction, ids);
        }
        return [.. ids];
    }

    /// <inheritdoc/>
    public override EncodedConversation EncodeConversation(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ToolDefinition> tools)
    {
        RequireMessages(messages);
        RequireNoTools(tools);
        var start = messages[0].Role == ChatRole.System ? 1 : 0;
        RequireAlternation(messages, start);
        if ((messages.Count - start) % 2 != 0)
            throw new ChatFormatException(messages.Count - 1,
                "the last message of a whole conversation in Llama 2's format is the assistant's");

        var ids = new List<int>();
        var writers = new List<int>();
        for (var i = start; i < messages.Count; i += 2)
        {
            var instruction = Instruction(messages, i);
            var (first, prompt) = (ids.Count, new List<int> { _begin });
            _tokenizer.Encode(instruction, prompt);
            ids.Add(_begin);
            AppendTurn(ids, instruction, messages[i + 1]);
            // The turn is encoded as one text, so its answer begins where the ids leave those of the prompt alone.
            var shared = prompt.Zip(ids.Skip(first)).TakeWhile(pair => pair.First == pair.Second).Count();
            writers.AddRange(Enumerable.Repeat(-1, shared));
            writers.AddRange(Enumerable.Repeat(i + 1, ids.Count - writers.Count));
        }
        return new EncodedConversation([.. ids], [.. writers]);
    }

    private static string Instruction(IReadOnlyList<ChatMessage> messages, int index)
    {
        var user = messages[index].Content;
        if (index == 1)
            user = $"<<SYS>>\n{messages[0].Content}\n<</SYS>>\n\n{user}";
        return $"[INST] {Strip(user)} [/INST]";
    }

    private void AppendTurn(List<int> ids, string instruction, ChatMessage answer)
    {
        _tokenizer.Encode($"{instruction} {Strip(answer.Content)} ", ids);
        ids.Add(_end);
    }

    private static void RequireAlternation(IReadOnlyList<ChatMessage> messages, int start)
    {
        for (var i = start; i < messages.Count; i++)
        {
            var expected = (i - start) % 2 == 0 ? ChatRole.User : ChatRole.Assistant;
            if (messages[i].Role != expected)
            {
                throw new ChatFormatException(i,
                    $"expected {Name(expected)}, found {Name(messages[i].Role)}; "
                    + "in Llama 2's format user and assistant alternate after one optional system message");
            }
            if (messages[i].ToolCalls.Count > 0)
                throw new ChatFormatException(i, "Llama 2's format has no words for calls of tools");
        }

        static string Name(ChatRole role) => role.ToString().ToLowerInvariant();
    }

    /// <summary>Python's <c>strip</c>, which also takes the information separators for white space.</summary>
    private static ReadOnlySpan<char> Strip(ReadOnlySpan<char> text)
    {
        while (text is [var first, ..] && IsSpace(first))
            text = text[1..];
        while (text is [.., var last] && IsSpace(last))
            text = text[..^1];
        return text;

        static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1C' and <= '\x1F';
    }
}
