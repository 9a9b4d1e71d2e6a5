using System.Globalization;
using System.Text;

namespace Ayni.Llama;

/// <summary>The functions every chat template finds.</summary>
internal static class TemplateFunctions
{
    /// <summary>The functions by name.</summary>
    public static IReadOnlyList<(string Name, FunctionValue Function)> All { get; } =
    [
        Function("raise_exception", (context, arguments) =>
            throw context.Error(PythonText.Of(context, arguments.Bind(context, "raise_exception", "message")[0] ?? NoneValue.None).Text)),
        Function("strftime_now", (context, arguments) =>
            TemplateValue.Text(FormatTime(
                context, TextMethods.RequireText(context, arguments.Bind(context, "strftime_now", "format")[0]).Value))),
        Function("namespace", (context, arguments) => new NamespaceValue(Dictionary(context, arguments))),
        Function("dict", Dictionary),
        Function("range", Range),
    ];

    private static (string, FunctionValue) Function(string name, Func<TemplateContext, TemplateArguments, TemplateValue> call) =>
        (name, new FunctionValue(name, call));

    private static MappingValue Dictionary(TemplateContext context, TemplateArguments arguments)
    {
        var mapping = new MappingValue();
        context.SpendElements(arguments.ByName.Count);
        foreach (var value in arguments.ByPlace)
        {
            if (value is not MappingValue other)
                throw context.Error($"expected a dictionary, not {value.TypeName}");
            context.SpendElements(other.Count);
            foreach (var (key, entry) in other.Entries)
                mapping.Set(key, entry);
        }
        foreach (var (name, value) in arguments.ByName)
            mapping.Set(new MarkedText(name), value);
        return mapping;
    }

    private static ListValue Range(TemplateContext context, TemplateArguments arguments)
    {
        var bounds = arguments.Bind(context, "range", "start", "stop", "step")
            .Where(bound => bound is not null)
            .Select(bound => TemplateOperators.Whole(bound!) ?? throw context.Error($"range takes whole numbers, not {bound!.TypeName}"))
            .ToArray();
        var (start, stop, step) = bounds switch
        {
            [var end] => (0L, end, 1L),
            [var begin, var end] => (begin, end, 1L),
            [var begin, var end, not 0] => (begin, end, bounds[2]),
            _ => throw context.Error("range takes one to three whole numbers, the last of them not 0"),
        };
        var numbers = new List<TemplateValue>();
        for (Int128 number = start; step > 0 ? number < stop : number > stop; number += step)
        {
            context.SpendElements(1);
            numbers.Add(new IntegerValue((long)number));
        }
        return new ListValue(numbers);
    }

    /// <summary>C's <c>strftime</c> for the local time, in English.</summary>
    private static string FormatTime(TemplateContext context, string format)
    {
        context.Spend(format.Length * 16L);
        var now = context.Clock.GetLocalNow();
        var text = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            var bare = format[i + 1] == '-' && i + 2 < format.Length;
            i += bare ? 2 : 1;
            var part = format[i] switch
            {
                '%' => "%",
                'Y' => now.ToString("yyyy", CultureInfo.InvariantCulture),
                'y' => now.ToString("yy", CultureInfo.InvariantCulture),
                'm' => now.ToString("MM", CultureInfo.InvariantCulture),
                'B' => now.ToString("MMMM", CultureInfo.InvariantCulture),
                'b' => now.ToString("MMM", CultureInfo.InvariantCulture),
                'd' => now.ToString("dd", CultureInfo.InvariantCulture),
                'A' => now.ToString("dddd", CultureInfo.InvariantCulture),
                'a' => now.ToString("ddd", CultureInfo.InvariantCulture),
                'H' => now.ToString("HH", CultureInfo.InvariantCulture),
                'I' => now.ToString("hh", CultureInfo.InvariantCulture),
                'M' => now.ToString("mm", CultureInfo.InvariantCulture),
                'S' => now.ToString("ss", CultureInfo.InvariantCulture),
                'p' => now.ToString("tt", CultureInfo.InvariantCulture),
                'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
                'F' => now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                'T' => now.ToString("HH:mm:ss", CultureInfo.InvariantCulture),
                var other => throw context.Error($"the time format %{other} is not known here"),
            };
            text.Append(bare && part.TrimStart('0') is { Length: > 0 } trimmed ? trimmed : part);
        }
        return text.ToString();
    }
}
