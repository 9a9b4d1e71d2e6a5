using System.Text.Json;

namespace Ayni.Llama;

/// <summary>
/// The fields of one JSON object in a small file such as <c>config.json</c>. A field that is <c>null</c> counts as absent; one of another
/// type than asked for throws <see cref="ModelFormatException"/> naming it.
/// </summary>
internal sealed class JsonFields
{
    /// <summary>The largest file read unless told otherwise. Real configurations have some kilobytes.</summary>
    public const int MaxBytes = 16 << 20;

    private const int MaxDepth = 16;

    private readonly JsonElement _object;
    private readonly string _prefix;

    private JsonFields(string path, JsonElement element, string prefix)
    {
        Path = path;
        _object = element;
        _prefix = prefix;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The names of all fields, in the file's order.</summary>
    public IEnumerable<string> Names => _object.EnumerateObject().Select(property => property.Name);

    /// <summary>Reads a file whose content is one object, in which no name occurs twice.</summary>
    public static JsonFields Read(string path, int maxBytes = MaxBytes)
    {
        var bytes = ReadBounded(path, maxBytes);
        try
        {
            var options = new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false };
            using var document = JsonDocument.Parse(bytes, options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new ModelFormatException(path, 0, "root", $"expected an object, found {document.RootElement.ValueKind}");
            var fields = new JsonFields(path, document.RootElement.Clone(), "");
            ReadNames(document.RootElement);
            return fields;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException(path, -1, "root", "not valid JSON: " + error.Message, error);
        }
    }

    /// <summary>A whole number, or null where the field is absent.</summary>
    public long? FindInteger(string name) => Find(name, JsonValueKind.Number) is not { } value
        ? null
        : value.TryGetInt64(out var number) ? number : throw Error(name, $"{value.GetRawText()} is not a whole number");

    /// <summary>A number, or null where the field is absent.</summary>
    public double? FindNumber(string name) => Find(name, JsonValueKind.Number)?.GetDouble();

    /// <summary>A text, or null where the field is absent.</summary>
    public string? FindString(string name) => Find(name, JsonValueKind.String) is { } value ? Text(name, value) : null;

    /// <summary>A truth value, or null where the field is absent.</summary>
    public bool? FindBoolean(string name) => Value(name)?.ValueKind switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        var kind => throw Error(name, $"expected true or false, found {kind}"),
    };

    /// <summary>The fields of an object, or null where the field is absent.</summary>
    public JsonFields? FindObject(string name) =>
        Find(name, JsonValueKind.Object) is { } value ? new JsonFields(Path, value, $"{_prefix}{name}.") : null;

    /// <summary>The whole numbers of a field that is one or an array of them; empty where it is absent.</summary>
    public IReadOnlyList<long> Integers(string name) => Items(name).Select(item =>
        item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var number) ? number : throw Error(name, "expected whole numbers")).ToArray();

    /// <summary>The texts of a field that is one or an array of them; empty where it is absent.</summary>
    public IReadOnlyList<string> Strings(string name) => Items(name).Select(item =>
        item.ValueKind == JsonValueKind.String ? Text(name, item) : throw Error(name, "expected texts")).ToArray();

    /// <summary>The objects of a field that is an array; empty where it is absent or no array.</summary>
    public IEnumerable<JsonFields> Objects(string name) => Items(name)
        .Where(item => item.ValueKind == JsonValueKind.Object).Select(item => new JsonFields(Path, item, $"{_prefix}{name}."));

    /// <summary>Whether a field is there and is of a kind.</summary>
    public bool Has(string name, JsonValueKind kind) => Value(name)?.ValueKind == kind;

    /// <summary>Whether a field is absent, null, false or 0.</summary>
    public bool IsNothing(string name) => Value(name) switch
    {
        null or { ValueKind: JsonValueKind.False } => true,
        { ValueKind: JsonValueKind.Number } number => number.GetDouble() == 0,
        _ => false,
    };

    /// <summary>A size of a model: a whole number from 1 to a bound far beyond any model.</summary>
    public int Dimension(string name, long? fallback = null)
    {
        var value = FindInteger(name) ?? fallback ?? throw Error(name, "the field is missing");
        return value is > 0 and <= LlamaConfig.MaxDimension
            ? (int)value
            : throw Error(name, $"{value} is not between 1 and {LlamaConfig.MaxDimension}");
    }

    /// <summary>A finite number above zero.</summary>
    public double Positive(string name, double? fallback = null)
    {
        var value = FindNumber(name) ?? fallback ?? throw Error(name, "the field is missing");
        return double.IsFinite(value) && value > 0 ? value : throw Error(name, $"{value} is not a positive number");
    }

    /// <summary>Numbers, texts and truth values as pairs, those of inner objects under names joined by dots.</summary>
    public IEnumerable<(string Key, object Value, long Offset)> Scalars()
    {
        foreach (var property in _object.EnumerateObject())
        {
            var (name, value) = (property.Name, property.Value);
            switch (value.ValueKind)
            {
                case JsonValueKind.Object:
                    foreach (var inner in new JsonFields(Path, value, $"{_prefix}{name}.").Scalars())
                        yield return inner;
                    break;
                case JsonValueKind.String:
                    yield return ($"{_prefix}{name}", Text(name, value), -1);
                    break;
                case JsonValueKind.True or JsonValueKind.False:
                    yield return ($"{_prefix}{name}", value.GetBoolean(), -1);
                    break;
                case JsonValueKind.Number:
                    yield return ($"{_prefix}{name}", value.TryGetInt64(out var number) ? (object)number : value.GetDouble(), -1);
                    break;
            }
        }
    }

    /// <summary>The error for a field that must be there and isn't, or whose value is impossible.</summary>
    public ModelFormatException Error(string name, string problem) => new(Path, -1, _prefix + name, problem);

    private static byte[] ReadBounded(string path, int maxBytes)
    {
        using var file = File.OpenRead(path);
        if (file.Length > maxBytes)
            throw new ModelFormatException(path, -1, "length", $"{file.Length} bytes are more than the {maxBytes} that Ayni allows here");
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Brings to light names that are not Unicode text, at any depth.</summary>
    private static void ReadNames(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
                ReadNames(item);
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in element.EnumerateObject())
            {
                _ = property.Name;
                ReadNames(property.Value);
            }
        }
    }

    private JsonElement? Value(string name) =>
        _object.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private JsonElement? Find(string name, JsonValueKind kind) => Value(name) is not { } value
        ? null
        : value.ValueKind == kind ? value : throw Error(name, $"expected {kind}, found {value.ValueKind}");

    private IEnumerable<JsonElement> Items(string name) => Value(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } array => array.EnumerateArray(),
        { } single => [single],
    };

    private string Text(string name, JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw new ModelFormatException(Path, -1, _prefix + name, "the text is not valid Unicode", error);
        }
    }
}
