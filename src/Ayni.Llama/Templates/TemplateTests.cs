using System.Collections.Frozen;

namespace Ayni.Llama;

/// <summary>The tests a template can make with <c>is</c>.</summary>
internal static class TemplateTests
{
    private static readonly FrozenDictionary<string, Func<TemplateContext, TemplateValue, TemplateArguments, bool>> Tests =
        new Dictionary<string, Func<TemplateContext, TemplateValue, TemplateArguments, bool>>
        {
            ["defined"] = Plain(value => value is not UndefinedValue),
            ["undefined"] = Plain(value => value is UndefinedValue),
            ["none"] = Plain(value => value is NoneValue),
            ["boolean"] = Plain(value => value is BooleanValue),
            ["true"] = Plain(value => value is BooleanValue { Value: true }),
            ["false"] = Plain(value => value is BooleanValue { Value: false }),
            ["integer"] = Plain(value => value is IntegerValue),
            ["float"] = Plain(value => value is FloatValue),
            ["number"] = Plain(value => TemplateOperators.Number(value) is not null),
            ["string"] = Plain(value => value is TextValue),
            ["mapping"] = Plain(value => value is MappingValue),
            ["iterable"] = Plain(value => value is TextValue or ListValue or MappingValue or UndefinedValue),
            ["sequence"] = Plain(value => value is TextValue or ListValue or MappingValue or UndefinedValue),
            ["callable"] = Plain(value => value is FunctionValue),
            ["lower"] = (context, value, _) => PythonText.Of(context, value).Text is var text
                && text.Any(char.IsLower) && !text.Any(char.IsUpper),
            ["upper"] = (context, value, _) => PythonText.Of(context, value).Text is var text
                && text.Any(char.IsUpper) && !text.Any(char.IsLower),
            ["odd"] = (context, value, _) => Remainder(context, value, 2) == 1,
            ["even"] = (context, value, _) => Remainder(context, value, 2) == 0,
            ["divisibleby"] = (context, value, arguments) =>
                Remainder(context, value, TemplateOperators.Whole(Other(context, arguments)) ?? 0) == 0,
            ["in"] = (context, value, arguments) => TemplateOperators.Contains(context, Other(context, arguments), value),
            ["eq"] = Comparing("=="),
            ["equalto"] = Comparing("=="),
            ["sameas"] = Comparing("=="),
            ["=="] = Comparing("=="),
            ["ne"] = Comparing("!="),
            ["!="] = Comparing("!="),
            ["lt"] = Comparing("<"),
            ["lessthan"] = Comparing("<"),
            ["le"] = Comparing("<="),
            ["gt"] = Comparing(">"),
            ["greaterthan"] = Comparing(">"),
            ["ge"] = Comparing(">="),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The test of a name, or null.</summary>
    public static Func<TemplateContext, TemplateValue, TemplateArguments, bool>? Find(string name) => Tests.GetValueOrDefault(name);

    private static Func<TemplateContext, TemplateValue, TemplateArguments, bool> Plain(Func<TemplateValue, bool> test) =>
        (context, value, arguments) =>
        {
            arguments.Bind(context, "this test");
            return test(value);
        };

    private static Func<TemplateContext, TemplateValue, TemplateArguments, bool> Comparing(string sign) =>
        (context, value, arguments) => TemplateOperators.Holds(context, sign, value, Other(context, arguments));

    private static TemplateValue Other(TemplateContext context, TemplateArguments arguments) =>
        arguments.Bind(context, "this test", "other")[0] ?? throw context.Error("the test needs something to test against");

    private static long? Remainder(TemplateContext context, TemplateValue value, long divisor) =>
        TemplateNumbers.OfWhole(context, "%",
            TemplateOperators.Whole(value) ?? throw context.Error($"expected a whole number, not {value.TypeName}"),
            divisor) is IntegerValue rest
            ? rest.Value
            : null;
}
