namespace Ayni.Llama;

/// <summary>A part of a template that has a value, and where it starts.</summary>
internal abstract class Expression(int offset)
{
    public int Offset { get; } = offset;

    /// <summary>The value. Throws <see cref="TemplateException"/>.</summary>
    public TemplateValue Evaluate(TemplateContext context)
    {
        var outer = context.Enter(Offset);
        var value = Compute(context);
        context.Leave(outer);
        return value;
    }

    protected abstract TemplateValue Compute(TemplateContext context);
}

/// <summary>A value written out.</summary>
internal sealed class LiteralExpression(int offset, TemplateValue value) : Expression(offset)
{
    public TemplateValue Value { get; } = value;

    protected override TemplateValue Compute(TemplateContext context) => Value;
}

/// <summary>A variable.</summary>
internal sealed class NameExpression(int offset, string name) : Expression(offset)
{
    public string Name { get; } = name;

    protected override TemplateValue Compute(TemplateContext context) =>
        context.Scope.Find(Name) ?? new UndefinedValue($"'{Name}' is undefined");
}

/// <summary><c>[a, b]</c> or <c>(a, b)</c>.</summary>
internal sealed class ListExpression(int offset, IReadOnlyList<Expression> items, bool isTuple) : Expression(offset)
{
    public IReadOnlyList<Expression> Items { get; } = items;

    protected override TemplateValue Compute(TemplateContext context)
    {
        context.SpendElements(Items.Count);
        return new ListValue([.. Items.Select(item => item.Evaluate(context))], isTuple);
    }
}

/// <summary><c>{key: value}</c>.</summary>
internal sealed class MappingExpression(int offset, IReadOnlyList<(Expression Key, Expression Value)> entries) : Expression(offset)
{
    protected override TemplateValue Compute(TemplateContext context)
    {
        context.SpendElements(entries.Count);
        var mapping = new MappingValue();
        foreach (var (key, value) in entries)
        {
            if (key.Evaluate(context) is not TextValue text)
                throw context.Error("the keys of a dictionary are texts here");
            mapping.Set(text.Marked, value.Evaluate(context));
        }
        return mapping;
    }
}

/// <summary><c>a and b</c>, <c>a or b</c>: the value of the one that decides.</summary>
internal sealed class LogicExpression(int offset, Expression left, Expression right, bool isAnd) : Expression(offset)
{
    protected override TemplateValue Compute(TemplateContext context)
    {
        var value = left.Evaluate(context);
        return value.IsTrue == isAnd ? right.Evaluate(context) : value;
    }
}

/// <summary><c>not a</c>.</summary>
internal sealed class NotExpression(int offset, Expression operand) : Expression(offset)
{
    protected override TemplateValue Compute(TemplateContext context) => TemplateValue.Boolean(!operand.Evaluate(context).IsTrue);
}

/// <summary><c>-a</c> or <c>+a</c>.</summary>
internal sealed class SignExpression(int offset, Expression operand, bool isMinus) : Expression(offset)
{
    protected override TemplateValue Compute(TemplateContext context) =>
        TemplateOperators.Arithmetic(context, isMinus ? "-" : "+", new IntegerValue(0), operand.Evaluate(context));
}

/// <summary><c>a + b</c> and its like.</summary>
internal sealed class ArithmeticExpression(int offset, string sign, Expression left, Expression right) : Expression(offset)
{
    protected override TemplateValue Compute(TemplateContext context) =>
        TemplateOperators.Arithmetic(context, sign, left.Evaluate(context), right.Evaluate(context));
}

/// <summary><c>a &lt; b &lt; c</c>: true where every neighbouring two are so.</summary>
internal sealed class ComparisonExpression(int offset, Expression first, IReadOnlyList<(string Sign, Expression Operand)> rest)
    : Expression(offset)
{
    protected override TemplateValue Compute(TemplateContext context)
    {
        var left = first.Evaluate(context);
        foreach (var (sign, operand) in rest)
        {
            var right = operand.Evaluate(context);
            if (!TemplateOperators.Holds(context, sign, left, right))
                return BooleanValue.False;
            left = right;
        }
        return BooleanValue.True;
    }
}

