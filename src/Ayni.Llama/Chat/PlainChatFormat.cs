using System.Text;

namespace Ayni.Llama;

/// <summary>
/// A conversation as a plain transcript, for base models that were never taught a chat format: <c>User: …</c>, <c>Assistant: …</c>, one
/// blank line between. Such a model goes on writing the transcript, so the answer ends where it would begin the next turn.
/// </summary>
public sealed class PlainChatFormat(Tokenizer tokenizer) : ChatFormat
{
    /// <inheritdoc/>
    public override string Name => "plain";

    /// <inheritdoc/>
    public override IReadOnlyList<string> StopTexts { get; } = ["\nUser:", "\nAssistant:"];

    /// <inheritdoc/>
    public override int[] Encode(IReadOnlyList<ChatMessage> messages)
    {
        RequireMessages(messages);
        var transcript = new StringBuilder();
        foreach (var message in messages)
        {
            var speaker = message.Role switch { ChatRole.User => "User: ", ChatRole.Assistant => "Assistant: ", _ => "" };
            transcript.Append(speaker).Append(message.Content).Append("\n\n");
        }
        var ids = new List<int>();
        if (tokenizer is { AddsBeginOfText: true, BeginOfText: { } begin })
            ids.Add(begin);
        tokenizer.Encode(transcript.Append("Assistant:").ToString(), ids);
        return [.. ids];
    }
}
