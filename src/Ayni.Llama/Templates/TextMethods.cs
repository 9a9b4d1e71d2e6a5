using System.Buffers;

namespace Ayni.Llama;

/// <summary>The methods of texts, and what filters share with them. Marks stay with their characters.</summary>
internal static class TextMethods
{
    /// <summary>What Python's <c>str.isspace</c> takes for white space beside Unicode's.</summary>
    private static readonly SearchValues<char> Separators = SearchValues.Create("\x1C\x1D\x1E\x1F");

    /// <summary>A method bound to its text, or null where there is none of this name.</summary>
    public static FunctionValue? Find(TextValue text, string name)
    {
        Func<TemplateContext, TemplateArguments, TemplateValue>? call = name switch
        {
            "strip" => (context, arguments) => Strip(context, text, arguments.Bind(context, name, "chars")[0], start: true, end: true),
            "lstrip" => (context, arguments) => Strip(context, text, arguments.Bind(context, name, "chars")[0], start: true, end: false),
            "rstrip" => (context, arguments) => Strip(context, text, arguments.Bind(context, name, "chars")[0], start: false, end: true),
            "split" => (context, arguments) =>
                Split(context, text.Marked, arguments.Bind(context, name, "sep", "maxsplit"), fromEnd: false),
            "rsplit" => (context, arguments) =>
                Split(context, text.Marked, arguments.Bind(context, name, "sep", "maxsplit"), fromEnd: true),
            "splitlines" => (context, arguments) => SplitLines(context, text.Marked, arguments.Bind(context, name)),
            "startswith" => (context, arguments) => AnyAffix(context, arguments.Bind(context, name, "prefix")[0],
                affix => text.Value.StartsWith(affix, StringComparison.Ordinal)),
            "endswith" => (context, arguments) => AnyAffix(context, arguments.Bind(context, name, "suffix")[0],
                affix => text.Value.EndsWith(affix, StringComparison.Ordinal)),
            "removeprefix" => (context, arguments) => RequireText(context, arguments.Bind(context, name, "prefix")[0]) is var prefix
                && text.Value.StartsWith(prefix.Value, StringComparison.Ordinal)
                    ? new TextValue(text.Marked.Slice(prefix.Value.Length, text.Value.Length)) : text,
            "removesuffix" => (context, arguments) => RequireText(context, arguments.Bind(context, name, "suffix")[0]) is var suffix
                && text.Value.EndsWith(suffix.Value, StringComparison.Ordinal)
                    ? new TextValue(text.Marked.Slice(0, text.Value.Length - suffix.Value.Length)) : text,
            "upper" or "lower" or "title" or "capitalize" => (context, arguments) =>
            {
                arguments.Bind(context, name);
                return WithCase(context, text, name);
            }
            ,
            "replace" => (context, arguments) => Replace(context, text, arguments.Bind(context, name, "old", "new", "count")),
            "find" => (context, arguments) => new IntegerValue(IndexOf(context, text, arguments.Bind(context, name, "sub")[0])),
            "count" => (context, arguments) => new IntegerValue(
                Count(context, text.Value, RequireText(context, arguments.Bind(context, name, "sub")[0]).Value)),
            "join" => (context, arguments) =>
                Join(context, arguments.Bind(context, name, "iterable")[0] ?? ListValueOfNothing, text.Marked, strict: true),
            "isdigit" => (context, arguments) => Every(context, text, arguments, char.IsDigit),
            "isalpha" => (context, arguments) => Every(context, text, arguments, char.IsLetter),
            "isspace" => (context, arguments) => Every(context, text, arguments, IsSpace),
            _ => null,
        };
        return call is null ? null : new FunctionValue(name, call);
    }

    private static ListValue ListValueOfNothing { get; } = new([]);

    /// <summary><c>str.strip</c> and its one-sided forms; without characters, white space goes.</summary>
    public static TextValue Strip(TemplateContext context, TextValue text, TemplateValue? characters, bool start, bool end)
    {
        var set = characters is null or NoneValue ? null : RequireText(context, characters).Value;
        context.Spend((text.Value.Length / 16) + ((set?.Length ?? 0) * 2L));
        var chosen = set is null ? null : SearchValues.Create(set);
        var (from, to) = (0, text.Value.Length);
        while (start && from < to && Goes(text.Value[from]))
            from++;
        while (end && from < to && Goes(text.Value[to - 1]))
            to--;
        return new TextValue(text.Marked.Slice(from, to));

        bool Goes(char c) => chosen is null ? IsSpace(c) : chosen.Contains(c);
    }

    /// <summary><c>str.replace</c>.</summary>
    public static TextValue Replace(TemplateContext context, TextValue text, ReadOnlySpan<TemplateValue?> arguments)
    {
        var old = RequireText(context, arguments[0]).Value;
        var replacement = RequireText(context, arguments[1]).Marked;
        var left = arguments[2] is null or NoneValue
            ? -1
            : TemplateOperators.Whole(arguments[2]!) ?? throw context.Error("the count is not a whole number");
        var builder = new MarkedTextBuilder(context);
        var from = 0;
        for (var at = 0; left != 0; left--)
        {
            var found = at > text.Value.Length ? -1 : text.Value.IndexOf(old, at, StringComparison.Ordinal);
            if (found < 0)
                break;
            context.Spend(1);
            builder.Append(text.Marked, from, found).Append(replacement);
            from = found + old.Length;
            at = old.Length == 0 ? found + 1 : from;
        }
        return new TextValue(builder.Append(text.Marked, from, text.Value.Length).Build());
    }

