using System.Globalization;
using System.Text;

namespace Ayni.Training;

/// <summary>
/// The documents of sources, each by its digest or, in a private source, its commitment, as <c>provenance.leaves</c> has them: the line
/// <c>ayni leaves 1</c>; for each source a line <c>source ROOT COUNT</c> and so many lines of 64 hexadecimal digits, ascending. A source is
/// known by the root that its manifest has.
/// </summary>
internal static class LeafFile
{
    private const string FirstLine = "ayni leaves 1";
    private const int MostLineLength = 200;

    /// <summary>Writes lists, each once.</summary>
    public static void Write(string path, IEnumerable<DocumentList> lists) => ProvenanceFile.Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, Encoding.ASCII, leaveOpen: true) { NewLine = "\n" };
        writer.WriteLine(FirstLine);
        foreach (var list in lists.DistinctBy(list => list.Root))
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"source {list.Root} {list.Values.Count}"));
            foreach (var value in list.Values)
                writer.WriteLine(value.ToString());
        }
    });

    /// <summary>Reads all lists and checks their roots.</summary>
    /// <exception cref="ProvenanceException">The file can't be read; names the line.</exception>
    public static IReadOnlyDictionary<string, DocumentList> Read(string path)
    {
        using var reader = new StreamReader(path, Encoding.ASCII);
        var number = 1;
        if (NextLine() != FirstLine)
            throw Error($"expected '{FirstLine}'");
        var lists = new Dictionary<string, DocumentList>(StringComparer.Ordinal);
        number++;
        for (var line = NextLine(); line is not null; line = NextLine())
        {
            if (line.Split(' ') is not ["source", var root, var counted] || DocumentDigest.Parse(root) is null
                || !long.TryParse(counted, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is 0 or > int.MaxValue)
                throw Error("expected 'source', the root in 64 hexadecimal digits and a count of lines");
            var heading = number++;
            var values = new List<DocumentDigest>();
            for (; values.Count < count; number++)
            {
                if (DocumentDigest.Parse(NextLine()) is not { } value)
                    throw Error("expected 64 hexadecimal digits");
                if (values.Count > 0 && values[^1].CompareTo(value) >= 0)
                    throw Error("the lines of a source ascend");
                values.Add(value);
            }
            var list = new DocumentList(values);
            if (list.Root != root)
                throw new ProvenanceException($"{path}:{heading}: the {count} lines below have the root {list.Root}.");
            if (!lists.TryAdd(root, list))
                throw new ProvenanceException($"{path}:{heading}: this source is there twice.");
        }
        return lists;

        ProvenanceException Error(string problem) => new($"{path}:{number}: {problem}.");

        // Line by line of bounded length: a file without ends of lines must not fill memory.
        string? NextLine()
        {
            var line = new StringBuilder();
            int character;
            while ((character = reader.Read()) is >= 0 and not '\n')
            {
                if (line.Length == MostLineLength)
                    throw Error("the line is too long");
                line.Append((char)character);
            }
            return character < 0 && line.Length == 0 ? null : line.ToString();
        }
    }
}
