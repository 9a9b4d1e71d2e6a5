namespace Ayni.Llama;

/// <summary>The arguments of a call, by place and by name.</summary>
internal sealed class TemplateArguments(IReadOnlyList<TemplateValue> byPlace, IReadOnlyDictionary<string, TemplateValue> byName)
{
    private static readonly Dictionary<string, TemplateValue> NoNames = [];

    public static TemplateArguments None { get; } = new([], NoNames);

    public IReadOnlyList<TemplateValue> ByPlace { get; } = byPlace;

    public IReadOnlyDictionary<string, TemplateValue> ByName { get; } = byName;

    public static TemplateArguments Of(params TemplateValue[] byPlace) => new(byPlace, NoNames);

    /// <summary>
    /// The arguments of a function with these parameters, null for each that is not given. More, or others, are an error.
    /// </summary>
    public TemplateValue?[] Bind(TemplateContext context, string function, params ReadOnlySpan<string> parameters)
    {
        if (ByPlace.Count > parameters.Length)
            throw context.Error($"{function} takes at most {parameters.Length} arguments, not {ByPlace.Count}");
        var bound = new TemplateValue?[parameters.Length];
        for (var i = 0; i < ByPlace.Count; i++)
            bound[i] = ByPlace[i];
        foreach (var (name, value) in ByName)
        {
            var place = parameters.IndexOf(name);
            if (place < 0)
                throw context.Error($"{function} has no argument {name}");
            if (bound[place] is not null)
                throw context.Error($"{function} is given {name} twice");
            bound[place] = value;
        }
        return bound;
    }
}