    /// <summary>
    /// Upper or lower case, one capital, or one for each word: after anything but a letter (<c>str.title</c>) or after spaces and opening
    /// brackets (<c>words</c>, Jinja's filter). Each character stays one.
    /// </summary>
    public static TextValue WithCase(TemplateContext context, TextValue text, string form)
    {
        context.Spend(text.Value.Length);
        var characters = text.Value.ToCharArray();
        var inWord = false;
        for (var i = 0; i < characters.Length; i++)
        {
            var upper = form switch { "upper" => true, "lower" => false, "title" or "words" => !inWord, _ => i == 0 };
            inWord = form == "words"
                ? !IsSpace(characters[i]) && characters[i] is not ('-' or '(' or '{' or '[' or '<')
                : char.IsLetter(characters[i]);
            characters[i] = upper ? char.ToUpperInvariant(characters[i]) : char.ToLowerInvariant(characters[i]);
        }
        return new TextValue(text.Marked.WithCharacters(new string(characters)));
    }

    /// <summary>The elements' texts with a separator between them; strictly, all must be texts already.</summary>
    public static TextValue Join(TemplateContext context, TemplateValue items, MarkedText separator, bool strict)
    {
        var builder = new MarkedTextBuilder(context);
        var first = true;
        foreach (var item in TemplateOperators.Items(context, items))
        {
            context.Spend(1);
            if (!first)
                builder.Append(separator);
            builder.Append(strict ? RequireText(context, item).Marked : PythonText.Of(context, item));
            first = false;
        }
        return new TextValue(builder.Build());
    }

    /// <summary>The value, which must be a text.</summary>
    public static TextValue RequireText(TemplateContext context, TemplateValue? value)
    {
        if (value is TextValue text)
            return text;
        throw context.Error(value is UndefinedValue undefined ? undefined.What : $"expected a text, not {value?.TypeName ?? "nothing"}");
    }

    private static ListValue Split(TemplateContext context, MarkedText text, TemplateValue?[] arguments, bool fromEnd)
    {
        var limit = arguments[1] is null
            ? -1
            : TemplateOperators.Whole(arguments[1]!) ?? throw context.Error("maxsplit is not a whole number");
        context.Spend(text.Length / 4);
        var parts = arguments[0] is null or NoneValue
            ? Words(text.Text)
            : Parts(text.Text, RequireText(context, arguments[0]).Value is { Length: > 0 } separator
                ? separator
                : throw context.Error("the separator is empty"));
        context.SpendElements(parts.Count);
        if (limit >= 0 && parts.Count > limit + 1)
        {
            // The parts beyond the limit stay one, with all that lies between them.
            var kept = (int)limit;
            parts = fromEnd
                ? [(arguments[0] is null or NoneValue ? 0 : parts[0].Start, parts[^(kept + 1)].End), .. parts[^kept..]]
                : [.. parts[..kept], (parts[kept].Start, arguments[0] is null or NoneValue ? text.Length : parts[^1].End)];
        }
        return new ListValue([.. parts.Select(part => new TextValue(text.Slice(part.Start, part.End)))]);
    }

    private static List<(int Start, int End)> Parts(string text, string separator)
    {
        var parts = new List<(int, int)>();
        var start = 0;
        for (int found; (found = text.IndexOf(separator, start, StringComparison.Ordinal)) >= 0; start = found + separator.Length)
            parts.Add((start, found));
        parts.Add((start, text.Length));
        return parts;
    }

    private static List<(int Start, int End)> Words(string text)
    {
        var words = new List<(int, int)>();
        for (var i = 0; i < text.Length; i++)
        {
            if (IsSpace(text[i]))
                continue;
            var start = i;
            while (i < text.Length && !IsSpace(text[i]))
                i++;
            words.Add((start, i));
        }
        return words;
    }

    private static ListValue SplitLines(TemplateContext context, MarkedText text, TemplateValue?[] _)
    {
        context.Spend(text.Length / 4);
        var lines = new List<TemplateValue>();
        for (var start = 0; start < text.Length;)
        {
            var length = text.Text.AsSpan(start).IndexOfAny('\r', '\n');
            var end = length < 0 ? text.Length : start + length;
            context.SpendElements(1);
            lines.Add(new TextValue(text.Slice(start, end)));
            start = end + (end + 1 < text.Length && text.Text[end] == '\r' && text.Text[end + 1] == '\n' ? 2 : 1);
        }
        return new ListValue(lines);
    }

    private static BooleanValue AnyAffix(TemplateContext context, TemplateValue? affix, Func<string, bool> holds) =>
        TemplateValue.Boolean(affix is ListValue { IsTuple: true } affixes
            ? affixes.Items.Any(one => holds(RequireText(context, one).Value))
            : holds(RequireText(context, affix).Value));

    private static long IndexOf(TemplateContext context, TextValue text, TemplateValue? part)
    {
        context.Spend(text.Value.Length / 16);
        var found = text.Value.IndexOf(RequireText(context, part).Value, StringComparison.Ordinal);
        return found <= 0 ? found : new TextCharacters(context, text.Marked.Slice(0, found)).Count;
    }

    private static long Count(TemplateContext context, string text, string part)
    {
        context.Spend(text.Length / 4);
        return part.Length == 0 ? text.Length + 1 : Parts(text, part).Count - 1;
    }

    private static BooleanValue Every(TemplateContext context, TextValue text, TemplateArguments arguments, Func<char, bool> holds)
    {
        arguments.Bind(context, "a test of characters");
        context.Spend(text.Value.Length / 4);
        return TemplateValue.Boolean(text.Value.Length > 0 && text.Value.All(holds));
    }

    private static bool IsSpace(char c) => char.IsWhiteSpace(c) || Separators.Contains(c);
}
