using System.Collections.Immutable;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>The fields of one mapping of a document: asked for by name, checked, and none left over.</summary>
internal sealed class DocumentFields(string path, DocumentMapping mapping)
{
    private readonly Dictionary<string, DocumentNode> _fields = mapping.Fields.ToDictionary(
        field => field.Key.Text, field => field.Value, StringComparer.Ordinal);

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>The fields of a text's one document. Throws <see cref="DocumentException"/> where it is none.</summary>
    public static DocumentFields Parse(string path, string text) => new(path, DocumentParser.Parse(path, text));

    /// <summary>The fields of a JSON text that the ledger itself wrote: quicker than <see cref="Parse"/>, and without places.</summary>
    public static DocumentFields ParseStored(string path, string json) => new(path, DocumentJson.Parse(path, json));

    /// <summary>The error at the mapping itself.</summary>
    public DocumentException Error(string problem) => new(path, mapping.Line, mapping.Column, problem);

    /// <summary>The error at a field, or at the mapping where it is not there.</summary>
    public DocumentException Error(string name, string problem) =>
        _fields.TryGetValue(name, out var node) ? new(path, node.Line, node.Column, $"{name}: {problem}") : Error($"{name}: {problem}");

    /// <summary>Whether a field is there.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>Whether a field is there and is a list.</summary>
    public bool HasList(string name) => Find(name) is DocumentSequence;

    /// <summary>A text, or null where the field is not there.</summary>
    public string? FindString(string name)
    {
        if (Find(name) is not { } node)
            return null;
        if (node is not DocumentScalar scalar)
            throw Error(name, "expected a text");
        return (scalar.IsQuoted || !IsNull(scalar.Text)) && !string.IsNullOrWhiteSpace(scalar.Text)
            ? scalar.Text
            : throw Error(name, "the value is missing");
    }

    /// <summary>A text.</summary>
    public string String(string name) => FindString(name) ?? throw Missing(name);

    /// <summary>A name or label as the ledger keeps them, or null where the field is not there.</summary>
    public string? FindName(string name)
    {
        if (FindString(name) is not { } text)
            return null;
        try
        {
            return Text.Demand(text, "name");
        }
        catch (LedgerRefusedException refused)
        {
            throw Error(name, refused.Message);
        }
    }

    /// <summary>
    /// A whole number in a range, with underscores between its digits if they help, or null where the field is not there.
    /// </summary>
    public long? FindInteger(string name, long least, long most)
    {
        if (FindString(name) is not { } text)
            return null;
        if (!long.TryParse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            throw Error(name, $"expected a whole number, found '{Short(text)}'");
        return value >= least && value <= most
            ? value
            : throw Error(name, string.Create(CultureInfo.InvariantCulture, $"{value} is not from {least} to {most}"));
    }

    /// <summary>An exact amount that is not negative, or null where the field is not there.</summary>
    public Amount? FindAmount(string name, Currency currency)
    {
        if (FindString(name) is not { } text)
            return null;
        return Amount.TryParse(text, currency, out var amount) && amount.Sign >= 0
            ? amount
            : throw Error(name, $"expected an amount of {currency} such as 12.50, found '{Short(text)}'");
    }

    /// <summary>
    /// Percent with at most four decimals, such as <c>12.5%</c>, in parts of a million; null where the field is not there.
    /// </summary>
    public int? FindPercent(string name)
    {
        if (FindString(name) is not { } text)
            return null;
        return text.EndsWith('%') && decimal.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent)
            && percent is >= 0 and <= 100 && percent * 10_000 is var parts && parts == decimal.Truncate(parts)
            ? (int)parts
            : throw Error(name, $"expected percent with at most four decimals, such as 12.5%, found '{Short(text)}'");
    }

    /// <summary>A month such as <c>2026-12</c>, or null where the field is not there.</summary>
    public Period? FindPeriod(string name)
    {
        if (FindString(name) is not { } text)
            return null;
        return Period.TryParse(text, out var period) ? period : throw Error(name, $"expected a month such as 2026-12, found '{Short(text)}'");
    }

    /// <summary>An instant, or a day for its first instant in a zone; null where the field is not there.</summary>
    public DateTimeOffset? FindStart(string name, LedgerZone zone)
    {
        if (FindString(name) is not { } text)
            return null;
        return zone.TryParseStart(text, out var instant)
            ? instant
            : throw Error(name, $"expected {CalendarText.Expected}, found '{Short(text)}'");
    }

    /// <summary>True or false.</summary>
    public bool Boolean(string name, bool otherwise) => FindString(name) switch
    {
        null => otherwise,
        "true" => true,
        "false" => false,
        var other => throw Error(name, $"expected true or false, found '{Short(other)}'"),
    };

    /// <summary>One of some words, or null where the field is not there.</summary>
    public T? FindChoice<T>(string name, params IEnumerable<(string Word, T Value)> choices)
        where T : struct
    {
        if (FindString(name) is not { } text)
            return null;
        foreach (var (word, value) in choices)
        {
            if (word == text)
                return value;
        }
        throw Error(name, $"'{Short(text)}' is none of {string.Join(", ", choices.Select(choice => choice.Word))}");
    }

    /// <summary>Fields within a field, or null where it is not there.</summary>
    public DocumentFields? FindFields(string name) => Find(name) switch
    {
        null => null,
        DocumentMapping inner => new DocumentFields(path, inner),
        _ => throw Error(name, "expected fields below it"),
    };

    /// <summary>A list of fields; empty where it is not there.</summary>
    public ImmutableArray<DocumentFields> FindListOfFields(string name) =>
    [
        .. List(name).Select(item => item is DocumentMapping inner
            ? new DocumentFields(path, inner)
            : throw new DocumentException(path, item.Line, item.Column, $"{name}: expected fields, such as '- name: …'")),
    ];

    /// <summary>A list of texts; empty where it is not there.</summary>
    public ImmutableArray<string> FindStrings(string name) =>
    [
        .. List(name).Select(item => item is DocumentScalar { Text.Length: > 0 } scalar
            ? scalar.Text
            : throw new DocumentException(path, item.Line, item.Column, $"{name}: expected a text")),
    ];

    /// <summary>Refuses fields that nobody has asked for.</summary>
    public void RefuseUnknown()
    {
        foreach (var (key, _) in mapping.Fields)
        {
            if (!_known.Contains(key.Text))
            {
                throw new DocumentException(
                    path, key.Line, key.Column,
                    $"unknown field '{Short(key.Text)}'; here there are {string.Join(", ", _known.Order(StringComparer.Ordinal))}");
            }
        }
    }

    /// <summary>The error of a field that must be there.</summary>
    public DocumentException Missing(string name) => Error($"the field '{name}' is missing");

    private ImmutableArray<DocumentNode> List(string name) => Find(name) switch
    {
        null => [],
        DocumentSequence { Items.Length: > 0 } list => list.Items,
        _ => throw Error(name, "expected a list of at least one item"),
    };

    private DocumentNode? Find(string name)
    {
        _known.Add(name);
        return _fields.GetValueOrDefault(name);
    }

    private static bool IsNull(string text) => text is "" or "~" or "null" or "Null" or "NULL";

    /// <summary>As much of a text as a message should repeat.</summary>
    public static string Short(string text) => text.Length > 40 ? text[..40] + "…" : text;
}
