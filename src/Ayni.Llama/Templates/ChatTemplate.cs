namespace Ayni.Llama;

/// <summary>
/// A model's chat template: the part of Jinja2 that chat templates are written in, run without any way to files, the network or .NET, and
/// within <see cref="TemplateLimits"/>. Immutable and safe for many threads.
/// </summary>
internal sealed class ChatTemplate
{
    private readonly string _source;
    private readonly Statement _body;

    private ChatTemplate(string source, Statement body) => (_source, _body) = (source, body);

    /// <summary>Reads a template. Throws <see cref="TemplateException"/>.</summary>
    public static ChatTemplate Parse(string source)
    {
        if (source.Length > TemplateLimits.SourceCharacters)
        {
            throw new TemplateException(1, 1,
                $"the template has {source.Length} characters; at most {TemplateLimits.SourceCharacters} are read");
        }
        // As Jinja2 does: one kind of line end, and none at the very end.
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        source = source.EndsWith('\n') ? source[..^1] : source;
        return new ChatTemplate(source, TemplateParser.Parse(source));
    }

    /// <summary>The text the template writes. Throws <see cref="TemplateException"/>.</summary>
    /// <param name="globals">The variables it finds.</param>
    /// <param name="clock">What time it is.</param>
    public MarkedText Render(MappingValue globals, TimeProvider clock)
    {
        var context = new TemplateContext(_source, globals, clock);
        _body.Execute(context);
        return context.Output.Build();
    }
}
