namespace Ayni.CriaCorpus;

/// <summary>Things, people, places and deeds of everyday life, with which stories, sums and unknown questions are filled.</summary>
public static class Everyday
{
    private static readonly string[][] Things = [.. Texts.Table("things")];
    private static readonly string[][] Verbs = [.. Texts.Table("verbs")];
    private static readonly string[] Names = [.. Texts.Table("names").SelectMany(row => row)];
    private static readonly string[] Places = [.. Texts.Table("places").SelectMany(row => row)];
    private static readonly IReadOnlyList<string> Persons = Texts.Lines("persons");

    /// <summary>A thing.</summary>
    public static string Thing(Chance chance) => chance.Pick(Things)[0];

    /// <summary>Several things.</summary>
    public static string SomeThings(Chance chance) => chance.Pick(Things)[1];

    /// <summary>All things.</summary>
    public static IEnumerable<string> AllThings => Things.Select(row => row[0]);

    /// <summary>Somebody of whom only the first name is known.</summary>
    public static string Name(Chance chance) => chance.Pick(Names);

    /// <summary>Somebody one has to do with.</summary>
    public static string Person(Chance chance) => chance.Pick(Persons);

    /// <summary>Somewhere.</summary>
    public static string Place(Chance chance) => chance.Pick(Places);

    /// <summary>To do something, having done it, doing it.</summary>
    public static (string Do, string Done, string Doing) Deed(Chance chance)
    {
        var row = chance.Pick(Verbs);
        return (row[0], row[1], row[2]);
    }

    /// <summary>A word with <c>a</c> or <c>an</c>.</summary>
    public static string A(string word) => "aeiou".Contains(word[0], StringComparison.Ordinal) ? $"an {word}" : $"a {word}";
}
