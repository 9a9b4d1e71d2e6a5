namespace Ayni.CriaCorpus;

/// <summary>Questions with fixed answers, from a text of blocks: <c>a</c> the answer, then the ways to ask for it.</summary>
/// <remarks>
/// A <c>q</c> line is a phrase; a <c>do</c> line has what somebody wants to do, and an <c>is</c> line what somebody asks about, both
/// between bars, to be put into frames.
/// </remarks>
public sealed class Answers
{
    private static readonly IReadOnlyList<string> DoFrames = Texts.Section("frames", "do");

    private static readonly IReadOnlyList<string> IsFrames = Texts.Section("frames", "is");

    private readonly List<(string Answer, List<(IReadOnlyList<string> Frames, string[] Parts)> Ways)> _answers = [];
    private readonly string _category;

    /// <summary>Reads a text.</summary>
    /// <param name="category">What kind of questions it has.</param>
    /// <param name="name">The text's name.</param>
    /// <param name="more">A text with more ways to ask for the same answers, of which it has the beginnings; null for none.</param>
    public Answers(string category, string name, string? more = null)
    {
        _category = category;
        foreach (var line in Texts.Lines(name))
            Read(name, line, answer => _answers.Add((answer, [])), () => _answers[^1]);
        var asked = -1;
        foreach (var line in more is null ? [] : Texts.Lines(more))
        {
            Read(more!, line, beginning =>
            {
                asked = _answers.FindIndex(answer => answer.Answer.StartsWith(beginning, StringComparison.Ordinal));
                if (asked < 0)
                    throw new FormatException($"{more}: no answer begins with '{beginning}'.");
            }, () => _answers[asked]);
        }

        static void Read(
            string name, string line, Action<string> answer,
            Func<(string Answer, List<(IReadOnlyList<string> Frames, string[] Parts)> Ways)> current)
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            var (kind, rest) = (line[..space], line[(space + 1)..]);
            if (kind == "a")
                answer(rest);
            else
                current().Ways.Add(kind switch
                {
                    "do" => (DoFrames, rest.Split('|')),
                    "is" => (IsFrames, rest.Split('|')),
                    "q" => ([rest], [""]),
                    _ => throw new FormatException($"{name}: '{line}' starts with neither a, do, is nor q."),
                });
        }
    }

    /// <summary>Answers.</summary>
    public int Count => _answers.Count;

    /// <summary>A question to one of the answers.</summary>
    /// <param name="number">Which answer.</param>
    /// <param name="chance">What chooses.</param>
    public Exchange Ask(int number, Chance chance)
    {
        var (answer, ways) = _answers[number];
        var (frames, parts) = chance.Pick(ways);
        var part = frames == DoFrames ? Wording.Vary(chance.Pick(parts), chance) : chance.Pick(parts);
        var question = Wording.Ask(
            chance.Pick(frames), chance, ("x", part), ("N", Everyday.Name(chance)), ("h", Everyday.Person(chance)));
        return new Exchange(_category, question, answer);
    }
}
