using System.Globalization;

namespace Ayni.Llama;

/// <summary>Reads expressions from a template's tokens, with Jinja2's precedence.</summary>
internal class ExpressionParser(string source, List<TemplateToken> tokens)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private int _next;
    private int _depth;

    /// <summary>The token to read next.</summary>
    protected TemplateToken Current => tokens[_next];

    /// <summary>An expression, <c>a if b else c</c> included.</summary>
    protected Expression ParseExpression()
    {
        Deepen();
        var expression = ParseOr();
        while (TryName("if", out var offset))
        {
            var condition = ParseOr();
            expression = new ConditionalExpression(offset, condition, expression, TryName("else", out _) ? ParseExpression() : null);
        }
        _depth--;
        return expression;
    }

    /// <summary>An expression without <c>if</c>, as a loop goes through; commas make a tuple.</summary>
    protected Expression ParseTuple(bool conditions = true)
    {
        var start = Current.Offset;
        var first = conditions ? ParseExpression() : ParseOr();
        if (!IsOperator(","))
            return first;
        var items = new List<Expression> { first };
        while (TryOperator(",") && !AtEndOfTuple())
            items.Add(conditions ? ParseExpression() : ParseOr());
        return new ListExpression(start, items, isTuple: true);
    }

    /// <summary>The filters that follow, to be put on a value.</summary>
    protected Expression ParseFilters(Expression expression)
    {
        for (var links = 0; ; links++)
        {
            var start = Current.Offset;
            if (links > TemplateLimits.SyntaxDepth)
                throw Error($"more than {TemplateLimits.SyntaxDepth} filters in a row");
            if (TryOperator("|"))
            {
                var name = Expect(TemplateTokenKind.Name).Text;
                var filter = TemplateFilters.Find(name) ?? throw Error(start, $"there is no filter {name}");
                expression = new FilterExpression(start, expression, filter, IsOperator("(") ? ParseArguments() : ArgumentExpressions.None);
            }
            else if (TryName("is", out _))
            {
                expression = ParseTest(start, expression);
            }
            else if (IsOperator("("))
            {
                expression = new CallExpression(start, expression, ParseArguments());
            }
            else
            {
                return expression;
            }
        }
    }

    /// <summary>Takes a token of a kind.</summary>
    protected TemplateToken Expect(TemplateTokenKind kind)
    {
        var token = Current;
        if (token.Kind != kind)
            throw Error($"expected {Describe(kind, "")}, found {Describe(token.Kind, token.Text)}");
        _next++;
        return token;
    }

    /// <summary>Takes an operator.</summary>
    protected void ExpectOperator(string sign)
    {
        if (!TryOperator(sign))
            throw Error($"expected {sign}, found {Describe(Current.Kind, Current.Text)}");
    }

    /// <summary>Takes an operator if it is next.</summary>
    protected bool TryOperator(string sign)
    {
        if (!IsOperator(sign))
            return false;
        _next++;
        return true;
    }

    /// <summary>Takes a keyword if it is next.</summary>
    protected bool TryName(string name, out int offset)
    {
        offset = Current.Offset;
        if (!IsName(name))
            return false;
        _next++;
        return true;
    }

    /// <summary>Whether an operator is next.</summary>
    protected bool IsOperator(string sign) => Current.Kind == TemplateTokenKind.Operator && Current.Text == sign;

    /// <summary>Whether a keyword is next.</summary>
    protected bool IsName(string name) => Current.Kind == TemplateTokenKind.Name && Current.Text == name;

    /// <summary>Takes the next token, whatever it is.</summary>
    protected TemplateToken Take() => tokens[_next++];

    /// <summary>Goes a level deeper into the syntax.</summary>
    protected void Deepen()
    {
        if (++_depth > TemplateLimits.SyntaxDepth)
            throw Error($"the syntax nests deeper than {TemplateLimits.SyntaxDepth} levels");
    }

    /// <summary>Comes a level up again.</summary>
    protected void Rise() => _depth--;

    /// <summary>An error at the next token.</summary>
    protected TemplateException Error(string problem) => Error(Current.Offset, problem);

    /// <summary>An error at a place.</summary>
    protected TemplateException Error(int offset, string problem) => TemplateException.At(source, offset, problem);

    private Expression ParseOr()
    {
        var left = ParseAnd();
        while (TryName("or", out var offset))
            left = new LogicExpression(offset, left, ParseAnd(), isAnd: false);
        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        while (TryName("and", out var offset))
            left = new LogicExpression(offset, left, ParseNot(), isAnd: true);
        return left;
    }

    private Expression ParseNot()
    {
        if (!TryName("not", out var offset))
            return ParseComparison();
        Deepen();
        var operand = ParseNot();
        Rise();
        return new NotExpression(offset, operand);
    }

    private Expression ParseComparison()
    {
        var start = Current.Offset;
        var first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            if (Current.Kind == TemplateTokenKind.Operator && Comparisons.Contains(Current.Text))
                rest.Add((Take().Text, ParseSum()));
            else if (TryName("in", out _))
                rest.Add(("in", ParseSum()));
            else if (IsName("not") && tokens[_next + 1] is { Kind: TemplateTokenKind.Name, Text: "in" })
                rest.Add(ParseNotIn());
            else
                return rest.Count == 0 ? first : new ComparisonExpression(start, first, rest);
        }
    }

    private (string, Expression) ParseNotIn()
    {
        _next += 2;
        return ("not in", ParseSum());
    }

    private Expression ParseSum() => ParseLeft(["+", "-"], () => ParseLeft(["~"], () => ParseLeft(["*", "/", "//", "%"], ParsePower)));

    private Expression ParsePower() => ParseLeft(["**"], () => ParseUnary(filters: true));

    private Expression ParseLeft(string[] signs, Func<Expression> parseOperand)
    {
        var left = parseOperand();
        while (Current.Kind == TemplateTokenKind.Operator && signs.Contains(Current.Text))
        {
            var sign = Take();
            left = new ArithmeticExpression(sign.Offset, sign.Text, left, parseOperand());
        }
        return left;
    }

    private Expression ParseUnary(bool filters)
    {
        Expression expression;
        var start = Current.Offset;
        if (IsOperator("-") || IsOperator("+"))
        {
            var isMinus = Take().Text == "-";
            Deepen();
            expression = new SignExpression(start, ParseUnary(filters: false), isMinus);
            Rise();
        }
        else
        {
            expression = ParsePrimary();
        }
        expression = ParsePostfix(expression);
        return filters ? ParseFilters(expression) : expression;
    }

    private Expression ParsePrimary()
    {
        var token = Take();
        switch (token.Kind)
        {
            case TemplateTokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new LiteralExpression(token.Offset, BooleanValue.True),
                    "false" or "False" => new LiteralExpression(token.Offset, BooleanValue.False),
                    "none" or "None" => new LiteralExpression(token.Offset, NoneValue.None),
                    _ => new NameExpression(token.Offset, token.Text),
                };
            case TemplateTokenKind.Text:
                var text = token.Text;
                if (Current.Kind == TemplateTokenKind.Text)
                {
                    var parts = new System.Text.StringBuilder(text);
                    while (Current.Kind == TemplateTokenKind.Text)
                        parts.Append(Take().Text);
                    text = parts.ToString();
                }
                return new LiteralExpression(token.Offset, TemplateValue.Text(text));
            case TemplateTokenKind.Integer:
                return long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var whole)
                    ? new LiteralExpression(token.Offset, new IntegerValue(whole))
                    : throw Error(token.Offset, "the whole number has more than 64 bits");
            case TemplateTokenKind.Float:
                return new LiteralExpression(token.Offset, new FloatValue(double.Parse(token.Text, CultureInfo.InvariantCulture)));
            case TemplateTokenKind.Operator when token.Text == "(":
                return ParseParentheses(token.Offset);
            case TemplateTokenKind.Operator when token.Text == "[":
                return new ListExpression(token.Offset, ParseItems("]"), isTuple: false);
            case TemplateTokenKind.Operator when token.Text == "{":
                return ParseMapping(token.Offset);
            default:
                throw Error(token.Offset, $"expected a value, found {Describe(token.Kind, token.Text)}");
        }
    }

    private Expression ParseParentheses(int start)
    {
        if (TryOperator(")"))
            return new ListExpression(start, [], isTuple: true);
        var inside = ParseTuple();
        ExpectOperator(")");
        return inside;
    }

    private List<Expression> ParseItems(string close)
    {
        var items = new List<Expression>();
        while (!TryOperator(close))
        {
            items.Add(ParseExpression());
            if (!IsOperator(close))
                ExpectOperator(",");
        }
        return items;
    }

    private MappingExpression ParseMapping(int start)
    {
        var entries = new List<(Expression, Expression)>();
        while (!TryOperator("}"))
        {
            var key = ParseExpression();
            ExpectOperator(":");
            entries.Add((key, ParseExpression()));
            if (!IsOperator("}"))
                ExpectOperator(",");
        }
        return new MappingExpression(start, entries);
    }

    private Expression ParsePostfix(Expression expression)
    {
        for (var links = 0; ; links++)
        {
            var start = Current.Offset;
            if (links > TemplateLimits.SyntaxDepth)
                throw Error($"more than {TemplateLimits.SyntaxDepth} attributes in a row");
            if (TryOperator("."))
                expression = ParseAttribute(start, expression);
            else if (TryOperator("["))
                expression = ParseSubscript(start, expression);
            else if (IsOperator("("))
                expression = new CallExpression(start, expression, ParseArguments());
            else
                return expression;
        }
    }

    private Expression ParseAttribute(int start, Expression target)
    {
        var name = Take();
        return name.Kind switch
        {
            TemplateTokenKind.Name => new AttributeExpression(start, target, name.Text),
            TemplateTokenKind.Integer when long.TryParse(name.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var place) =>
                new ItemExpression(start, target, new LiteralExpression(name.Offset, new IntegerValue(place))),
            _ => throw Error(name.Offset, $"expected a name after the dot, found {Describe(name.Kind, name.Text)}"),
        };
    }

    private Expression ParseSubscript(int start, Expression target)
    {
        var first = IsOperator(":") ? null : ParseExpression();
        if (first is not null && TryOperator("]"))
            return new ItemExpression(start, target, first);
        ExpectOperator(":");
        var stop = Bound();
        var step = TryOperator(":") ? Bound() : null;
        ExpectOperator("]");
        return new SliceExpression(start, target, first, stop, step);

        Expression? Bound() => IsOperator(":") || IsOperator("]") ? null : ParseExpression();
    }

    private ArgumentExpressions ParseArguments()
    {
        ExpectOperator("(");
        var byPlace = new List<Expression>();
        var byName = new List<(string, Expression)>();
        while (!TryOperator(")"))
        {
            if (Current.Kind == TemplateTokenKind.Name && tokens[_next + 1] is { Kind: TemplateTokenKind.Operator, Text: "=" })
            {
                var name = Take().Text;
                Take();
                byName.Add((name, ParseExpression()));
            }
            else if (byName.Count > 0)
            {
                throw Error("an argument without a name can't follow one with a name");
            }
            else
            {
                byPlace.Add(ParseExpression());
            }
            if (!IsOperator(")"))
                ExpectOperator(",");
        }
        return new ArgumentExpressions(byPlace, byName);
    }

    private TestExpression ParseTest(int start, Expression target)
    {
        var negated = TryName("not", out _);
        var name = Expect(TemplateTokenKind.Name).Text;
        var test = TemplateTests.Find(name) ?? throw Error(start, $"there is no test {name}");
        var arguments = ArgumentExpressions.None;
        if (IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (Current.Kind is TemplateTokenKind.Text or TemplateTokenKind.Integer or TemplateTokenKind.Float
            || IsOperator("[") || IsOperator("{")
            || (Current.Kind == TemplateTokenKind.Name && Current.Text is not ("else" or "or" or "and" or "is" or "if" or "in" or "not")))
        {
            arguments = new ArgumentExpressions([ParsePostfix(ParsePrimary())], []);
        }
        return new TestExpression(start, target, test, arguments, negated);
    }

    private bool AtEndOfTuple() =>
        IsOperator(")") || IsOperator("=") || IsName("in") || Current.Kind is TemplateTokenKind.StatementEnd or TemplateTokenKind.OutputEnd;

    private static string Describe(TemplateTokenKind kind, string text) => kind switch
    {
        TemplateTokenKind.OutputEnd => "}}",
        TemplateTokenKind.StatementEnd => "%}",
        TemplateTokenKind.End => "the template's end",
        TemplateTokenKind.Name when text.Length == 0 => "a name",
        _ => text.Length == 0 ? kind.ToString() : $"\"{text}\"",
    };
}
