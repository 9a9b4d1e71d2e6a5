using System.Globalization;
using System.Text.Json;

namespace Ayni.Host;

/// <summary>
/// One JSON object of a request, read field by field; every complaint names the field's path. JSON null counts as absent, as OpenAI's
/// clients expect.
/// </summary>
internal sealed class JsonFields
{
    private readonly Dictionary<string, JsonElement> _fields = new(StringComparer.Ordinal);
    private readonly string _prefix;

    /// <summary>Takes an object apart. Throws <see cref="ApiException"/> for anything else, and for a field that occurs twice.</summary>
    /// <param name="element">The object.</param>
    /// <param name="path">Where it stands, or null for the body itself.</param>
    public JsonFields(JsonElement element, string? path)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw ApiException.BadField(path, path is null ? "The body must be a JSON object." : "must be an object.");
        _prefix = path is null ? "" : path + ".";
        foreach (var property in element.EnumerateObject())
        {
            var name = NameOf(property, path);
            if (!_fields.TryAdd(name, property.Value))
                throw ApiException.BadField(PathOf(Limit(name)), "occurs twice.");
        }
    }

    /// <summary>The path of a field of this object.</summary>
    public string PathOf(string name) => _prefix + name;

    /// <summary>The names of all fields, shortened where they are long.</summary>
    public IEnumerable<string> Names => _fields.Keys.Select(Limit);

    /// <summary>A field of any type; null where it is absent or null.</summary>
    public JsonElement? Find(string name) =>
        _fields.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A text without control characters; null where the field is absent.</summary>
    public string? FindText(string name, int maxLength = int.MaxValue) =>
        Find(name) is { } value ? TextOf(value, PathOf(name), maxLength) : null;

    /// <summary>True or false; null where the field is absent.</summary>
    public bool? FindBoolean(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw ApiException.BadField(PathOf(name), "must be true or false."),
    };

    /// <summary>A whole number within bounds; null where the field is absent.</summary>
    public long? FindInteger(string name, long least, long most)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number) || number < least || number > most)
            throw ApiException.BadField(PathOf(name), $"must be a whole number from {Show(least)} to {Show(most)}.");
        return number;
    }

    /// <summary>A number within bounds; null where the field is absent.</summary>
    /// <param name="name">The field.</param>
    /// <param name="least">The smallest value; itself allowed unless <paramref name="open"/>.</param>
    /// <param name="most">The largest value, itself allowed.</param>
    /// <param name="open">Whether the value must be above <paramref name="least"/>.</param>
    public double? FindNumber(string name, double least, double most, bool open = false)
    {
        if (Find(name) is not { } value)
            return null;
        // The comparison is written so that a NaN, were it ever parsed, would be refused.
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            && number <= most && (open ? number > least : number >= least))
            return number;
        throw ApiException.BadField(PathOf(name), string.Create(
            CultureInfo.InvariantCulture, $"must be a number {(open ? "above" : "from")} {least} {(open ? "and up to" : "to")} {most}."));
    }

    /// <summary>
    /// The text of a JSON string. Refuses lone surrogates, which are no text, and control characters other than tab, line feed, form feed
    /// and carriage return, which no prompt needs and logs and terminals suffer from.
    /// </summary>
    public static string TextOf(JsonElement value, string path, int maxLength = int.MaxValue)
    {
        if (value.ValueKind != JsonValueKind.String)
            throw ApiException.BadField(path, "must be a string.");
        string text;
        try
        {
            text = value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ApiException.BadField(path, "holds a lone surrogate, which is not a character.");
        }

        if (text.Length > maxLength)
            throw ApiException.BadField(path, $"is longer than {Show(maxLength)} characters.");
        var control = text.AsSpan().IndexOfAny(ControlCharacters);
        if (control >= 0)
            throw ApiException.BadField(path, $"holds the control character U+{(int)text[control]:X4} at position {Show(control)}.");
        return text;
    }

    private static readonly System.Buffers.SearchValues<char> ControlCharacters = System.Buffers.SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Append(0x7f).Select(code => (char)code).Except(['\t', '\n', '\f', '\r'])]);

    private static string NameOf(JsonProperty property, string? path)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw ApiException.BadField(path, "A field's name holds a lone surrogate, which is not a character.");
        }
    }

    private static string Show(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Limit(string name) => name.Length > 64 ? name[..64] + "…" : name;
}
