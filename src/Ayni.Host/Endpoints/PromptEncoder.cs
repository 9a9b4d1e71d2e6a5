using System.Collections.Immutable;
using Ayni.Llama;

namespace Ayni.Host;

/// <summary>Turns what a request starts from into the tokens the engine continues.</summary>
internal static class PromptEncoder
{
    /// <summary>The prompt's tokens, at least one. Throws <see cref="ApiException"/>.</summary>
    public static ImmutableArray<int> Encode(ServedModel served, CompletionInput input)
    {
        var tokens = input switch
        {
            CompletionInput.Conversation conversation => EncodeConversation(served.ChatFormat, conversation),
            CompletionInput.Text text => EncodeText(served.Model.Tokenizer, text.Value),
            CompletionInput.Tokens given => CheckTokens(served.Model.Tokenizer, given.Ids),
            _ => throw new InvalidOperationException($"An input of the kind {input.GetType().Name} has no encoding."),
        };
        return tokens.IsEmpty ? throw ApiException.BadField(input.Field, "must not be empty.") : tokens;
    }

    private static ImmutableArray<int> EncodeConversation(ChatFormat format, CompletionInput.Conversation conversation)
    {
        try
        {
            return [.. format.Encode(conversation.Messages)];
        }
        catch (ChatFormatException refusal)
        {
            throw ApiException.BadConversation($"messages[{refusal.MessageIndex}]", refusal.Message);
        }
    }

    /// <summary>Text that looks like a control token stays text: whoever wants control tokens sends ids.</summary>
    private static ImmutableArray<int> EncodeText(Tokenizer tokenizer, string text)
    {
        var ids = new List<int>();
        if (tokenizer is { AddsBeginOfText: true, BeginOfText: { } begin })
            ids.Add(begin);
        tokenizer.Encode(text, ids);
        return [.. ids];
    }

    private static ImmutableArray<int> CheckTokens(Tokenizer tokenizer, ImmutableArray<int> ids)
    {
        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[i] >= tokenizer.VocabularySize)
            {
                var problem = FormattableString.Invariant($"holds {ids[i]} at position {i}; ids are below {tokenizer.VocabularySize}.");
                throw ApiException.BadField("prompt", problem);
            }
        }

        return ids;
    }
}
