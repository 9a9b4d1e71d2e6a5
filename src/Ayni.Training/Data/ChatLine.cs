using System.Text.Json;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>A conversation in OpenAI's fine-tuning format.</summary>
/// <param name="Messages">The messages.</param>
/// <param name="IsLearned">Whether each is to be learned: the assistant's, unless its <c>weight</c> is 0.</param>
internal sealed record ChatLine(IReadOnlyList<ChatMessage> Messages, IReadOnlyList<bool> IsLearned)
{
    private const int MostMessages = 10_000;

    /// <summary>Reads <c>{"messages": […]}</c>. Throws <see cref="FormatException"/>.</summary>
    public static ChatLine Read(JsonElement root)
    {
        var line = ReadMessages(root);
        return line.IsLearned.Contains(true)
            ? line
            : throw new FormatException("no message is the assistant's, so there is nothing to learn");
    }

    /// <summary>Reads the same where nothing needs to be the assistant's. Throws <see cref="FormatException"/>.</summary>
    public static ChatLine ReadMessages(JsonElement root)
    {
        if (!root.TryGetProperty("messages", out var items) || items.ValueKind != JsonValueKind.Array || items.GetArrayLength() == 0)
            throw new FormatException("expected \"messages\" as an array of messages");
        if (root.TryGetProperty("tools", out var tools) && tools.ValueKind != JsonValueKind.Null
            && !(tools.ValueKind == JsonValueKind.Array && tools.GetArrayLength() == 0))
            throw new FormatException("\"tools\" can't be learned yet; say in a system message what tools there are");
        return ReadArray(items);
    }

    /// <summary>Reads an array of messages. Throws <see cref="FormatException"/>.</summary>
    public static ChatLine ReadArray(JsonElement items)
    {
        if (items.GetArrayLength() == 0)
            throw new FormatException("there are no messages");
        if (items.GetArrayLength() > MostMessages)
            throw new FormatException($"a conversation has more than {MostMessages} messages");
        var messages = new List<ChatMessage>();
        var learned = new List<bool>();
        foreach (var item in items.EnumerateArray())
        {
            var (message, weight) = ReadMessage(item, messages.Count);
            messages.Add(message);
            learned.Add(message.Role == ChatRole.Assistant && weight);
        }
        return new ChatLine(messages, learned);
    }

    /// <summary>A property that is a string. Throws <see cref="FormatException"/>.</summary>
    public static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new FormatException($"expected \"{name}\" as a string");

    private static (ChatMessage Message, bool IsLearned) ReadMessage(JsonElement item, int index)
    {
        if (item.ValueKind != JsonValueKind.Object)
            throw new FormatException($"messages[{index}] is not an object");
        var role = Text(item, "role") switch
        {
            "system" or "developer" => ChatRole.System,
            "user" => ChatRole.User,
            "assistant" => ChatRole.Assistant,
            "tool" => ChatRole.Tool,
            var other => throw new FormatException(
                $"messages[{index}].role is '{(other.Length > 40 ? other[..40] + "…" : other)}'; "
                + "there are system, developer, user, assistant and tool"),
        };
        var calls = item.TryGetProperty("tool_calls", out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().Select(call => ReadCall(call, index)).ToArray() : [];
        // A message that only calls tools says nothing beside.
        var isSilent = calls.Length > 0 && (!item.TryGetProperty("content", out var content) || content.ValueKind == JsonValueKind.Null);
        var message = new ChatMessage(role, isSilent ? "" : Text(item, "content"))
        {
            ToolCalls = calls,
            Name = item.TryGetProperty("name", out _) ? Text(item, "name") : null,
            ToolCallId = item.TryGetProperty("tool_call_id", out _) ? Text(item, "tool_call_id") : null,
        };
        return (message, ReadWeight(item, index));
    }

    private static bool ReadWeight(JsonElement item, int index)
    {
        if (!item.TryGetProperty("weight", out var weight))
            return true;
        return weight.ValueKind == JsonValueKind.Number && weight.TryGetInt32(out var number) && number is 0 or 1
            ? number == 1
            : throw new FormatException($"messages[{index}].weight is neither 0 nor 1");
    }

    private static ToolCall ReadCall(JsonElement call, int index)
    {
        if (call.ValueKind != JsonValueKind.Object || !call.TryGetProperty("function", out var function)
            || function.ValueKind != JsonValueKind.Object)
            throw new FormatException($"messages[{index}].tool_calls: expected objects with a function");
        return new ToolCall(Text(function, "name"), Text(function, "arguments"))
        {
            Id = call.TryGetProperty("id", out _) ? Text(call, "id") : null,
        };
    }
}
