namespace Ayni.Llama;

/// <summary>
/// A chat template cannot be read or run: its syntax is broken, it asks for something the sandbox lacks, it grew past a bound, or it
/// refused the conversation itself (<c>raise_exception</c>). The message names the line and the column.
/// </summary>
public sealed class TemplateException : Exception
{
    /// <summary>Describes what is wrong at a place of a template.</summary>
    /// <param name="line">The line, from 1.</param>
    /// <param name="column">The column, from 1.</param>
    /// <param name="problem">What is wrong there.</param>
    public TemplateException(int line, int column, string problem)
        : base($"chat template, line {line}, column {column}: {problem}") =>
        (Line, Column, Problem) = (line, column, problem);

    /// <summary>The line, from 1.</summary>
    public int Line { get; }

    /// <summary>The column, from 1.</summary>
    public int Column { get; }

    /// <summary>What is wrong, without the place.</summary>
    public string Problem { get; }

    /// <summary>An error at a character of a source.</summary>
    internal static TemplateException At(string source, int offset, string problem)
    {
        var before = source.AsSpan(0, Math.Min(offset, source.Length));
        return new TemplateException(before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'), problem);
    }
}
