using System.Collections.Immutable;
using System.Text.Json;

namespace Ayni.Host;

/// <summary>
/// Fields of OpenAI's API that this server knows and does not offer. Clients often send them at the value that asks for nothing; only
/// another value is refused, so that nobody gets an answer that silently lacks what was asked for.
/// </summary>
internal sealed class NeutralFields
{
    private readonly ImmutableArray<(string Name, Func<JsonElement, bool> IsNeutral, string Problem)> _fields;

    private NeutralFields(params ImmutableArray<(string, Func<JsonElement, bool>, string)> fields) => _fields = fields;

    /// <summary>Those of a chat completion.</summary>
    public static NeutralFields Chat { get; } = new(
        ("logprobs", IsFalse, NotOffered),
        ("top_logprobs", IsZero, NotOffered),
        ("tools", IsEmpty, NotOffered),
        ("tool_choice", value => IsWord(value, "none") || IsWord(value, "auto"), NotOffered),
        ("functions", IsEmpty, NotOffered),
        ("function_call", value => IsWord(value, "none") || IsWord(value, "auto"), NotOffered),
        ("response_format", IsTextFormat, "is offered as {\"type\":\"text\"} only."),
        ("modalities", value => IsArrayOf(value, "text"), "is offered as [\"text\"] only."),
        ("audio", IsNothing, NotOffered),
        ("prediction", IsNothing, NotOffered),
        ("web_search_options", IsNothing, NotOffered),
        ("store", IsFalse, "is not offered: this server keeps no conversations."));

    /// <summary>Those of a text completion.</summary>
    public static NeutralFields Text { get; } = new(
        ("best_of", IsOne, "must be 1: one answer a request."),
        ("echo", IsFalse, NotOffered),
        ("suffix", value => IsWord(value, ""), NotOffered),
        ("logprobs", IsNothing, NotOffered));

    /// <summary>Those of one message.</summary>
    public static NeutralFields Message { get; } = new(
        ("tool_calls", IsEmpty, NotOffered),
        ("tool_call_id", IsNothing, NotOffered),
        ("function_call", IsNothing, NotOffered),
        ("audio", IsNothing, NotOffered));

    private const string NotOffered = "is not offered by this server.";

    /// <summary>Throws <see cref="ApiException"/> naming the first field that asks for something.</summary>
    public void Check(JsonFields fields)
    {
        foreach (var (name, isNeutral, problem) in _fields)
        {
            if (fields.Find(name) is { } value && !isNeutral(value))
                throw ApiException.BadField(fields.PathOf(name), problem, "unsupported_value");
        }
    }

    private static bool IsNothing(JsonElement value) => false;

    private static bool IsFalse(JsonElement value) => value.ValueKind == JsonValueKind.False;

    private static bool IsZero(JsonElement value) => IsNumber(value, 0);

    private static bool IsOne(JsonElement value) => IsNumber(value, 1);

    private static bool IsNumber(JsonElement value, double expected) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number == expected;

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.GetPropertyCount() == 0,
        _ => false,
    };

    private static bool IsWord(JsonElement value, string word) => value.ValueKind == JsonValueKind.String && value.ValueEquals(word);

    private static bool IsArrayOf(JsonElement value, string word) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(element => IsWord(element, word));

    private static bool IsTextFormat(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty("type", out var type) && IsWord(type, "text");
}
