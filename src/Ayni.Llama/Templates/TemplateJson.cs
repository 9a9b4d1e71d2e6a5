using System.Globalization;
using System.Text.Json;

namespace Ayni.Llama;

/// <summary>JSON in and out of templates: parsed values from outside, and Python's <c>json.dumps(value, ensure_ascii=False)</c>.</summary>
internal static class TemplateJson
{
    /// <summary>A JSON value whose texts and keys come from outside the template.</summary>
    public static TemplateValue Read(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return new TextValue(MarkedText.Outside(element.GetString()!));
            case JsonValueKind.True or JsonValueKind.False:
                return TemplateValue.Boolean(element.GetBoolean());
            case JsonValueKind.Number:
                return element.TryGetInt64(out var whole) ? new IntegerValue(whole) : new FloatValue(element.GetDouble());
            case JsonValueKind.Array:
                return new ListValue([.. element.EnumerateArray().Select(Read)]);
            case JsonValueKind.Object:
                var mapping = new MappingValue();
                foreach (var property in element.EnumerateObject())
                    mapping.Set(MarkedText.Outside(property.Name), Read(property.Value));
                return mapping;
            default:
                return NoneValue.None;
        }
    }

    /// <summary>The value as JSON: on one line, or with some spaces for each level.</summary>
    public static MarkedText Write(TemplateContext context, TemplateValue value, int? indent)
    {
        var builder = new MarkedTextBuilder(context);
        Append(context, builder, value, indent, 0);
        return builder.Build();
    }

    private static void Append(TemplateContext context, MarkedTextBuilder builder, TemplateValue value, int? indent, int depth)
    {
        context.Spend(1);
        if (depth > TemplateLimits.ValueDepth)
            throw context.Error($"the values lie deeper than {TemplateLimits.ValueDepth} levels in each other");
        switch (value)
        {
            case NoneValue:
                builder.Append("null");
                break;
            case BooleanValue boolean:
                builder.Append(boolean.Value ? "true" : "false");
                break;
            case IntegerValue number:
                builder.Append(number.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case FloatValue number:
                builder.Append(double.IsFinite(number.Value) ? PythonText.Of(number.Value)
                    : double.IsNaN(number.Value) ? "NaN" : number.Value > 0 ? "Infinity" : "-Infinity");
                break;
            case TextValue text:
                AppendQuoted(builder, text.Marked);
                break;
            case ListValue list:
                AppendGroup(builder, '[', ']', list.Items, indent, depth, item => Append(context, builder, item, indent, depth + 1));
                break;
            case MappingValue mapping:
                AppendGroup(builder, '{', '}', [.. mapping.Entries], indent, depth, entry =>
                {
                    AppendQuoted(builder, entry.Key);
                    Append(context, builder.Append(": "), entry.Value, indent, depth + 1);
                });
                break;
            default:
                throw context.Error($"{(value is UndefinedValue undefined ? undefined.What : value.TypeName)}; it can't be written as JSON");
        }
    }

    private static void AppendGroup<T>(
        MarkedTextBuilder builder, char open, char close, IReadOnlyList<T> items, int? indent, int depth, Action<T> append)
    {
        builder.Append([open]);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
                builder.Append(indent is null ? ", " : ",");
            AppendLineEnd(depth + 1);
            append(items[i]);
        }
        if (items.Count > 0)
            AppendLineEnd(depth);
        builder.Append([close]);

        void AppendLineEnd(int level)
        {
            if (indent is { } width)
                builder.Append("\n").Append(new string(' ', width * level));
        }
    }

    private static void AppendQuoted(MarkedTextBuilder builder, MarkedText text)
    {
        builder.Append("\"");
        foreach (var (start, end, marked) in text.Runs())
        {
            for (var i = start; i < end; i++)
            {
                var c = text.Text[i];
                var escape = c switch
                {
                    '"' => "\\\"",
                    '\\' => "\\\\",
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    '\b' => "\\b",
                    '\f' => "\\f",
                    < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                    _ => null,
                };
                builder.Append(escape is null ? [c] : escape, marked);
            }
        }
        builder.Append("\"");
    }
}
