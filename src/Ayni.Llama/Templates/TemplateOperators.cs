namespace Ayni.Llama;

/// <summary>What the operators of templates do: Python's, with Jinja2's leniency for what is undefined.</summary>
internal static class TemplateOperators
{
    /// <summary><c>+ - * / // % **</c> and <c>~</c>.</summary>
    public static TemplateValue Arithmetic(TemplateContext context, string sign, TemplateValue left, TemplateValue right)
    {
        if (sign == "~")
        {
            return new TextValue(
                new MarkedTextBuilder(context).Append(PythonText.Of(context, left)).Append(PythonText.Of(context, right)).Build());
        }
        RequireDefined(context, left);
        RequireDefined(context, right);
        if (Whole(left) is { } a && Whole(right) is { } b)
            return TemplateNumbers.OfWhole(context, sign, a, b);
        if (Number(left) is { } x && Number(right) is { } y)
            return TemplateNumbers.OfFloat(context, sign, x, y);
        switch (sign, left, right)
        {
            case ("+", TextValue text, TextValue more):
                return new TextValue(new MarkedTextBuilder(context).Append(text.Marked).Append(more.Marked).Build());
            case ("+", ListValue list, ListValue more) when list.IsTuple == more.IsTuple:
                context.SpendElements(list.Items.Count + more.Items.Count);
                return new ListValue([.. list.Items, .. more.Items], list.IsTuple);
            case ("*", TextValue text, _) when Whole(right) is { } times:
                return Repeat(context, text, times);
            case ("*", _, TextValue text) when Whole(left) is { } times:
                return Repeat(context, text, times);
            case ("*", ListValue list, _) when Whole(right) is { } times:
                context.SpendElements(checked(list.Items.Count * Math.Clamp(times, 0, int.MaxValue)));
                return new ListValue([.. Enumerable.Range(0, (int)Math.Max(times, 0)).SelectMany(_ => list.Items)], list.IsTuple);
            default:
                throw context.Error($"{left.TypeName} {sign} {right.TypeName} has no meaning");
        }
    }

    /// <summary><c>== != &lt; &lt;= &gt; &gt;= in</c> and <c>not in</c>.</summary>
    public static bool Holds(TemplateContext context, string sign, TemplateValue left, TemplateValue right) => sign switch
    {
        "==" => AreEqual(context, left, right),
        "!=" => !AreEqual(context, left, right),
        "<" => Compare(context, left, right) < 0,
        "<=" => Compare(context, left, right) <= 0,
        ">" => Compare(context, left, right) > 0,
        ">=" => Compare(context, left, right) >= 0,
        "in" => Contains(context, right, left),
        _ => !Contains(context, right, left),
    };

    /// <summary>Whether two values are the same to Python: numbers by value, lists and dictionaries by what they hold.</summary>
    public static bool AreEqual(TemplateContext context, TemplateValue left, TemplateValue right, int depth = 0)
    {
        context.Spend(1);
        if (depth > TemplateLimits.ValueDepth)
            throw context.Error($"the values lie deeper than {TemplateLimits.ValueDepth} levels in each other");
        if (Whole(left) is { } a && Whole(right) is { } b)
            return a == b;
        if (Number(left) is { } x && Number(right) is { } y)
            return x == y;
        switch (left, right)
        {
            case (TextValue text, TextValue other):
                context.Spend(text.Value.Length / 16);
                return text.Value == other.Value;
            case (UndefinedValue, UndefinedValue):
                return true;
            case (ListValue list, ListValue other):
                return list.IsTuple == other.IsTuple && list.Items.Count == other.Items.Count
                    && list.Items.Zip(other.Items).All(pair => AreEqual(context, pair.First, pair.Second, depth + 1));
            case (MappingValue mapping, MappingValue other):
                return mapping.Count == other.Count && mapping.Entries.All(entry =>
                    other.Find(entry.Key.Text) is { } value && AreEqual(context, entry.Value, value, depth + 1));
            default:
                return ReferenceEquals(left, right);
        }
    }

    /// <summary>The order of two numbers, texts or lists.</summary>
    public static int Compare(TemplateContext context, TemplateValue left, TemplateValue right, int depth = 0)
    {
        context.Spend(1);
        RequireDefined(context, left);
        RequireDefined(context, right);
        if (Whole(left) is { } a && Whole(right) is { } b)
            return a.CompareTo(b);
        if (Number(left) is { } x && Number(right) is { } y)
            return x.CompareTo(y);
        if (left is TextValue text && right is TextValue otherText)
        {
            context.Spend(text.Value.Length / 16);
            return string.CompareOrdinal(text.Value, otherText.Value);
        }
        if (left is not ListValue list || right is not ListValue otherList || depth > TemplateLimits.ValueDepth)
            throw context.Error($"{left.TypeName} and {right.TypeName} have no order");
        foreach (var (first, second) in list.Items.Zip(otherList.Items))
        {
            if (Compare(context, first, second, depth + 1) is not 0 and var order)
                return order;
        }
        return list.Items.Count.CompareTo(otherList.Items.Count);
    }

    /// <summary>Whether a list has an element, a dictionary a key, a text a part.</summary>
    public static bool Contains(TemplateContext context, TemplateValue container, TemplateValue item)
    {
        switch (container)
        {
            case TextValue text:
                if (item is not TextValue part)
                    throw context.Error($"a text holds texts, not {item.TypeName}");
                context.Spend(text.Value.Length / 16);
                return text.Value.Contains(part.Value, StringComparison.Ordinal);
            case MappingValue mapping:
                return item is TextValue key && mapping.Find(key.Value) is not null;
            case NamespaceValue:
                throw context.Error("a namespace holds nothing to look for");
            default:
                return Items(context, container).Any(element => AreEqual(context, element, item));
        }
    }

