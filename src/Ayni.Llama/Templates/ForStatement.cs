namespace Ayni.Llama;

/// <summary>
/// <c>{% for target in items if condition %} … {% else %} … {% endfor %}</c>. Each round has variables of its own, <c>loop</c> among them.
/// </summary>
internal sealed class ForStatement(
    int offset, AssignmentTarget target, Expression items, Expression? condition, Statement body, Statement? otherwise)
    : Statement(offset)
{
    protected override TemplateFlow Run(TemplateContext context)
    {
        var rounds = Rounds(context);
        if (rounds.Count == 0)
            return otherwise is null
                ? TemplateFlow.Next
                : context.Within(new TemplateScope(context.Scope), () => otherwise.Execute(context));
        for (var i = 0; i < rounds.Count; i++)
        {
            var index = i;
            var flow = context.Within(new TemplateScope(context.Scope), () =>
            {
                target.Assign(context, rounds[index]);
                context.SpendElements(4);
                context.Scope.Set("loop", Loop(rounds, index));
                return body.Execute(context);
            });
            if (flow == TemplateFlow.Break)
                break;
        }
        return TemplateFlow.Next;
    }

    private IReadOnlyList<TemplateValue> Rounds(TemplateContext context)
    {
        var all = TemplateOperators.Items(context, items.Evaluate(context));
        if (condition is null)
            return all;
        var kept = new List<TemplateValue>();
        foreach (var item in all)
        {
            context.Within(new TemplateScope(context.Scope), () =>
            {
                target.Assign(context, item);
                if (condition.Evaluate(context).IsTrue)
                    kept.Add(item);
                return TemplateFlow.Next;
            });
        }
        return kept;
    }

    private static MappingValue Loop(IReadOnlyList<TemplateValue> rounds, int index) => new MappingValue()
        .With("index", new IntegerValue(index + 1))
        .With("index0", new IntegerValue(index))
        .With("revindex", new IntegerValue(rounds.Count - index))
        .With("revindex0", new IntegerValue(rounds.Count - index - 1))
        .With("first", TemplateValue.Boolean(index == 0))
        .With("last", TemplateValue.Boolean(index == rounds.Count - 1))
        .With("length", new IntegerValue(rounds.Count))
        .With("previtem", index > 0 ? rounds[index - 1] : new UndefinedValue("there is no previous item"))
        .With("nextitem", index + 1 < rounds.Count ? rounds[index + 1] : new UndefinedValue("there is no next item"))
        .With("cycle", new FunctionValue("cycle", (context, arguments) => arguments.ByPlace.Count > 0
            ? arguments.ByPlace[index % arguments.ByPlace.Count]
            : throw context.Error("loop.cycle takes at least one value")));
}