/// <summary><c>a if condition else b</c>.</summary>
internal sealed class ConditionalExpression(int offset, Expression condition, Expression then, Expression? otherwise) : Expression(offset)
{
    protected override TemplateValue Compute(TemplateContext context) =>
        condition.Evaluate(context).IsTrue ? then.Evaluate(context)
            : otherwise?.Evaluate(context) ?? new UndefinedValue("the condition is false and there is no else");
}

/// <summary><c>a.name</c>.</summary>
internal sealed class AttributeExpression(int offset, Expression target, string name) : Expression(offset)
{
    protected override TemplateValue Compute(TemplateContext context) =>
        TemplateOperators.Attribute(context, target.Evaluate(context), name);
}

/// <summary><c>a[index]</c>.</summary>
internal sealed class ItemExpression(int offset, Expression target, Expression index) : Expression(offset)
{
    protected override TemplateValue Compute(TemplateContext context) =>
        TemplateOperators.Item(context, target.Evaluate(context), index.Evaluate(context));
}

/// <summary><c>a[start:stop:step]</c>.</summary>
internal sealed class SliceExpression(int offset, Expression target, Expression? start, Expression? stop, Expression? step)
    : Expression(offset)
{
    protected override TemplateValue Compute(TemplateContext context)
    {
        var value = target.Evaluate(context);
        return TemplateOperators.Slice(context, value, Bound(start), Bound(stop), Bound(step));

        long? Bound(Expression? bound) => bound?.Evaluate(context) switch
        {
            null or NoneValue => null,
            IntegerValue number => number.Value,
            var other => throw context.Error($"a slice is bounded by whole numbers, not {other.TypeName}"),
        };
    }
}

/// <summary>The arguments of a call as they are written.</summary>
internal sealed record ArgumentExpressions(IReadOnlyList<Expression> ByPlace, IReadOnlyList<(string Name, Expression Value)> ByName)
{
    public static ArgumentExpressions None { get; } = new([], []);

    public TemplateArguments Evaluate(TemplateContext context)
    {
        if (ByPlace.Count == 0 && ByName.Count == 0)
            return TemplateArguments.None;
        var byName = new Dictionary<string, TemplateValue>(StringComparer.Ordinal);
        List<TemplateValue> byPlace = [.. ByPlace.Select(argument => argument.Evaluate(context))];
        foreach (var (name, value) in ByName)
            byName[name] = value.Evaluate(context);
        return new TemplateArguments(byPlace, byName);
    }
}

/// <summary><c>a(arguments)</c>.</summary>
internal sealed class CallExpression(int offset, Expression target, ArgumentExpressions arguments) : Expression(offset)
{
    protected override TemplateValue Compute(TemplateContext context) => target.Evaluate(context) switch
    {
        FunctionValue function => function.Call(context, arguments.Evaluate(context)),
        UndefinedValue undefined => throw context.Error(undefined.What),
        var other => throw context.Error($"{other.TypeName} can't be called"),
    };
}

/// <summary><c>a | filter(arguments)</c>.</summary>
internal sealed class FilterExpression(
    int offset,
    Expression target,
    Func<TemplateContext, TemplateValue, TemplateArguments, TemplateValue> filter,
    ArgumentExpressions arguments)
    : Expression(offset)
{
    protected override TemplateValue Compute(TemplateContext context) =>
        filter(context, target.Evaluate(context), arguments.Evaluate(context));
}

/// <summary><c>a is test</c>, <c>a is not test argument</c>.</summary>
internal sealed class TestExpression(
    int offset,
    Expression target,
    Func<TemplateContext, TemplateValue, TemplateArguments, bool> test,
    ArgumentExpressions arguments,
    bool negated)
    : Expression(offset)
{
    protected override TemplateValue Compute(TemplateContext context) =>
        TemplateValue.Boolean(test(context, target.Evaluate(context), arguments.Evaluate(context)) != negated);
}
