namespace Ayni.Llama;

/// <summary>A value a template computes with: Python's, as far as templates see them.</summary>
internal abstract class TemplateValue
{
    /// <summary>What Python calls the type, for errors.</summary>
    public abstract string TypeName { get; }

    /// <summary>Whether a condition takes it for true.</summary>
    public virtual bool IsTrue => true;

    /// <summary>The template's own text.</summary>
    public static TextValue Text(string text) => new(new MarkedText(text));

    /// <summary>True or false.</summary>
    public static BooleanValue Boolean(bool value) => value ? BooleanValue.True : BooleanValue.False;
}

/// <summary>What is not there. It is false, empty and written as nothing, and every other use is an error.</summary>
internal sealed class UndefinedValue(string what) : TemplateValue
{
    /// <summary>Says what was looked for, for errors.</summary>
    public string What { get; } = what;

    public override string TypeName => "undefined";

    public override bool IsTrue => false;
}

/// <summary><c>None</c>.</summary>
internal sealed class NoneValue : TemplateValue
{
    private NoneValue()
    {
    }

    public static NoneValue None { get; } = new();

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;
}

/// <summary><c>True</c> or <c>False</c>, which count as 1 and 0.</summary>
internal sealed class BooleanValue : TemplateValue
{
    private BooleanValue(bool value) => Value = value;

    public static BooleanValue True { get; } = new(true);

    public static BooleanValue False { get; } = new(false);

    public bool Value { get; }

    public override string TypeName => "bool";

    public override bool IsTrue => Value;
}

/// <summary>A whole number of 64 bits.</summary>
internal sealed class IntegerValue(long value) : TemplateValue
{
    public long Value { get; } = value;

    public override string TypeName => "int";

    public override bool IsTrue => Value != 0;
}

/// <summary>A floating-point number.</summary>
internal sealed class FloatValue(double value) : TemplateValue
{
    public double Value { get; } = value;

    public override string TypeName => "float";

    public override bool IsTrue => Value != 0;
}

/// <summary>A text.</summary>
internal sealed class TextValue(MarkedText text) : TemplateValue
{
    public MarkedText Marked { get; } = text;

    public string Value => Marked.Text;

    public override string TypeName => "str";

    public override bool IsTrue => Marked.Length > 0;
}

/// <summary>A list, or a tuple, which is written in other brackets.</summary>
internal sealed class ListValue(IReadOnlyList<TemplateValue> items, bool isTuple = false) : TemplateValue
{
    public IReadOnlyList<TemplateValue> Items { get; } = items;

    public bool IsTuple { get; } = isTuple;

    public override string TypeName => IsTuple ? "tuple" : "list";

    public override bool IsTrue => Items.Count > 0;
}

/// <summary>A dictionary with texts for keys, in the order they were added.</summary>
internal sealed class MappingValue : TemplateValue
{
    private readonly OrderedDictionary<string, (MarkedText Key, TemplateValue Value)> _entries = new(StringComparer.Ordinal);

    public int Count => _entries.Count;

    /// <summary>Keys and values, in order.</summary>
    public IEnumerable<(MarkedText Key, TemplateValue Value)> Entries => _entries.Values;

    public override string TypeName => "dict";

    public override bool IsTrue => _entries.Count > 0;

    /// <summary>The value of a key, or null.</summary>
    public TemplateValue? Find(string key) => _entries.TryGetValue(key, out var entry) ? entry.Value : null;

    /// <summary>Sets a key; one that is there keeps its place.</summary>
    public void Set(MarkedText key, TemplateValue value) => _entries[key.Text] = (key, value);

    /// <summary>Sets a key the template or its host names.</summary>
    public MappingValue With(string key, TemplateValue value)
    {
        Set(new MarkedText(key), value);
        return this;
    }
}

/// <summary><c>namespace(…)</c>: the one thing a template can change from inside a loop.</summary>
internal sealed class NamespaceValue(MappingValue attributes) : TemplateValue
{
    public MappingValue Attributes { get; } = attributes;

    public override string TypeName => "namespace";
}

/// <summary>Something that can be called: a function, a macro, a method bound to its text or dictionary.</summary>
internal sealed class FunctionValue(string name, Func<TemplateContext, TemplateArguments, TemplateValue> call) : TemplateValue
{
    public string Name { get; } = name;

    public Func<TemplateContext, TemplateArguments, TemplateValue> Call { get; } = call;

    public override string TypeName => "function";
}
