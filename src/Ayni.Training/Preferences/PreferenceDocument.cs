using System.Text.Json;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>
/// Two answers to one prompt, of which the first is preferred: <c>{"prompt": …, "chosen": …, "rejected": …}</c>, where the prompt is a
/// user's text or a list of messages and the answers are texts or lists of one message, and beside them <c>tools</c>. Its normal form: the
/// line <c>preference</c>, then the two conversations as <see cref="ConversationDocument"/> has them, one after the other.
/// </summary>
internal sealed record PreferenceDocument(ConversationDocument Chosen, ConversationDocument Rejected) : SourceDocument
{
    public override IEnumerable<string> Texts =>
        Chosen.Texts.Concat(Rejected.Texts.TakeLast(1));

    public override SourceDocument Change(Func<string, string> change) =>
        new PreferenceDocument((ConversationDocument)Chosen.Change(change), (ConversationDocument)Rejected.Change(change));

    /// <summary>
    /// The tokens of both, of each of which the answer at its end is to be learned: so the end of the first is found again.
    /// </summary>
    public override TokenizedDocument Encode(TrainingTokenizer tokenizer)
    {
        var (chosen, rejected) = (EncodeOne(Chosen, tokenizer), EncodeOne(Rejected, tokenizer));
        return new TokenizedDocument([.. chosen.Ids, .. rejected.Ids], [.. chosen.IsLearned!, .. rejected.IsLearned!]);
    }

    public override byte[] NormalForm() => [.. "preference\n"u8, .. Chosen.NormalForm(), .. "\n"u8, .. Rejected.NormalForm()];

    /// <summary>Reads a pair. Throws <see cref="FormatException"/>.</summary>
    public static PreferenceDocument Read(JsonElement root)
    {
        if (!root.TryGetProperty("prompt", out var prompt))
            throw new FormatException("expected \"prompt\" as a string or an array of messages");
        IReadOnlyList<ChatMessage> messages = prompt.ValueKind == JsonValueKind.Array
            ? ChatLine.ReadArray(prompt).Messages
            : [new ChatMessage(ChatRole.User, ChatLine.Text(root, "prompt"))];
        var tools = ChatLine.ReadTools(root);
        var (chosen, rejected) = (Answered("chosen"), Answered("rejected"));
        if (chosen.Conversation.Messages[^1] is { ToolCalls.Count: 0 } best && string.IsNullOrWhiteSpace(best.Content))
            throw new FormatException("\"chosen\" is empty, so the model would learn to say nothing");
        return chosen.NormalForm().AsSpan().SequenceEqual(rejected.NormalForm())
            ? throw new FormatException("\"chosen\" and \"rejected\" say the same, so there is nothing to prefer")
            : new PreferenceDocument(chosen, rejected);

        ConversationDocument Answered(string name)
        {
            var answer = root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
                ? ChatLine.ReadArray(value).Messages
                : [new ChatMessage(ChatRole.Assistant, ChatLine.Text(root, name))];
            return answer is [{ Role: ChatRole.Assistant } message]
                ? new ConversationDocument(new ChatLine([.. messages, message], [.. messages.Select(_ => false), true], tools))
                : throw new FormatException($"\"{name}\" is a string or an array of one message, the assistant's");
        }
    }

    private static TokenizedDocument EncodeOne(ConversationDocument conversation, TrainingTokenizer tokenizer)
    {
        var encoded = conversation.Encode(tokenizer);
        var first = Array.IndexOf(encoded.IsLearned!, true);
        return first > 0 && !encoded.IsLearned.AsSpan(first).Contains(false)
            ? encoded
            : throw new ChatFormatException(
                conversation.Conversation.Messages.Count - 1, "the model's chat format writes something behind an answer, so a pair can't be told apart");
    }
}
