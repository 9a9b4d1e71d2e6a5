namespace Ayni.Llama;

/// <summary>How a statement ends: whether the loop around it goes on.</summary>
internal enum TemplateFlow
{
    /// <summary>With the next statement.</summary>
    Next,

    /// <summary>With the loop's next round.</summary>
    Continue,

    /// <summary>After the loop.</summary>
    Break,
}

/// <summary>A part of a template that writes or changes something, and where it starts.</summary>
internal abstract class Statement(int offset)
{
    /// <summary>Runs it. Throws <see cref="TemplateException"/>.</summary>
    public TemplateFlow Execute(TemplateContext context)
    {
        var outer = context.Enter(offset);
        var flow = Run(context);
        context.Leave(outer);
        return flow;
    }

    protected abstract TemplateFlow Run(TemplateContext context);
}

/// <summary>Text outside all tags.</summary>
internal sealed class DataStatement(int offset, string text) : Statement(offset)
{
    private readonly MarkedText _text = new(text);

    protected override TemplateFlow Run(TemplateContext context)
    {
        context.Write(_text);
        return TemplateFlow.Next;
    }
}

/// <summary><c>{{ value }}</c>.</summary>
internal sealed class OutputStatement(int offset, Expression value) : Statement(offset)
{
    protected override TemplateFlow Run(TemplateContext context)
    {
        context.Write(PythonText.Of(context, value.Evaluate(context)));
        return TemplateFlow.Next;
    }
}

/// <summary>Statements one after the other.</summary>
internal sealed class BlockStatement(int offset, IReadOnlyList<Statement> statements) : Statement(offset)
{
    protected override TemplateFlow Run(TemplateContext context)
    {
        foreach (var statement in statements)
        {
            if (statement.Execute(context) is not TemplateFlow.Next and var flow)
                return flow;
        }
        return TemplateFlow.Next;
    }
}

/// <summary><c>{% break %}</c> and <c>{% continue %}</c>.</summary>
internal sealed class FlowStatement(int offset, TemplateFlow flow) : Statement(offset)
{
    protected override TemplateFlow Run(TemplateContext context) => flow;
}

/// <summary><c>{% if %} … {% elif %} … {% else %} … {% endif %}</c>; an else has no condition.</summary>
internal sealed class IfStatement(int offset, IReadOnlyList<(Expression? Condition, Statement Body)> branches) : Statement(offset)
{
    protected override TemplateFlow Run(TemplateContext context)
    {
        foreach (var (condition, body) in branches)
        {
            if (condition is null || condition.Evaluate(context).IsTrue)
                return body.Execute(context);
        }
        return TemplateFlow.Next;
    }
}

/// <summary><c>{% set name = value %}</c>, several names for a list's elements, or a namespace's attribute.</summary>
internal sealed class SetStatement(int offset, AssignmentTarget target, Expression value) : Statement(offset)
{
    protected override TemplateFlow Run(TemplateContext context)
    {
        target.Assign(context, value.Evaluate(context));
        return TemplateFlow.Next;
    }
}

/// <summary><c>{% set name | filters %} … {% endset %}</c>: what the inside writes, sent through the filters.</summary>
internal sealed class SetBlockStatement(
    int offset, AssignmentTarget target, Statement body, Expression filtered)
    : Statement(offset)
{
    /// <summary>The name, which no template can write, of the text while the filters run.</summary>
    public const string Written = "{written}";

    protected override TemplateFlow Run(TemplateContext context)
    {
        var text = new TextValue(context.Capture(new TemplateScope(context.Scope), body));
        var scope = new TemplateScope(context.Scope);
        scope.Set(Written, text);
        TemplateValue value = text;
        context.Within(scope, () =>
        {
            value = filtered.Evaluate(context);
            return TemplateFlow.Next;
        });
        target.Assign(context, value);
        return TemplateFlow.Next;
    }
}

/// <summary>What an assignment or a loop gives values to: names, or one attribute of a namespace.</summary>
internal sealed record AssignmentTarget(IReadOnlyList<string> Names, string? Attribute, bool Unpacks)
{
    public void Assign(TemplateContext context, TemplateValue value)
    {
        if (Attribute is not null)
        {
            if (context.Scope.Find(Names[0]) is not NamespaceValue target)
                throw context.Error($"{Names[0]} is not a namespace, so it has no attributes to set");
            context.SpendElements(1);
            target.Attributes.Set(new MarkedText(Attribute), value);
            return;
        }
        if (!Unpacks)
        {
            context.Scope.Set(Names[0], value);
            return;
        }
        var items = TemplateOperators.Items(context, value);
        if (items.Count != Names.Count)
            throw context.Error($"there are {items.Count} values for {Names.Count} names");
        for (var i = 0; i < items.Count; i++)
            context.Scope.Set(Names[i], items[i]);
    }
}

/// <summary><c>{% macro name(parameters) %} … {% endmacro %}</c>: a function that gives what its inside writes.</summary>
internal sealed class MacroStatement(int offset, string name, IReadOnlyList<(string Name, Expression? Default)> parameters, Statement body)
    : Statement(offset)
{
    protected override TemplateFlow Run(TemplateContext context)
    {
        var around = context.Scope;
        context.Scope.Set(name, new FunctionValue(name, (callContext, arguments) => Call(callContext, around, arguments)));
        return TemplateFlow.Next;
    }

    private TextValue Call(TemplateContext context, TemplateScope around, TemplateArguments arguments)
    {
        var given = arguments.Bind(context, name, [.. parameters.Select(parameter => parameter.Name)]);
        var scope = new TemplateScope(around);
        for (var i = 0; i < given.Length; i++)
        {
            var value = given[i] ?? parameters[i].Default?.Evaluate(context);
            scope.Set(parameters[i].Name, value ?? new UndefinedValue($"parameter '{parameters[i].Name}' was not provided"));
        }
        return new TextValue(context.Capture(scope, body));
    }
}
