using System.Collections.Immutable;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>The fields of one mapping of a plan: asked for by name, checked, and none left over.</summary>
internal sealed class PlanFields(PlanMapping mapping)
{
    private readonly Dictionary<string, PlanNode> _fields = mapping.Fields.ToDictionary(
        field => field.Key.Text, field => field.Value, StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>The error at a field, or at the mapping where it is not there.</summary>
    public PlanException Error(string name, string problem) =>
        _fields.TryGetValue(name, out var node) ? node.Error($"{name}: {problem}") : mapping.Error($"{name}: {problem}");

    public bool Has(string name)
    {
        _known.Add(name);
        return _fields.ContainsKey(name);
    }

    /// <summary>A text, or null where the field is not there.</summary>
    public string? FindText(string name)
    {
        if (!Has(name))
            return null;
        if (_fields[name] is not PlanScalar scalar)
            throw Error(name, "expected one value");
        return !string.IsNullOrWhiteSpace(scalar.Text) ? scalar.Text : throw Error(name, "the value is missing");
    }

    /// <summary>A text.</summary>
    public string Text(string name) => FindText(name) ?? throw Missing(name);

    /// <summary>A name as the ledger keeps names, or null where the field is not there.</summary>
    public string? FindName(string name) => FindText(name) is { } text ? Checked(text, problem => Error(name, problem)) : null;

    /// <summary>A whole number in a range, or null where the field is not there.</summary>
    public long? FindInteger(string name, long least, long most)
    {
        if (FindText(name) is not { } text)
            return null;
        var digits = text.Replace("_", "", StringComparison.Ordinal);
        if (!long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            throw Error(name, $"expected a whole number, found '{Short(text)}'");
        return value >= least && value <= most
            ? value
            : throw Error(name, string.Create(CultureInfo.InvariantCulture, $"{value} is not from {least} to {most}"));
    }

    /// <summary>An amount from zero to the largest, or null where the field is not there.</summary>
    public Amount? FindAmount(string name, Currency currency)
    {
        if (FindText(name) is not { } text)
            return null;
        if (!Amount.TryParse(text, currency, out var amount))
            throw Error(name, $"'{Short(text)}' is no amount; write digits with at most {Amount.Decimals} decimals, such as 0.25");
        return PriceList.IsAcceptable(amount) ? amount : throw Error(name, $"{amount} lies outside 0 to {PricePlan.Largest} {currency}");
    }


    /// <summary>One of some words.</summary>
    public T Choice<T>(string name, params IEnumerable<(string Word, T Value)> choices)
    {
        var text = Text(name);
        foreach (var (word, value) in choices)
        {
            if (word == text)
                return value;
        }
        throw Error(name, $"'{Short(text)}' is none of {string.Join(", ", choices.Select(choice => choice.Word))}");
    }

    /// <summary>Fields within a field, or null where it is not there.</summary>
    public PlanFields? FindFields(string name) => !Has(name) ? null
        : _fields[name] is PlanMapping inner ? new(inner) : throw Error(name, "expected fields below it");

    /// <summary>A list of fields; empty where it is not there.</summary>
    public ImmutableArray<PlanFields> ListOfFields(string name) =>
    [
        .. List(name).Select(item => item is PlanMapping inner ? new PlanFields(inner) : throw item.Error($"{name}: expected fields, such as '- name: …'")),
    ];

    /// <summary>A list of names, each once; empty where it is not there.</summary>
    public ImmutableArray<string> Names(string name)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        return [.. List(name).Select(item =>
        {
            if (item is not PlanScalar scalar)
                throw item.Error($"{name}: expected a name");
            var text = Checked(scalar.Text, item.Error);
            return names.Add(text) ? text : throw item.Error($"'{text}' occurs twice");
        })];
    }

    /// <summary>Refuses fields that nobody has asked for.</summary>
    public void RefuseUnknown()
    {
        foreach (var (key, _) in mapping.Fields)
        {
            if (!_known.Contains(key.Text))
                throw key.Error($"unknown field '{Short(key.Text)}'; here there are {string.Join(", ", _known.Order(StringComparer.Ordinal))}");
        }
    }

    public PlanException Missing(string name) => mapping.Error($"the field '{name}' is missing");

    /// <summary>As much of a text as a message should repeat.</summary>
    public static string Short(string text) => text.Length > 40 ? text[..40] + "…" : text;

    private static string Checked(string text, Func<string, PlanException> error)
    {
        try
        {
            return Ledger.Text.Demand(text, "name");
        }
        catch (LedgerRefusedException refusal)
        {
            throw error(refusal.Message);
        }
    }

    private ImmutableArray<PlanNode> List(string name) => !Has(name) ? []
        : _fields[name] is PlanSequence { Items.Length: > 0 } list ? list.Items : throw Error(name, "expected a list of at least one item");
}
