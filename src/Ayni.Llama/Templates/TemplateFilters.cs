using System.Collections.Frozen;
using System.Globalization;

namespace Ayni.Llama;

/// <summary>The filters a template can send a value through with <c>|</c>: Jinja2's, and <c>tojson</c> as chat templates know it.</summary>
internal static class TemplateFilters
{
    private static readonly FrozenDictionary<string, Func<TemplateContext, TemplateValue, TemplateArguments, TemplateValue>> Filters =
        new Dictionary<string, Func<TemplateContext, TemplateValue, TemplateArguments, TemplateValue>>
        {
            ["trim"] = (context, value, arguments) => TextMethods.Strip(
                context, Text(context, value), arguments.Bind(context, "trim", "chars")[0], start: true, end: true),
            ["upper"] = (context, value, _) => TextMethods.WithCase(context, Text(context, value), "upper"),
            ["lower"] = (context, value, _) => TextMethods.WithCase(context, Text(context, value), "lower"),
            ["capitalize"] = (context, value, _) => TextMethods.WithCase(context, Text(context, value), "capitalize"),
            ["title"] = (context, value, _) => TextMethods.WithCase(context, Text(context, value), "words"),
            ["replace"] = (context, value, arguments) => TextMethods.Replace(
                context, Text(context, value), arguments.Bind(context, "replace", "old", "new", "count")),
            ["indent"] = Indent,
            ["string"] = (context, value, _) => Text(context, value),
            ["safe"] = (context, value, _) => Text(context, value),
            ["join"] = Join,
            ["tojson"] = ToJson,
            ["length"] = Length,
            ["count"] = Length,
            ["default"] = Default,
            ["d"] = Default,
            ["int"] = ToInteger,
            ["float"] = ToFloat,
            ["abs"] = (context, value, _) => TemplateOperators.Number(value) is >= 0
                ? value
                : TemplateOperators.Arithmetic(context, "-", new IntegerValue(0), value),
            ["first"] = (context, value, _) => TemplateOperators.Items(context, value) is [var first, ..]
                ? first
                : new UndefinedValue("there is no first element"),
            ["last"] = (context, value, _) => TemplateOperators.Items(context, value) is [.., var last]
                ? last
                : new UndefinedValue("there is no last element"),
            ["list"] = (context, value, _) => new ListValue(TemplateOperators.Items(context, value)),
            ["reverse"] = (context, value, _) => TemplateOperators.Slice(
                context, value is TextValue ? value : new ListValue(TemplateOperators.Items(context, value)), null, null, -1),
            ["items"] = (context, value, _) => value switch
            {
                MappingValue mapping => MappingMethods.Items(context, mapping),
                UndefinedValue => new ListValue([]),
                _ => throw context.Error($"{value.TypeName} has no items"),
            },
            ["dictsort"] = SequenceFilters.DictSort,
            ["sort"] = SequenceFilters.Sort,
            ["unique"] = SequenceFilters.Unique,
            ["map"] = SequenceFilters.Map,
            ["select"] = (context, value, arguments) => SequenceFilters.Select(context, value, arguments, byAttribute: false, keeps: true),
            ["reject"] = (context, value, arguments) => SequenceFilters.Select(context, value, arguments, byAttribute: false, keeps: false),
            ["selectattr"] = (context, value, arguments) => SequenceFilters.Select(context, value, arguments, byAttribute: true, keeps: true),
            ["rejectattr"] = (context, value, arguments) => SequenceFilters.Select(context, value, arguments, byAttribute: true, keeps: false),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The filter of a name, or null.</summary>
    public static Func<TemplateContext, TemplateValue, TemplateArguments, TemplateValue>? Find(string name) =>
        Filters.GetValueOrDefault(name);

    private static TextValue Text(TemplateContext context, TemplateValue value) =>
        value as TextValue ?? new TextValue(PythonText.Of(context, value));

    private static IntegerValue Length(TemplateContext context, TemplateValue value, TemplateArguments arguments) => new(value switch
    {
        TextValue text => new TextCharacters(context, text.Marked).Count,
        ListValue list => list.Items.Count,
        MappingValue mapping => mapping.Count,
        UndefinedValue => 0,
        _ => throw context.Error($"{value.TypeName} has no length"),
    });

    private static TemplateValue Default(TemplateContext context, TemplateValue value, TemplateArguments arguments)
    {
        var given = arguments.Bind(context, "default", "default_value", "boolean");
        var usesDefault = value is UndefinedValue || (given[1] is { IsTrue: true } && !value.IsTrue);
        return usesDefault ? given[0] ?? TemplateValue.Text("") : value;
    }

    private static TextValue Join(TemplateContext context, TemplateValue value, TemplateArguments arguments)
    {
        var given = arguments.Bind(context, "join", "d", "attribute");
        var items = given[1] is null ? value : SequenceFilters.Map(context, value, new TemplateArguments(
            [], new Dictionary<string, TemplateValue> { ["attribute"] = given[1]! }));
        var separator = given[0] is null ? MarkedText.Empty : PythonText.Of(context, given[0]!);
        return TextMethods.Join(context, items, separator, strict: false);
    }

    private static TextValue ToJson(TemplateContext context, TemplateValue value, TemplateArguments arguments)
    {
        var given = arguments.Bind(context, "tojson", "indent", "ensure_ascii", "separators", "sort_keys");
        if (given[1] is { IsTrue: true } || given[2] is not null and not NoneValue || given[3] is { IsTrue: true })
            throw context.Error("tojson takes an indent only");
        int? indent = given[0] switch
        {
            null or NoneValue => null,
            IntegerValue { Value: >= 0 and <= 16 } width => (int)width.Value,
            _ => throw context.Error("the indent of tojson is a number of spaces up to 16"),
        };
        return new TextValue(TemplateJson.Write(context, value, indent));
    }

    /// <summary>Puts spaces, or a text, before every line but the first; before empty ones only with <c>blank</c>.</summary>
    private static TextValue Indent(TemplateContext context, TemplateValue value, TemplateArguments arguments)
    {
        var given = arguments.Bind(context, "indent", "width", "first", "blank");
        var width = given[0] switch
        {
            null => new MarkedText("    "),
            TextValue own => own.Marked,
            IntegerValue { Value: >= 0 and <= 256 } number => new MarkedText(new string(' ', (int)number.Value)),
            _ => throw context.Error("the width of indent is a text or a number of spaces up to 256"),
        };
        var text = Text(context, value).Marked;
        var builder = new MarkedTextBuilder(context);
        for (var start = 0; start <= text.Length;)
        {
            var length = text.Text.AsSpan(start).IndexOf('\n');
            var end = length < 0 ? text.Length : start + length + 1;
            var isEmpty = length == 0 || start == text.Length;
            if (start == 0 ? given[1] is { IsTrue: true } : !isEmpty || given[2] is { IsTrue: true })
                builder.Append(width);
            builder.Append(text, start, end);
            start = length < 0 ? text.Length + 1 : end;
        }
        return new TextValue(builder.Build());
    }

    private static TemplateValue ToInteger(TemplateContext context, TemplateValue value, TemplateArguments arguments)
    {
        var otherwise = arguments.Bind(context, "int", "default")[0] ?? new IntegerValue(0);
        return value switch
        {
            IntegerValue => value,
            BooleanValue => new IntegerValue(TemplateOperators.Whole(value)!.Value),
            FloatValue { Value: > long.MinValue and < long.MaxValue } number => new IntegerValue((long)number.Value),
            TextValue text when long.TryParse(text.Value.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) =>
                new IntegerValue(whole),
            TextValue text when TryParse(text.Value, out var number) && Math.Abs(number) < long.MaxValue => new IntegerValue((long)number),
            _ => otherwise,
        };
    }

    private static TemplateValue ToFloat(TemplateContext context, TemplateValue value, TemplateArguments arguments)
    {
        var otherwise = arguments.Bind(context, "float", "default")[0] ?? new FloatValue(0);
        if (TemplateOperators.Number(value) is { } known)
            return new FloatValue(known);
        return value is TextValue text && TryParse(text.Value, out var number) ? new FloatValue(number) : otherwise;
    }

    private static bool TryParse(string text, out double number) =>
        double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out number);
}
