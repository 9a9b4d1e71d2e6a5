using System.Globalization;

namespace Ayni.Llama;

/// <summary>Values as Python writes them: <c>str</c>, and <c>repr</c> inside lists and dictionaries.</summary>
internal static class PythonText
{
    /// <summary><c>str(value)</c>; nothing for what is undefined.</summary>
    public static MarkedText Of(TemplateContext context, TemplateValue value)
    {
        switch (value)
        {
            case TextValue text:
                return text.Marked;
            case UndefinedValue:
                return MarkedText.Empty;
            default:
                var builder = new MarkedTextBuilder(context);
                AppendRepresentation(context, builder, value, 0);
                return builder.Build();
        }
    }

    /// <summary>A floating-point number as Python writes it: the shortest digits that read back the same.</summary>
    public static string Of(double value)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        var text = value.ToString("E16", CultureInfo.InvariantCulture);
        var exponent = int.Parse(
            text.AsSpan(text.IndexOf('E', StringComparison.Ordinal) + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        if (value != 0 && exponent is < -4 or >= 16)
        {
            var digits = shortest.AsSpan(shortest[0] == '-' ? 1 : 0);
            var mark = digits.IndexOf('E');
            var significant = (mark < 0 ? digits : digits[..mark]).ToString().Replace(".", "", StringComparison.Ordinal).Trim('0');
            var fraction = significant.Length > 1 ? "." + significant[1..] : "";
            return string.Create(CultureInfo.InvariantCulture,
                $"{(value < 0 ? "-" : "")}{significant[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }
        if (shortest.Contains('E', StringComparison.Ordinal))
            shortest = decimal.Parse(shortest, NumberStyles.Float, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
        return shortest.Contains('.', StringComparison.Ordinal) ? shortest : shortest + ".0";
    }

    private static void AppendRepresentation(TemplateContext context, MarkedTextBuilder builder, TemplateValue value, int depth)
    {
        context.Spend(1);
        if (depth > TemplateLimits.ValueDepth)
            throw context.Error($"the values lie deeper than {TemplateLimits.ValueDepth} levels in each other");
        switch (value)
        {
            case NoneValue:
                builder.Append("None");
                break;
            case BooleanValue boolean:
                builder.Append(boolean.Value ? "True" : "False");
                break;
            case IntegerValue number:
                builder.Append(number.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case FloatValue number:
                builder.Append(Of(number.Value));
                break;
            case TextValue text:
                AppendQuoted(builder, text.Marked);
                break;
            case ListValue list:
                builder.Append(list.IsTuple ? "(" : "[");
                for (var i = 0; i < list.Items.Count; i++)
                    AppendRepresentation(context, builder.Append(i > 0 ? ", " : ""), list.Items[i], depth + 1);
                builder.Append(list.IsTuple ? list.Items.Count == 1 ? ",)" : ")" : "]");
                break;
            case MappingValue mapping:
                builder.Append("{");
                var first = true;
                foreach (var (key, entry) in mapping.Entries)
                {
                    AppendQuoted(builder.Append(first ? "" : ", "), key);
                    AppendRepresentation(context, builder.Append(": "), entry, depth + 1);
                    first = false;
                }
                builder.Append("}");
                break;
            case UndefinedValue:
                builder.Append("Undefined");
                break;
            default:
                throw context.Error($"{value.TypeName} can't be written as text");
        }
    }

    private static void AppendQuoted(MarkedTextBuilder builder, MarkedText text)
    {
        var quote = text.Text.Contains('\'', StringComparison.Ordinal) && !text.Text.Contains('"', StringComparison.Ordinal) ? "\"" : "'";
        builder.Append(quote);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text.Text[i];
            var marked = text.IsMarked(i);
            if (c is '\\' || c == quote[0])
                builder.Append(['\\', c], marked);
            else if (c is '\n' or '\r' or '\t')
                builder.Append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t", marked);
            else if (char.IsControl(c))
                builder.Append(string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"), marked);
            else
                builder.Append([c], marked);
        }
        builder.Append(quote);
    }
}
