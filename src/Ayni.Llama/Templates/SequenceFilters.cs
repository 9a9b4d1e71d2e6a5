namespace Ayni.Llama;

/// <summary>The filters that go through the elements of a value.</summary>
internal static class SequenceFilters
{
    /// <summary><c>map(attribute='name', default=…)</c>, or <c>map('filter', arguments…)</c>.</summary>
    public static TemplateValue Map(TemplateContext context, TemplateValue value, TemplateArguments arguments)
    {
        var items = TemplateOperators.Items(context, value);
        context.SpendElements(items.Count);
        if (arguments.ByPlace.Count == 0)
        {
            var given = arguments.Bind(context, "map", "attribute", "default");
            var attribute = given[0] ?? throw context.Error("map takes an attribute or a filter");
            return new ListValue([.. items.Select(item =>
                AttributeOf(context, item, attribute) is var found && found is UndefinedValue && given[1] is { } otherwise ? otherwise : found)]);
        }
        var name = TextMethods.RequireText(context, arguments.ByPlace[0]).Value;
        var filter = TemplateFilters.Find(name) ?? throw context.Error($"there is no filter {name}");
        var rest = new TemplateArguments([.. arguments.ByPlace.Skip(1)], arguments.ByName);
        return new ListValue([.. items.Select(item => Nested(context, () => filter(context, item, rest)))]);
    }

    /// <summary><c>select</c> and <c>reject</c>, of elements or, with <c>attr</c>, by an attribute of theirs.</summary>
    public static TemplateValue Select(
        TemplateContext context, TemplateValue value, TemplateArguments arguments, bool byAttribute, bool keeps)
    {
        var given = arguments.ByPlace;
        var attribute = !byAttribute ? null : given is [var named, ..] ? named : throw context.Error("the filter needs an attribute");
        var next = byAttribute ? 1 : 0;
        var name = given.Count > next ? TextMethods.RequireText(context, given[next]).Value : null;
        var test = name is null ? null : TemplateTests.Find(name) ?? throw context.Error($"there is no test {name}");
        var rest = new TemplateArguments([.. given.Skip(next + 1)], arguments.ByName);
        var kept = new List<TemplateValue>();
        foreach (var item in TemplateOperators.Items(context, value))
        {
            context.SpendElements(1);
            var tested = attribute is null ? item : AttributeOf(context, item, attribute);
            if ((test?.Invoke(context, tested, rest) ?? tested.IsTrue) == keeps)
                kept.Add(item);
        }
        return new ListValue(kept);
    }

    /// <summary><c>sort(reverse, case_sensitive, attribute)</c>; texts are ordered regardless of case unless asked.</summary>
    public static TemplateValue Sort(TemplateContext context, TemplateValue value, TemplateArguments arguments)
    {
        var given = arguments.Bind(context, "sort", "reverse", "case_sensitive", "attribute");
        var items = TemplateOperators.Items(context, value);
        return new ListValue(Sorted(context, items, given[0] is { IsTrue: true }, item =>
            Folded(context, given[2] is null ? item : AttributeOf(context, item, given[2]!), given[1])));
    }

    /// <summary><c>dictsort(case_sensitive, by, reverse)</c>: the entries as pairs, ordered by key or value.</summary>
    public static TemplateValue DictSort(TemplateContext context, TemplateValue value, TemplateArguments arguments)
    {
        var given = arguments.Bind(context, "dictsort", "case_sensitive", "by", "reverse");
        if (value is not MappingValue mapping)
            throw context.Error($"dictsort takes a dictionary, not {value.TypeName}");
        var place = given[1] switch
        {
            null or TextValue { Value: "key" } => 0,
            TextValue { Value: "value" } => 1,
            _ => throw context.Error("dictsort orders by 'key' or by 'value'"),
        };
        var items = MappingMethods.Items(context, mapping).Items;
        return new ListValue(Sorted(context, items, given[2] is { IsTrue: true }, pair =>
            Folded(context, ((ListValue)pair).Items[place], given[0])));
    }

    /// <summary><c>unique(case_sensitive, attribute)</c>: the first of each that are equal.</summary>
    public static TemplateValue Unique(TemplateContext context, TemplateValue value, TemplateArguments arguments)
    {
        var given = arguments.Bind(context, "unique", "case_sensitive", "attribute");
        var (kept, keys) = (new List<TemplateValue>(), new List<TemplateValue>());
        foreach (var item in TemplateOperators.Items(context, value))
        {
            var key = Folded(context, given[1] is null ? item : AttributeOf(context, item, given[1]!), given[0]);
            if (keys.Exists(other => TemplateOperators.AreEqual(context, key, other)))
                continue;
            context.SpendElements(1);
            keys.Add(key);
            kept.Add(item);
        }
        return new ListValue(kept);
    }

    /// <summary>An attribute by its name, dots leading on, or its number.</summary>
    private static TemplateValue AttributeOf(TemplateContext context, TemplateValue item, TemplateValue attribute)
    {
        if (attribute is not TextValue name)
            return TemplateOperators.Item(context, item, attribute);
        context.Spend(name.Value.Length);
        foreach (var part in name.Value.Split('.'))
        {
            item = TemplateOperators.Item(context, item,
                long.TryParse(part, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var place)
                    ? new IntegerValue(place)
                    : TemplateValue.Text(part));
        }
        return item;
    }

    private static TemplateValue Folded(TemplateContext context, TemplateValue value, TemplateValue? caseSensitive) =>
        value is TextValue text && caseSensitive is not { IsTrue: true } ? TextMethods.WithCase(context, text, "lower") : value;

    /// <summary>A stable sort, so that equal elements keep their order in both directions, as in Python.</summary>
    private static List<TemplateValue> Sorted(
        TemplateContext context, IReadOnlyList<TemplateValue> items, bool reverse, Func<TemplateValue, TemplateValue> keyOf)
    {
        context.SpendElements(items.Count * 2L);
        var order = Comparer<TemplateValue>.Create((left, right) =>
            reverse ? TemplateOperators.Compare(context, right, left) : TemplateOperators.Compare(context, left, right));
        try
        {
            return [.. items.Select(item => (Item: item, Key: keyOf(item))).OrderBy(pair => pair.Key, order).Select(pair => pair.Item)];
        }
        catch (InvalidOperationException e) when (e.InnerException is TemplateException inner)
        {
            throw inner;
        }
    }

    /// <summary>A filter named by a value can name itself again, so its depth counts.</summary>
    private static TemplateValue Nested(TemplateContext context, Func<TemplateValue> call)
    {
        var outer = context.EnterAgain();
        var value = call();
        context.Leave(outer);
        return value;
    }
}
