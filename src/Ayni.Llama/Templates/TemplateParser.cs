namespace Ayni.Llama;

/// <summary>
/// Reads a template's statements. What is not for chat templates (files, inheritance, calls with bodies) is refused by name.
/// </summary>
internal sealed class TemplateParser : ExpressionParser
{
    private int _loops;

    private TemplateParser(string source, List<TemplateToken> tokens)
        : base(source, tokens)
    {
    }

    /// <summary>The statements of a source whose line ends are all <c>\n</c>. Throws <see cref="TemplateException"/>.</summary>
    public static Statement Parse(string source)
    {
        var parser = new TemplateParser(source, TemplateLexer.Tokenize(source));
        var body = parser.ParseBody();
        return parser.Current.Kind == TemplateTokenKind.End
            ? body
            : throw parser.Error($"{parser.Current.Text} closes nothing that is open");
    }

    /// <summary>Statements up to one of the words, which is next then, or to the end of the source.</summary>
    private BlockStatement ParseBody(params ReadOnlySpan<string> ends)
    {
        Deepen();
        var start = Current.Offset;
        var statements = new List<Statement>();
        while (Current.Kind != TemplateTokenKind.End)
        {
            var token = Take();
            switch (token.Kind)
            {
                case TemplateTokenKind.Data:
                    statements.Add(new DataStatement(token.Offset, token.Text));
                    break;
                case TemplateTokenKind.OutputStart:
                    statements.Add(new OutputStatement(token.Offset, ParseTuple()));
                    Expect(TemplateTokenKind.OutputEnd);
                    break;
                default:
                    if (Current.Kind == TemplateTokenKind.Name && (ends.Contains(Current.Text) || IsEnd(Current.Text)))
                    {
                        Rise();
                        return ends.Contains(Current.Text)
                            ? new BlockStatement(start, statements)
                            : throw Error($"{Current.Text} closes nothing that is open");
                    }
                    statements.Add(ParseStatement());
                    break;
            }
        }
        if (!ends.IsEmpty)
            throw Error($"the template ends before {ends[^1]}");
        Rise();
        return new BlockStatement(start, statements);
    }

    private static bool IsEnd(string word) => word is "else" or "elif" || word.StartsWith("end", StringComparison.Ordinal);

    private Statement ParseStatement()
    {
        var keyword = Expect(TemplateTokenKind.Name);
        switch (keyword.Text)
        {
            case "if":
                return ParseIf(keyword.Offset);
            case "for":
                return ParseFor(keyword.Offset);
            case "set":
                return ParseSet(keyword.Offset);
            case "macro":
                return ParseMacro(keyword.Offset);
            case "break" or "continue":
                if (_loops == 0)
                    throw Error(keyword.Offset, $"{keyword.Text} stands in no loop");
                Expect(TemplateTokenKind.StatementEnd);
                return new FlowStatement(keyword.Offset, keyword.Text == "break" ? TemplateFlow.Break : TemplateFlow.Continue);
            case "generation":
                // Marks the assistant's words for training; they are written all the same.
                Expect(TemplateTokenKind.StatementEnd);
                var body = ParseBody("endgeneration");
                Close();
                return body;
            default:
                throw Error(keyword.Offset, $"the statement {keyword.Text} is not one of those chat templates may use "
                    + "(if, for, set, macro, break, continue, raw, generation)");
        }
    }

    private IfStatement ParseIf(int start)
    {
        var branches = new List<(Expression?, Statement)>();
        Expression? condition = ParseTuple();
        while (true)
        {
            Expect(TemplateTokenKind.StatementEnd);
            branches.Add((condition, condition is null ? ParseBody("endif") : ParseBody("elif", "else", "endif")));
            if (TryName("elif", out _))
                condition = ParseTuple();
            else if (TryName("else", out _))
                condition = null;
            else
                break;
        }
        Close();
        return new IfStatement(start, branches);
    }

    private ForStatement ParseFor(int start)
    {
        var target = ParseTarget();
        if (!TryName("in", out _))
            throw Error("expected in");
        var items = ParseTuple(conditions: false);
        var condition = TryName("if", out _) ? ParseExpression() : null;
        Expect(TemplateTokenKind.StatementEnd);
        _loops++;
        var body = ParseBody("else", "endfor");
        _loops--;
        Statement? otherwise = null;
        if (TryName("else", out _))
        {
            Expect(TemplateTokenKind.StatementEnd);
            otherwise = ParseBody("endfor");
        }
        Close();
        return new ForStatement(start, target, items, condition, body, otherwise);
    }

    private Statement ParseSet(int start)
    {
        var target = ParseTarget();
        if (TryOperator("="))
        {
            var value = ParseTuple();
            Expect(TemplateTokenKind.StatementEnd);
            return new SetStatement(start, target, value);
        }
        var filtered = ParseFilters(new NameExpression(start, SetBlockStatement.Written));
        Expect(TemplateTokenKind.StatementEnd);
        var body = ParseClosedBody("endset");
        return new SetBlockStatement(start, target, body, filtered);
    }

    private MacroStatement ParseMacro(int start)
    {
        var name = Expect(TemplateTokenKind.Name).Text;
        var parameters = new List<(string, Expression?)>();
        ExpectOperator("(");
        while (!TryOperator(")"))
        {
            var parameter = Expect(TemplateTokenKind.Name);
            if (parameters.Exists(other => other.Item1 == parameter.Text))
                throw Error(parameter.Offset, $"there are two parameters {parameter.Text}");
            parameters.Add((parameter.Text, TryOperator("=") ? ParseExpression() : null));
            if (!IsOperator(")"))
                ExpectOperator(",");
        }
        Expect(TemplateTokenKind.StatementEnd);
        return new MacroStatement(start, name, parameters, ParseClosedBody("endmacro"));
    }

    /// <summary>A body that the loop around it can't be left from.</summary>
    private BlockStatement ParseClosedBody(string end)
    {
        var loops = _loops;
        _loops = 0;
        var body = ParseBody(end);
        _loops = loops;
        Close();
        return body;
    }

    /// <summary>A name, names with commas between them, or one attribute of a name.</summary>
    private AssignmentTarget ParseTarget()
    {
        var inBrackets = TryOperator("(");
        var names = new List<string> { Expect(TemplateTokenKind.Name).Text };
        if (!inBrackets && TryOperator("."))
            return new AssignmentTarget(names, Expect(TemplateTokenKind.Name).Text, Unpacks: false);
        var unpacks = IsOperator(",");
        while (TryOperator(",") && Current.Kind == TemplateTokenKind.Name && !IsName("in"))
            names.Add(Take().Text);
        if (inBrackets)
            ExpectOperator(")");
        return new AssignmentTarget(names, null, unpacks);
    }

    /// <summary>Takes the word that ends a body, and the tag's end.</summary>
    private void Close()
    {
        Take();
        Expect(TemplateTokenKind.StatementEnd);
    }
}
