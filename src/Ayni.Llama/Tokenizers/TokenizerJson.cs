using System.Text.Json;

namespace Ayni.Llama;

/// <summary>One object, list or value of a tokenizer's JSON, knowing its name for errors.</summary>
internal sealed class TokenizerJson(string path, string name, JsonElement element)
{
    /// <summary>How deep the file may nest; real ones go down 7 levels.</summary>
    private const int MaxDepth = 32;

    public JsonElement Element { get; } = element;

    /// <summary>The file as JSON. Throws <see cref="ModelFormatException"/> where it is broken or names a property twice.</summary>
    public static JsonDocument Parse(string path, byte[] content)
    {
        try
        {
            var skipped = content.Length - SkipByteOrderMark(content).Length;
            return JsonDocument.Parse(
                content.AsMemory(skipped), new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException(path, -1, "JSON", e.Message, e);
        }
    }

    /// <summary>The content after the three bytes some editors put first.</summary>
    public static ReadOnlySpan<byte> SkipByteOrderMark(ReadOnlySpan<byte> content) =>
        content is [0xEF, 0xBB, 0xBF, ..] ? content[3..] : content;

    /// <summary>The error for a property.</summary>
    public ModelFormatException Error(string property, string problem, Exception? inner = null) =>
        new(path, -1, NameOf(property), problem, inner);

    /// <summary>A property that is there and not null; else null.</summary>
    public TokenizerJson? Find(string property)
    {
        if (Element.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException(path, -1, name, $"expected an object, found {Element.ValueKind}");
        return Element.TryGetProperty(property, out var value) && value.ValueKind != JsonValueKind.Null
            ? new TokenizerJson(path, NameOf(property), value)
            : null;
    }

    /// <summary>A property that must be there.</summary>
    public TokenizerJson Require(string property) => Find(property) ?? throw Error(property, "it is missing");

    /// <summary>A text property, or null.</summary>
    public string? FindText(string property) => Find(property)?.Text();

    /// <summary>A true or false property, or null.</summary>
    public bool? FindBoolean(string property) => Find(property) switch
    {
        null => null,
        { Element.ValueKind: JsonValueKind.True } => true,
        { Element.ValueKind: JsonValueKind.False } => false,
        _ => throw Error(property, "expected true or false"),
    };

    /// <summary>The elements of a list.</summary>
    public IEnumerable<TokenizerJson> Items()
    {
        if (Element.ValueKind != JsonValueKind.Array)
            throw new ModelFormatException(path, -1, name, $"expected a list, found {Element.ValueKind}");
        return Element.EnumerateArray().Select((item, i) => new TokenizerJson(path, $"{name}[{i}]", item));
    }

    /// <summary>The value as a text.</summary>
    public string Text()
    {
        if (Element.ValueKind != JsonValueKind.String)
            throw new ModelFormatException(path, -1, name, $"expected a text, found {Element.ValueKind}");
        try
        {
            return Element.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new ModelFormatException(path, -1, name, "the text holds half a surrogate pair", e);
        }
    }

    /// <summary>The value as an id below the largest count of tokens.</summary>
    public int Id() => Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out var id) && id is >= 0 and < TokenizerFile.MaxTokens
        ? id
        : throw new ModelFormatException(path, -1, name, $"expected an id from 0 to {TokenizerFile.MaxTokens - 1}");

    private string NameOf(string property) => name.Length == 0 ? property : $"{name}.{property}";
}
