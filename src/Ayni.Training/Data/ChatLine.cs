using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>A conversation in OpenAI's fine-tuning format.</summary>
/// <param name="Messages">The messages.</param>
/// <param name="IsLearned">Whether each is to be learned: the assistant's, unless its <c>weight</c> is 0.</param>
/// <param name="Tools">The tools that the assistant may call; the schemas of their parameters as compact JSON.</param>
internal sealed record ChatLine(
    IReadOnlyList<ChatMessage> Messages, IReadOnlyList<bool> IsLearned, IReadOnlyList<ToolDefinition> Tools)
{
    private const int MostMessages = 10_000;
    private const int MostTools = 1_000;
    private const string NoParameters = """{"type":"object","properties":{}}""";

    // Characters stand for themselves, so that what is masked in texts is found in schemas, too.
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Reads <c>{"messages": […], "tools": […]}</c>; <c>parallel_tool_calls</c>, from which no text follows, and whatever else is there
    /// is passed over. Throws <see cref="FormatException"/>.
    /// </summary>
    public static ChatLine Read(JsonElement root)
    {
        var line = ReadMessages(root);
        if (line.IsLearned.Contains(true))
            return line;
        throw new FormatException(line.Messages.Any(message => message.Role == ChatRole.Assistant)
            ? "every message of the assistant has a weight of 0, so there is nothing to learn"
            : "no message is the assistant's, so there is nothing to learn");
    }

    /// <summary>Reads the same where nothing needs to be the assistant's. Throws <see cref="FormatException"/>.</summary>
    public static ChatLine ReadMessages(JsonElement root)
    {
        if (!root.TryGetProperty("messages", out var items) || items.ValueKind != JsonValueKind.Array || items.GetArrayLength() == 0)
            throw new FormatException("expected \"messages\" as an array of messages");
        return ReadArray(items) with { Tools = ReadTools(root) };
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
        return new ChatLine(messages, learned, []);
    }

    /// <summary>Reads a line's <c>tools</c>, of which there may be none. Throws <see cref="FormatException"/>.</summary>
    public static IReadOnlyList<ToolDefinition> ReadTools(JsonElement root)
    {
        if (Find(root, "functions") is not null)
            throw new FormatException("\"functions\" is the old form of \"tools\"; write them there");
        if (Find(root, "tools") is not { } tools)
            return [];
        if (tools.ValueKind != JsonValueKind.Array)
            throw new FormatException("expected \"tools\" as an array of tools");
        return tools.GetArrayLength() <= MostTools
            ? [.. tools.EnumerateArray().Select(ReadTool)]
            : throw new FormatException($"a conversation has more than {MostTools} tools");
    }

    /// <summary>A property that is a string. Throws <see cref="FormatException"/>.</summary>
    public static string Text(JsonElement element, string name) =>
        FindText(element, name) ?? throw new FormatException($"expected \"{name}\" as a string");

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
                $"messages[{index}].role is '{Short(other)}'; there are system, developer, user, assistant and tool"),
        };
        var calls = ReadCalls(item, role, index);
        // A message that only calls tools says nothing beside.
        var content = ReadContent(item, index)
            ?? (calls.Length > 0 ? "" : throw NoContent(index));
        var message = new ChatMessage(role, content)
        {
            ToolCalls = calls,
            Name = FindText(item, "name"),
            ToolCallId = FindText(item, "tool_call_id"),
        };
        return (message, ReadWeight(item, index));
    }

    private static string? ReadContent(JsonElement item, int index) => Find(item, "content") switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Array } parts => string.Concat(
            parts.EnumerateArray().Select((part, i) => ReadPart(part, $"messages[{index}].content[{i}]"))),
        _ => throw NoContent(index),
    };

    private static FormatException NoContent(int index) =>
        new($"messages[{index}]: expected \"content\" as a string or an array of text parts");

    private static string ReadPart(JsonElement part, string place)
    {
        if (part.ValueKind != JsonValueKind.Object)
            throw new FormatException($"{place} is not an object");
        return Text(part, "type") is not "text" and var type
            ? throw new FormatException($"{place}.type is '{Short(type)}'; only text can be learned")
            : Text(part, "text");
    }

    private static bool ReadWeight(JsonElement item, int index)
    {
        if (Find(item, "weight") is not { } weight)
            return true;
        return weight.ValueKind == JsonValueKind.Number && weight.TryGetInt32(out var number) && number is 0 or 1
            ? number == 1
            : throw new FormatException($"messages[{index}].weight is neither 0 nor 1");
    }

    private static ToolCall[] ReadCalls(JsonElement item, ChatRole role, int index)
    {
        if (Find(item, "function_call") is not null)
            throw new FormatException($"messages[{index}].function_call is the old form of \"tool_calls\"; write it as one of these");
        if (Find(item, "tool_calls") is not { } calls)
            return [];
        if (calls.ValueKind != JsonValueKind.Array)
            throw new FormatException($"messages[{index}].tool_calls is not an array");
        return role == ChatRole.Assistant || calls.GetArrayLength() == 0
            ? [.. calls.EnumerateArray().Select(call => ReadCall(call, index))]
            : throw new FormatException($"messages[{index}] has tool_calls, but only the assistant calls tools");
    }

    private static ToolCall ReadCall(JsonElement call, int index)
    {
        if (call.ValueKind != JsonValueKind.Object || Find(call, "function") is not { ValueKind: JsonValueKind.Object } function)
            throw new FormatException($"messages[{index}].tool_calls: expected objects with a function");
        return new ToolCall(Text(function, "name"), Text(function, "arguments")) { Id = FindText(call, "id") };
    }

    private static ToolDefinition ReadTool(JsonElement tool, int index)
    {
        if (tool.ValueKind != JsonValueKind.Object || Find(tool, "function") is not { ValueKind: JsonValueKind.Object } function)
            throw new FormatException($"tools[{index}]: expected an object with a function");
        if (FindText(tool, "type") is { } type && type != "function")
            throw new FormatException($"tools[{index}].type is '{Short(type)}'; only functions can be learned");
        return new ToolDefinition(
            Text(function, "name"), FindText(function, "description") ?? "",
            Find(function, "parameters") switch
            {
                null => NoParameters,
                { ValueKind: JsonValueKind.Object } parameters => WriteCompact(parameters),
                _ => throw new FormatException($"tools[{index}].function.parameters is not an object"),
            });
    }

    private static string WriteCompact(JsonElement value)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Compact))
            value.WriteTo(writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>A property; null also where it says so itself.</summary>
    private static JsonElement? Find(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string? FindText(JsonElement element, string name) => Find(element, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        _ => throw new FormatException($"expected \"{name}\" as a string"),
    };

    private static string Short(string text) => text.Length > 40 ? text[..40] + "…" : text;
}
