namespace Ayni.Llama;

/// <summary>One rendering under way: its variables, its output and what it may still spend. For one thread.</summary>
internal sealed class TemplateContext
{
    private readonly string _source;
    private int _work = TemplateLimits.Work;
    private int _depth;
    private int _position;

    public TemplateContext(string source, MappingValue globals, TimeProvider clock)
    {
        _source = source;
        Clock = clock;
        Scope = new TemplateScope(null);
        foreach (var (name, value) in TemplateFunctions.All)
            Scope.Set(name, value);
        foreach (var (key, value) in globals.Entries)
            Scope.Set(key.Text, value);
        Scope = new TemplateScope(Scope);
        Output = new MarkedTextBuilder(this);
    }

    /// <summary>What time it is, for templates that say the date.</summary>
    public TimeProvider Clock { get; }

    /// <summary>The innermost variables.</summary>
    public TemplateScope Scope { get; private set; }

    /// <summary>What was written so far.</summary>
    public MarkedTextBuilder Output { get; private set; }

    /// <summary>An error at the place under evaluation.</summary>
    public TemplateException Error(string problem) => TemplateException.At(_source, _position, problem);

    /// <summary>Enters the evaluation of something at a place of the source; give what it returns to <see cref="Leave"/>.</summary>
    public int Enter(int position)
    {
        var outer = _position;
        _position = position;
        if (++_depth > TemplateLimits.EvaluationDepth)
            throw Error($"evaluation nests deeper than {TemplateLimits.EvaluationDepth} levels");
        Spend(1);
        return outer;
    }

    /// <summary>Goes a level deeper at the same place.</summary>
    public int EnterAgain() => Enter(_position);

    /// <summary>Leaves it again.</summary>
    public void Leave(int outer)
    {
        _position = outer;
        _depth--;
    }

    /// <summary>Pays for work before it is done.</summary>
    public void Spend(long work)
    {
        if (work > _work)
            throw Error($"the template does more than {TemplateLimits.Work} steps");
        _work -= (int)work;
    }

    /// <summary>Pays for the elements of a list before it is made.</summary>
    public void SpendElements(long count) => Spend(Math.Min(count, int.MaxValue) * TemplateLimits.ElementWork);

    /// <summary>Writes text.</summary>
    public void Write(MarkedText text)
    {
        if (text.Length > TemplateLimits.OutputCharacters - Output.Length)
            throw Error($"the output has more than {TemplateLimits.OutputCharacters} characters");
        Output.Append(text);
    }

    /// <summary>Runs something with variables of its own.</summary>
    public TemplateFlow Within(TemplateScope scope, Func<TemplateFlow> run)
    {
        var outer = Scope;
        Scope = scope;
        var flow = run();
        Scope = outer;
        return flow;
    }

    /// <summary>What some statements write with variables of their own.</summary>
    public MarkedText Capture(TemplateScope scope, Statement body)
    {
        var outer = Output;
        Output = new MarkedTextBuilder(this);
        Within(scope, () => body.Execute(this));
        var text = Output.Build();
        Output = outer;
        return text;
    }
}
