namespace Ayni.Llama;

/// <summary>The methods of dictionaries that change nothing.</summary>
internal static class MappingMethods
{
    /// <summary>A method bound to its dictionary, or null where there is none of this name.</summary>
    public static FunctionValue? Find(MappingValue mapping, string name) => name switch
    {
        "items" => new FunctionValue(name, (context, arguments) =>
        {
            arguments.Bind(context, name);
            return Items(context, mapping);
        }),
        "keys" => new FunctionValue(name, (context, arguments) =>
        {
            arguments.Bind(context, name);
            return new ListValue(TemplateOperators.Items(context, mapping));
        }),
        "values" => new FunctionValue(name, (context, arguments) =>
        {
            arguments.Bind(context, name);
            context.SpendElements(mapping.Count);
            return new ListValue([.. mapping.Entries.Select(entry => entry.Value)]);
        }),
        "get" => new FunctionValue(name, (context, arguments) =>
        {
            var given = arguments.Bind(context, name, "key", "default");
            return (given[0] is TextValue key ? mapping.Find(key.Value) : null) ?? given[1] ?? NoneValue.None;
        }),
        _ => null,
    };

    /// <summary>Keys and values in pairs.</summary>
    public static ListValue Items(TemplateContext context, MappingValue mapping)
    {
        context.SpendElements(mapping.Count * 3L);
        return new ListValue(
            [.. mapping.Entries.Select(entry => new ListValue([new TextValue(entry.Key), entry.Value], isTuple: true))]);
    }
}
