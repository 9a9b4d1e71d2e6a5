using System.Collections.Immutable;
using System.Globalization;

namespace Ayni.Training;

/// <summary>The fields of one mapping of a recipe: asked for by name, checked, and none left over.</summary>
internal sealed class RecipeFields(string path, RecipeMapping mapping)
{
    private readonly Dictionary<string, RecipeNode> _fields = mapping.Fields.ToDictionary(
        field => field.Key.Text, field => field.Value, StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>The error at the mapping itself.</summary>
    public RecipeException Error(string problem) => new(path, mapping.Line, mapping.Column, problem);

    /// <summary>The error at a field, or at the mapping where it is not there.</summary>
    public RecipeException Error(string name, string problem) =>
        _fields.TryGetValue(name, out var node) ? new(path, node.Line, node.Column, $"{name}: {problem}") : Error($"{name}: {problem}");

    /// <summary>Whether a field is there.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>A text, or null where the field is not there.</summary>
    public string? FindString(string name)
    {
        if (Find(name) is not { } node)
            return null;
        if (node is not RecipeScalar scalar)
            throw Error(name, "expected a text");
        return (scalar.IsQuoted || !IsNull(scalar.Text)) && !string.IsNullOrWhiteSpace(scalar.Text)
            ? scalar.Text
            : throw Error(name, "the value is missing");
    }

    /// <summary>A text.</summary>
    public string String(string name) => FindString(name) ?? throw Missing(name);

    /// <summary>A whole number in a range, or null where the field is not there.</summary>
    public long? FindInteger(string name, long least, long most)
    {
        if (FindString(name) is not { } text)
            return null;
        var digits = text.Replace("_", "", StringComparison.Ordinal);
        if (!long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            throw Error(name, $"expected a whole number, found '{Short(text)}'");
        return value >= least && value <= most
            ? value
            : throw Error(name, string.Create(CultureInfo.InvariantCulture, $"{value} is not from {least} to {most}"));
    }

    /// <summary>A whole number in a range.</summary>
    public int Integer(string name, int least, int most, int? otherwise = null) =>
        (int?)FindInteger(name, least, most) ?? otherwise ?? throw Missing(name);

    /// <summary>A number in a range.</summary>
    public double Number(string name, double least, double most, double? otherwise = null)
    {
        if (FindString(name) is not { } text)
            return otherwise ?? throw Missing(name);
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            throw Error(name, $"expected a number, found '{Short(text)}'");
        return value >= least && value <= most
            ? value
            : throw Error(name, string.Create(CultureInfo.InvariantCulture, $"{value} is not from {least} to {most}"));
    }

    /// <summary>A number in a range that money is divided by: of at most six decimal places, so that it is exact.</summary>
    public double Millionths(string name, double least, double most, double otherwise)
    {
        var value = Number(name, least, most, otherwise);
        return Math.Round(value, 6) == value
            ? value
            : throw Error(name, string.Create(CultureInfo.InvariantCulture, $"{value} has more than six decimal places"));
    }

    /// <summary>True or false.</summary>
    public bool Boolean(string name, bool otherwise) => FindString(name) switch
    {
        null => otherwise,
        "true" => true,
        "false" => false,
        var other => throw Error(name, $"expected true or false, found '{Short(other)}'"),
    };

    /// <summary>One of some words.</summary>
    public T Choice<T>(string name, T otherwise, params IEnumerable<(string Word, T Value)> choices)
    {
        if (FindString(name) is not { } text)
            return otherwise;
        foreach (var (word, value) in choices)
        {
            if (word == text)
                return value;
        }
        throw Error(name, $"'{Short(text)}' is none of {string.Join(", ", choices.Select(choice => choice.Word))}");
    }

    /// <summary>Fields within a field, or null where it is not there.</summary>
    public RecipeFields? FindFields(string name) => Find(name) switch
    {
        null => null,
        RecipeMapping inner => new RecipeFields(path, inner),
        _ => throw Error(name, "expected fields below it"),
    };

    /// <summary>Fields within a field.</summary>
    public RecipeFields Fields(string name) => FindFields(name) ?? throw Missing(name);

    /// <summary>A list of fields.</summary>
    public ImmutableArray<RecipeFields> ListOfFields(string name) =>
    [
        .. List(name).Select(item => item is RecipeMapping inner
            ? new RecipeFields(path, inner)
            : throw new RecipeException(path, item.Line, item.Column, $"{name}: expected fields, such as '- name: …'")),
    ];

    /// <summary>A list of texts.</summary>
    public ImmutableArray<string> Strings(string name) =>
    [
        .. List(name).Select(item => item is RecipeScalar { Text.Length: > 0 } scalar
            ? scalar.Text
            : throw new RecipeException(path, item.Line, item.Column, $"{name}: expected a text")),
    ];

    /// <summary>Refuses fields that nobody has asked for.</summary>
    public void RefuseUnknown()
    {
        foreach (var (key, _) in mapping.Fields)
        {
            if (!_known.Contains(key.Text))
            {
                throw new RecipeException(
                    path, key.Line, key.Column,
                    $"unknown field '{Short(key.Text)}'; here there are {string.Join(", ", _known.Order(StringComparer.Ordinal))}");
            }
        }
    }

    private ImmutableArray<RecipeNode> List(string name) => Find(name) switch
    {
        null => throw Missing(name),
        RecipeSequence { Items.Length: > 0 } list => list.Items,
        _ => throw Error(name, "expected a list of at least one item"),
    };

    private RecipeNode? Find(string name)
    {
        _known.Add(name);
        return _fields.GetValueOrDefault(name);
    }

    private RecipeException Missing(string name) => Error($"the field '{name}' is missing");

    private static bool IsNull(string text) => text is "" or "~" or "null" or "Null" or "NULL";

    private static string Short(string text) => text.Length > 40 ? text[..40] + "…" : text;
}
