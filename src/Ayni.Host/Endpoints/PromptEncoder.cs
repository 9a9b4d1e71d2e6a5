using System.Collections.Immutable;
using Ayni.Llama;

namespace Ayni.Host;

/// <summary>Turns what a request starts from into the tokens the engine continues.</summary>
internal static class PromptEncoder
{
    /// <summary>The prompt's tokens, at least one. Throws <see cref="ApiException"/>.</summary>
    public static ImmutableArray<int> Encode(LlamaModel model, CompletionInput input)
    {
        var tokens = input switch
        {
            CompletionInput.Conversation conversation => EncodeConversation(model, conversation),
            CompletionInput.Text text => EncodeText(model.Tokenizer, text.Value),
            CompletionInput.Tokens given => CheckTokens(model.Tokenizer, given.Ids),
            _ => throw new InvalidOperationException($"An input of the kind {input.GetType().Name} has no encoding."),
        };
        return tokens.IsEmpty ? throw ApiException.BadField(input.Field, "must not be empty.") : tokens;
    }

    private static ImmutableArray<int> EncodeConversation(LlamaModel model, CompletionInput.Conversation conversation)
    {
        if (model.ChatFormat is not { } format)
        {
            throw ApiException.BadField(
                "model", "names a base model without a chat format. Use /v1/completions with it.", "chat_format_missing");
        }

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
                throw ApiException.BadField("prompt", FormattableString.Invariant($"holds {ids[i]} at position {i}; token ids are below {tokenizer.VocabularySize}."));
        }

        return ids;
    }
}
