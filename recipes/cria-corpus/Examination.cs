using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ayni.CriaCorpus;

/// <summary>
/// What Cria is asked afterwards. It is known here for one purpose: nothing of its shape comes into the corpus, so that what is asked is
/// new.
/// </summary>
public static partial class Examination
{
    private static readonly HashSet<string> Words = World.AllWords
        .SelectMany(text => Letters().Matches(text).Select(match => match.Value)).Where(word => word.Length > 2)
        .Concat(Enumerable.Range(0, 101).Select(Arithmetic.Name)).ToHashSet(StringComparer.Ordinal);

    private static readonly HashSet<string> Shapes = Read();

    /// <summary>Whether a question, whatever its numbers and words, is one of those that are asked afterwards.</summary>
    public static bool Has(string question) => Shapes.Contains(Shape(question));

    /// <summary>A question without the words and numbers that it is about.</summary>
    public static string Shape(string question) => string.Join(
        ' ', Letters().Matches(question.ToLowerInvariant().Replace("'", "", StringComparison.Ordinal))
            .Select(match => char.IsDigit(match.Value[0]) ? "#" : Words.Contains(match.Value) ? "*" : match.Value));

    private static HashSet<string> Read()
    {
        var shapes = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in Texts.Lines("cria-eval"))
        {
            using var json = JsonDocument.Parse(line);
            shapes.Add(Shape(json.RootElement.GetProperty("prompt").GetString()!));
        }
        return shapes;
    }

    [GeneratedRegex(@"\p{L}+|\p{N}+")]
    private static partial Regex Letters();
}
