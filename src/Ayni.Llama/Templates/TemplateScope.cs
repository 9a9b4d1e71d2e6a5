namespace Ayni.Llama;

/// <summary>Variables, over those of the scope outside.</summary>
internal sealed class TemplateScope(TemplateScope? outer)
{
    private readonly Dictionary<string, TemplateValue> _values = new(StringComparer.Ordinal);

    /// <summary>The value of a variable here or outside, or null.</summary>
    public TemplateValue? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._values.TryGetValue(name, out var value))
                return value;
        }
        return null;
    }

    /// <summary>Sets a variable here.</summary>
    public void Set(string name, TemplateValue value) => _values[name] = value;

    private TemplateScope? Outer => outer;
}
