namespace Ayni.CriaCorpus;

/// <summary>The hand-written texts beside the generators.</summary>
public static class Texts
{
    /// <summary>The lines of a text, without empty ones and those that start with <c>#</c>.</summary>
    public static IReadOnlyList<string> Lines(string name)
    {
        using var stream = typeof(Texts).Assembly.GetManifestResourceStream(name)
            ?? throw new FileNotFoundException($"There is no text {name}.");
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().ReplaceLineEndings("\n").Split('\n').Select(line => line.Trim())
            .Where(line => line.Length > 0 && line[0] != '#')];
    }

    /// <summary>The lines below a heading, <c>= heading</c>, of a text.</summary>
    public static IReadOnlyList<string> Section(string name, string heading)
    {
        string[] lines =
        [
            .. Lines(name).SkipWhile(line => line != $"= {heading}").Skip(1)
                .TakeWhile(line => !line.StartsWith("= ", StringComparison.Ordinal)),
        ];
        return lines.Length > 0 ? lines : throw new FormatException($"The text {name} has nothing below '{heading}'.");
    }

    /// <summary>The lines of a table: fields between <c>;</c>.</summary>
    public static IReadOnlyList<string[]> Table(string name) =>
        [.. Lines(name).Select(line => line.Split(';', StringSplitOptions.TrimEntries))];

    /// <summary>A text with a capital at its beginning.</summary>
    public static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
}