    /// <summary><c>value.name</c>: a method, else an entry.</summary>
    public static TemplateValue Attribute(TemplateContext context, TemplateValue value, string name)
    {
        RequireDefined(context, value);
        var found = value switch
        {
            NamespaceValue variables => variables.Attributes.Find(name),
            MappingValue mapping => MappingMethods.Find(mapping, name) ?? mapping.Find(name),
            TextValue text => TextMethods.Find(text, name),
            _ => null,
        };
        return found ?? new UndefinedValue($"{value.TypeName} has no attribute '{name}'");
    }

    /// <summary><c>value[index]</c>: an entry, an element, a character, else an attribute.</summary>
    public static TemplateValue Item(TemplateContext context, TemplateValue value, TemplateValue index)
    {
        RequireDefined(context, value);
        switch (value)
        {
            case MappingValue mapping when index is TextValue key:
                return mapping.Find(key.Value) ?? Attribute(context, value, key.Value);
            case ListValue list when Whole(index) is { } place:
                return At(place, list.Items.Count) is { } found ? list.Items[found] : Missing();
            case TextValue text when Whole(index) is { } place:
                var characters = new TextCharacters(context, text.Marked);
                return At(place, characters.Count) is { } character ? new TextValue(characters[character]) : Missing();
            case var _ when index is TextValue name:
                return Attribute(context, value, name.Value);
            default:
                return Missing();
        }

        static int? At(long place, int count) =>
            place >= 0 && place < count ? (int)place : place < 0 && place >= -count ? (int)(place + count) : null;
        UndefinedValue Missing() => new($"{value.TypeName} has no element {(index is IntegerValue number ? number.Value : index.TypeName)}");
    }

    /// <summary><c>value[start:stop:step]</c>.</summary>
    public static TemplateValue Slice(TemplateContext context, TemplateValue value, long? start, long? stop, long? step)
    {
        RequireDefined(context, value);
        var by = step ?? 1;
        if (by == 0)
            throw context.Error("the step of a slice can't be 0");
        switch (value)
        {
            case ListValue list:
                return new ListValue([.. Places(list.Items.Count).Select(place => list.Items[place])], list.IsTuple);
            case TextValue text:
                var characters = new TextCharacters(context, text.Marked);
                if (by == 1)
                {
                    var (from, to) = Bounds(characters.Count);
                    return new TextValue(characters.Range((int)from, (int)to));
                }
                var builder = new MarkedTextBuilder(context);
                foreach (var place in Places(characters.Count))
                    builder.Append(characters[place]);
                return new TextValue(builder.Build());
            default:
                throw context.Error($"{value.TypeName} can't be sliced");
        }

        (long From, long To) Bounds(int count)
        {
            var (low, high) = by > 0 ? (0L, (long)count) : (-1L, count - 1L);
            return (Clamp(start, by > 0 ? low : high), Clamp(stop, by > 0 ? high : low));

            long Clamp(long? bound, long otherwise) => bound switch
            {
                null => otherwise,
                < 0 => Math.Max(bound.Value + count, low),
                _ => Math.Min(bound.Value, high),
            };
        }

        List<int> Places(int count)
        {
            var places = new List<int>();
            var (from, to) = Bounds(count);
            for (var place = from; by > 0 ? place < to : place > to; place += by)
            {
                context.SpendElements(1);
                places.Add((int)place);
                if (by is > int.MaxValue or < int.MinValue)
                    break;
            }
            return places;
        }
    }

    /// <summary>What a loop over a value goes through; nothing for what is undefined.</summary>
    public static IReadOnlyList<TemplateValue> Items(TemplateContext context, TemplateValue value)
    {
        switch (value)
        {
            case ListValue list:
                return list.Items;
            case UndefinedValue:
                return [];
            case MappingValue mapping:
                context.SpendElements(mapping.Count);
                return [.. mapping.Entries.Select(entry => new TextValue(entry.Key))];
            case TextValue text:
                var characters = new TextCharacters(context, text.Marked);
                context.SpendElements(characters.Count);
                return [.. Enumerable.Range(0, characters.Count).Select(place => new TextValue(characters[place]))];
            default:
                throw context.Error($"{value.TypeName} has no elements to go through");
        }
    }

    /// <summary>The value as a whole number, where it is one; true and false are 1 and 0.</summary>
    public static long? Whole(TemplateValue value) => value switch
    {
        IntegerValue number => number.Value,
        BooleanValue boolean => boolean.Value ? 1 : 0,
        _ => null,
    };

    /// <summary>The value as a number, where it is one.</summary>
    public static double? Number(TemplateValue value) => value is FloatValue number ? number.Value : Whole(value);

    /// <summary>Refuses what is not there.</summary>
    public static void RequireDefined(TemplateContext context, TemplateValue value)
    {
        if (value is UndefinedValue undefined)
            throw context.Error(undefined.What);
    }

    private static TextValue Repeat(TemplateContext context, TextValue text, long times)
    {
        // Paid before the first of many is made.
        context.Spend(Math.Clamp(times, 0, int.MaxValue) * text.Value.Length);
        var builder = new MarkedTextBuilder(context);
        for (; times > 0 && text.IsTrue; times--)
            builder.Append(text.Marked);
        return new TextValue(builder.Build());
    }
}
