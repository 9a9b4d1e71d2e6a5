using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Ayni.Llama;

namespace Ayni.Host;

/// <summary>
/// Reads the bodies of <c>/v1/chat/completions</c> and <c>/v1/completions</c> (OpenAI's API reference). The result is valid, or an
/// <see cref="ApiException"/> names the field at fault. Fields that ask for something not offered are refused by name unless they hold
/// their neutral value; unknown fields are ignored, as such servers do.
/// </summary>
internal static class CompletionRequestParser
{
    /// <summary>The most stop texts, as in OpenAI's API.</summary>
    public const int MaxStops = 4;

    /// <summary>The longest stop text and the longest name, in UTF-16 characters.</summary>
    public const int MaxNameLength = 256;

    /// <summary>The most answers to one request, as in OpenAI's API.</summary>
    public const int MaxAnswers = 128;

    /// <summary>The most tokens with a bias, as in OpenAI's API.</summary>
    public const int MaxBiases = 300;

    /// <summary>The longest time limit, in seconds: a day.</summary>
    public const int MaxTimeout = 86_400;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32 };

    /// <summary>Reads a chat completion's body.</summary>
    public static CompletionRequest ParseChat(ReadOnlyMemory<byte> body) => Parse(body, NeutralFields.Chat, ReadConversation);

    /// <summary>Reads a text completion's body.</summary>
    public static CompletionRequest ParseText(ReadOnlyMemory<byte> body) => Parse(body, NeutralFields.Text, ReadPrompt);

    private static CompletionRequest Parse(ReadOnlyMemory<byte> body, NeutralFields neutral, Func<JsonFields, CompletionInput> readInput)
    {
        // Checked at once for the whole body, because the JSON reader looks inside strings only when they are taken out.
        if (!Utf8.IsValid(body.Span))
            throw ApiException.BadField(null, "The body is not valid UTF-8.", "invalid_json");
        using var document = ParseJson(body);
        var fields = new JsonFields(document.RootElement, null);
        neutral.Check(fields);

        var model = fields.FindText("model", MaxNameLength) ?? throw ApiException.BadField("model", "is missing.");
        var input = readInput(fields);
        var stream = fields.FindBoolean("stream") ?? false;
        return new()
        {
            User = fields.FindText("user", MaxNameLength),
            Model = model,
            Input = input,
            MaxTokens = ReadMaxTokens(fields),
            Answers = (int)(fields.FindInteger("n", 1, MaxAnswers) ?? 1),
            Timeout = fields.FindNumber("timeout", 0, MaxTimeout, open: true) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Sampling = ReadSampling(fields),
            Stop = ReadStop(fields),
            Stream = stream,
            IncludeUsage = ReadIncludeUsage(fields, stream),
        };
    }

    private static JsonDocument ParseJson(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body, Strict);
        }
        catch (JsonException error)
        {
            // The reader's own message may repeat the body; the place is enough.
            var place = FormattableString.Invariant($"line {error.LineNumber + 1}, byte {error.BytePositionInLine}");
            throw ApiException.BadField(null, $"The body is not valid JSON, from {place} on.", "invalid_json");
        }
    }

    /// <summary>OpenAI's fields, and those of other servers that clients send beside them.</summary>
    private static SamplingParameters ReadSampling(JsonFields fields) => new()
    {
        RepetitionPenalty = fields.FindNumber("repetition_penalty", 0, 2, open: true) ?? 1,
        FrequencyPenalty = fields.FindNumber("frequency_penalty", -2, 2) ?? 0,
        PresencePenalty = fields.FindNumber("presence_penalty", -2, 2) ?? 0,
        LogitBias = ReadLogitBias(fields),
        Temperature = fields.FindNumber("temperature", 0, 2) ?? 1,
        TopK = (int)Math.Max(0, fields.FindInteger("top_k", -1, int.MaxValue) ?? 0),
        TopP = fields.FindNumber("top_p", 0, 1, open: true) ?? 1,
        MinP = fields.FindNumber("min_p", 0, 1) ?? 0,
        Seed = fields.FindInteger("seed", long.MinValue, long.MaxValue),
    };

    private static ImmutableDictionary<int, double> ReadLogitBias(JsonFields fields)
    {
        var biases = ImmutableDictionary.CreateBuilder<int, double>();
        if (fields.Find("logit_bias") is not { } element)
            return biases.ToImmutable();
        var entries = new JsonFields(element, "logit_bias");
        foreach (var name in entries.Names)
        {
            if (biases.Count == MaxBiases)
                throw ApiException.BadField("logit_bias", $"has more than {MaxBiases} tokens.");
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                throw ApiException.BadField(entries.PathOf(name), "must be named by a token id.");
            // Two spellings of one id, such as 7 and 07.
            if (!biases.TryAdd(id, entries.FindNumber(name, -100, 100) ?? 0))
                throw ApiException.BadField(entries.PathOf(name), "names a token twice.");
        }
        return biases.ToImmutable();
    }

    /// <summary>The newer name of the limit wins over the older.</summary>
    private static int? ReadMaxTokens(JsonFields fields)
    {
        var older = fields.FindInteger("max_tokens", 1, int.MaxValue);
        var newer = fields.FindInteger("max_completion_tokens", 1, int.MaxValue);
        return (int?)(newer ?? older);
    }

    private static ImmutableArray<string> ReadStop(JsonFields fields)
    {
        switch (fields.Find("stop"))
        {
            case null:
                return [];
            case { ValueKind: JsonValueKind.String } one:
                return [ReadStopText(one, "stop")];
            case { ValueKind: JsonValueKind.Array } many when many.GetArrayLength() <= MaxStops:
                return [.. many.EnumerateArray().Select((text, index) => ReadStopText(text, $"stop[{index}]"))];
            default:
                throw ApiException.BadField("stop", $"must be a string or an array of up to {MaxStops} strings.");
        }
    }

    private static string ReadStopText(JsonElement element, string path)
    {
        var text = JsonFields.TextOf(element, path, MaxNameLength);
        return text.Length > 0 ? text : throw ApiException.BadField(path, "must not be empty.");
    }

    private static bool ReadIncludeUsage(JsonFields fields, bool stream)
    {
        if (fields.Find("stream_options") is not { } element)
            return false;
        if (!stream)
            throw ApiException.BadField("stream_options", "goes with 'stream': true only.");
        return new JsonFields(element, "stream_options").FindBoolean("include_usage") ?? false;
    }

    private static CompletionInput.Conversation ReadConversation(JsonFields fields)
    {
        if (fields.Find("messages") is not { } element)
            throw ApiException.BadField("messages", "is missing.");
        if (element.ValueKind != JsonValueKind.Array || element.GetArrayLength() == 0)
            throw ApiException.BadField("messages", "must be an array of at least one message.");
        return new([.. element.EnumerateArray().Select((message, index) => ReadMessage(message, $"messages[{index}]"))]);
    }

    private static ChatMessage ReadMessage(JsonElement element, string path)
    {
        var message = new JsonFields(element, path);
        NeutralFields.Message.Check(message);
        var role = message.FindText("role", MaxNameLength) switch
        {
            "system" or "developer" => ChatRole.System,
            "user" => ChatRole.User,
            "assistant" => ChatRole.Assistant,
            null => throw ApiException.BadField(message.PathOf("role"), "is missing."),
            _ => throw ApiException.BadField(message.PathOf("role"), "must be system, developer, user or assistant."),
        };
        return new(role, ReadContent(message));
    }

    private static string ReadContent(JsonFields message)
    {
        var path = message.PathOf("content");
        switch (message.Find("content"))
        {
            case null:
                throw ApiException.BadField(path, "is missing.");
            case { ValueKind: JsonValueKind.String } text:
                return JsonFields.TextOf(text, path);
            case { ValueKind: JsonValueKind.Array } parts:
                return string.Concat(parts.EnumerateArray().Select((part, index) => ReadContentPart(part, $"{path}[{index}]")));
            default:
                throw ApiException.BadField(path, "must be a string or an array of text parts.");
        }
    }

    private static string ReadContentPart(JsonElement element, string path)
    {
        var part = new JsonFields(element, path);
        if (part.FindText("type", MaxNameLength) != "text")
            throw ApiException.BadField(part.PathOf("type"), "must be 'text': this server reads text only.");
        return part.FindText("text") ?? throw ApiException.BadField(part.PathOf("text"), "is missing.");
    }

    /// <summary>A string, an array of one string, token ids, or an array of one array of token ids.</summary>
    private static CompletionInput ReadPrompt(JsonFields fields)
    {
        if (fields.Find("prompt") is not { } prompt)
            throw ApiException.BadField("prompt", "is missing.");
        if (prompt.ValueKind == JsonValueKind.String)
            return new CompletionInput.Text(JsonFields.TextOf(prompt, "prompt"));
        if (prompt.ValueKind == JsonValueKind.Array && prompt.GetArrayLength() > 0)
        {
            var first = prompt[0];
            if (first.ValueKind == JsonValueKind.Number)
                return ReadTokens(prompt, "prompt");
            if (prompt.GetArrayLength() > 1)
                throw ApiException.BadField("prompt", "must be one prompt; send several as several requests.");
            if (first.ValueKind == JsonValueKind.String)
                return new CompletionInput.Text(JsonFields.TextOf(first, "prompt[0]"));
            if (first.ValueKind == JsonValueKind.Array && first.GetArrayLength() > 0)
                return ReadTokens(first, "prompt[0]");
        }

        throw ApiException.BadField("prompt", "must be a string, an array of one string, or an array of token ids.");
    }

    private static CompletionInput.Tokens ReadTokens(JsonElement array, string path)
    {
        var ids = ImmutableArray.CreateBuilder<int>(array.GetArrayLength());
        foreach (var element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt32(out var id) || id < 0)
                throw ApiException.BadField($"{path}[{ids.Count}]", "must be a token id.");
            ids.Add(id);
        }

        return new(ids.MoveToImmutable());
    }
}
